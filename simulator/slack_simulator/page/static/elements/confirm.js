// The confirm dialog, which asks before an element acts.

import { byId, h, replaceChildren } from "../base/dom.js";
import { returning } from "../base/focus.js";
import { shownText, textOf } from "../text/objects.js";

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
