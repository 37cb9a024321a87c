// The App Home of the person.

import { renderBlocks } from "./blocks.js";
import { viewContext } from "./dialogs.js";
import { byId, h, replaceChildren } from "./dom.js";
import { Drafts } from "./drafts.js";

let shown = null;

export function showHome(view, app) {
  const parent = byId("home");
  if (!app.has_home_tab) {
    replaceChildren(parent, h("div", { class: "empty" }, h("p", { class: "empty-title" }, `${app.name} has no Home`),
      h("p", {}, "Its manifest does not enable features.app_home.home_tab_enabled.")));
    return;
  }
  if (view === null) {
    shown = null;
    replaceChildren(parent, h("div", { class: "empty" }, h("p", { class: "empty-title" }, `${app.name} has no Home yet`),
      h("p", {}, "The app publishes one with views.publish, often when you open this tab.")));
    return;
  }
  if (shown === view.hash) return;
  shown = view.hash;
  const context = viewContext(view, new Drafts(view.id), parent);
  replaceChildren(parent, h("div", { class: "home-body" }, renderBlocks(view.blocks, context)));
}
