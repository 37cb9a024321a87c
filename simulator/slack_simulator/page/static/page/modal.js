// The modal on top of the person's stack.

import { act, ask, said } from "../base/api.js";
import { byId, h, replaceChildren } from "../base/dom.js";
import { returning } from "../base/focus.js";
import { renderBlocks } from "../blocks/blocks.js";
import { busy } from "../elements/feedback.js";
import { Drafts } from "../memory/drafts.js";
import { textOf } from "../text/objects.js";
import { viewContext } from "./viewcontext.js";

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

export async function refreshModal() {
  const answer = await ask("views");
  if (answer.ok) showModal(answer.views);
  return answer;
}
