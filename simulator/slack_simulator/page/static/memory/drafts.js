// What the person has filled in but not sent, kept for this tab so that a reload does not lose it.

const PREFIX = "draft:";

export class Drafts {
  constructor(viewId) {
    this.key = PREFIX + viewId;
    this.kept = JSON.parse(sessionStorage.getItem(this.key) ?? "{}");
  }

  get(block, one) {
    return this.kept[block.block_id]?.[one.action_id] ?? null;
  }

  set(block, one, value) {
    (this.kept[block.block_id] ??= {})[one.action_id] = value ?? "";
    sessionStorage.setItem(this.key, JSON.stringify(this.kept));
  }

  // Only for inputs that the view has now: the app may have taken some away.
  values(view) {
    const known = {};
    for (const block of view.blocks) {
      for (const one of [...(block.elements ?? []), block.element, block.accessory]) {
        const value = one?.action_id ? this.kept[block.block_id]?.[one.action_id] : undefined;
        if (value !== undefined) (known[block.block_id] ??= {})[one.action_id] = value;
      }
    }
    return known;
  }

  forget() {
    sessionStorage.removeItem(this.key);
    this.kept = {};
  }
}
