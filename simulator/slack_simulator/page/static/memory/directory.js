// The people, channels and conversations that select menus offer, as last heard from the workspace.

let people = [];
let conversations = [];

export function setDirectory(workspace) {
  people = workspace.people.map((one) => ({ value: one.slack_id, label: one.real_name || one.name, note: `@${one.name}`, isBot: one.is_bot, deleted: one.deleted }));
  conversations = workspace.channels.map((one) => ({
    value: one.id, label: one.is_im || one.is_mpim ? one.name : `#${one.name}`, kind: one.is_mpim ? "mpim" : one.is_im ? "im" : one.is_private ? "private" : "public",
    isShared: one.is_ext_shared, isBot: people.some((person) => person.value === one.user && person.isBot),
  }));
}

// kind is people, channels (public ones, as Slack has it) or conversations, which a filter may narrow.
export function directory(kind, filter = {}) {
  if (kind === "people") return people.filter((one) => !one.deleted);
  if (kind === "channels") return conversations.filter((one) => one.kind === "public");
  return conversations.filter((one) => (!filter.include || filter.include.includes(one.kind))
    && !(filter.exclude_external_shared_channels && one.isShared) && !(filter.exclude_bot_users && one.isBot));
}
