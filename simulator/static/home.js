// The App Home of the person.

import { renderBlocks } from "./blocks.js";
import { viewContext } from "./dialogs.js";
import { byId, h, replaceChildren } from "./dom.js";
import { Drafts } from "./drafts.js";

let shown = null;

export function showHome(view, appName) {
  const parent = byId("home");
  if (view === null) {
    shown = null;
    replaceChildren(parent, h("div", { class: "empty" }, h("p", { class: "empty-title" }, `${appName} has no Home yet`),
      h("p", {}, "The app publishes one with views.publish, often when you open this tab.")));
    return;
  }
  if (shown === view.hash) return;
  shown = view.hash;
  const complaint = h("p", { class: "modal-failure", role: "alert" });
  const context = viewContext(view, new Drafts(view.id), (text) => { complaint.textContent = text ? `⚠ ${text}` : ""; });
  replaceChildren(parent, h("div", { class: "home-body" }, complaint, renderBlocks(view.blocks, context)));
}
