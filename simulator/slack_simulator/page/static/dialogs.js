// The confirm dialog, and the modal on top of the person's stack.

import { act, ask, said } from "./api.js";
import { renderBlocks } from "./blocks.js";
import { byId, h, replaceChildren } from "./dom.js";
import { Drafts } from "./drafts.js";
import { busy, complainIn, shownText, textOf } from "./fields.js";
import { directory } from "./directory.js";
import { heldValue } from "./held.js";

// Focus goes back to where it was, or to whatever has taken the place of that element meanwhile.
function returning(dialog) {
  const from = document.activeElement;
  const ts = from?.closest("[data-ts]")?.dataset.ts;
  const action = from?.dataset.action;
  dialog.addEventListener("close", () => requestAnimationFrame(() => {
    if (document.activeElement !== document.body && document.activeElement !== null) return;
    const article = ts ? document.querySelector(`#conversation [data-ts="${CSS.escape(ts)}"]`) : null;
    const same = action ? (article ?? document).querySelector(`[data-action="${CSS.escape(action)}"]`) : null;
    (from?.isConnected && from !== document.body ? from : same ?? article ?? byId("composer-text")).focus({ preventScroll: true });
  }), { once: true });
}

// Resolves to whether the person confirmed.
export function confirmed(confirm) {
  const dialog = byId("confirm");
  returning(dialog);
  const yes = h("button", { type: "button", class: `button ${confirm.style ?? "primary"}`, "data-confirm": "yes" }, textOf(confirm.confirm));
  const no = h("button", { type: "button", class: "button" }, textOf(confirm.deny));
  replaceChildren(dialog,
    h("header", {}, h("h2", { id: "confirm-title" }, textOf(confirm.title))),
    h("div", { class: "modal-body" }, shownText(confirm.text)),
    h("footer", {}, no, yes));
  return new Promise((resolve) => {
    let answer = false;
    yes.addEventListener("click", () => { answer = true; dialog.close(); });
    no.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => resolve(answer), { once: true });
    dialog.showModal();
    yes.focus();
  });
}

let shown = null;
let drafts = null;

// Shows the top of the stack, or nothing; keeps what was typed while the view stays the same one.
export function showModal(stack) {
  const view = stack.at(-1) ?? null;
  const dialog = byId("modal");
  if (view === null) {
    if (shown !== null) drafts.forget();
    shown = null;
    if (dialog.open) dialog.close();
    return;
  }
  if (shown?.id === view.id && shown.hash === view.hash) return;
  if (shown?.id !== view.id) drafts = new Drafts(view.id);
  const focused = shown?.id === view.id ? document.activeElement?.dataset?.action : null;
  shown = view;
  draw(view, stack.length, {});
  if (!dialog.open) {
    returning(dialog);
    dialog.showModal();
    focusFirst(dialog);
  }
  if (focused) dialog.querySelector(`[data-action="${CSS.escape(focused)}"]`)?.focus();
}

// `failure` is the exact reason for which a submission came to nothing; Slack's own words stand above it.
function draw(view, depth, errors, failure = null) {
  const dialog = byId("modal");
  const context = { ...viewContext(view, drafts, dialog), errors };
  const note = h("div", { class: "modal-failure", role: "alert" }, failure === null ? null
    : [h("p", {}, "We had some trouble connecting. Try again?"), h("small", {}, failure)]);
  const cancel = () => act("close", {});
  const submit = view.submit ? h("button", { type: "submit", class: "button primary" }, textOf(view.submit)) : null;
  const form = h("form", {
    method: "dialog",
    onsubmit: async (event) => {
      event.preventDefault();
      if (submit !== null) await busy(submit, () => send(view, depth));
    },
  },
  h("header", {}, h("h2", { id: "modal-title" }, textOf(view.title)),
    h("button", { type: "button", class: "icon-button", "aria-label": "Close", onclick: () => act("close", { all: true }) }, "✕")),
  h("div", { class: "modal-body" }, note, renderBlocks(view.blocks, context)),
  h("footer", {}, h("button", { type: "button", class: "button", onclick: cancel },
    textOf(view.close) || (depth > 1 ? "Back" : view.submit ? "Cancel" : "Close")), submit));
  dialog.oncancel = (event) => { event.preventDefault(); cancel(); };
  replaceChildren(dialog, form);
  if (failure !== null) submit.focus();
  else if (dialog.open) focusFirst(dialog);
}

// What needs attention, what the app asked for, else the first thing to fill in or press.
function focusFirst(dialog) {
  const first = dialog.querySelector("[aria-invalid=true]") ?? dialog.querySelector("[autofocus]")
    ?? dialog.querySelector(".modal-body :is(input, select, textarea, [role=textbox])") ?? dialog.querySelector(".modal-body button, footer button:last-child");
  first?.focus();
}

async function send(view, depth) {
  const answer = await act("submit", { view: view.id, values: drafts.values(view) });
  if (answer.ok || shown?.id !== view.id) return;
  draw(shown, depth, answer.errors ?? {}, answer.errors ? null : said(answer));
}

// How elements of a view act and remember; `place` is where the view stands. App Home uses it too.
export function viewContext(view, memory, place) {
  return {
    directory,
    pictures: view.pictures,
    complain: (block, words) => complainIn([place], block, words),
    draft: (block, one) => memory.get(block, one) ?? heldValue(view.state.values[block.block_id]?.[one.action_id]),
    setDraft: (block, one, value) => memory.set(block, one, value),
    act: async (one, block, value) => {
      const answer = await act("action", {
        view_id: view.id, block_id: block.block_id, action_id: one.action_id, value, state: memory.values(view),
      });
      return answer.ok ? "" : said(answer);
    },
    options: (one, block, typed) => act("options", { view_id: view.id, block_id: block.block_id, action_id: one.action_id, value: typed }),
  };
}

export async function refreshModal() {
  const answer = await ask("views");
  if (answer.ok) showModal(answer.views);
  return answer;
}
