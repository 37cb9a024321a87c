// The App Home of the person.

import { byId, h, replaceChildren } from "../base/dom.js";
import { renderBlocks } from "../blocks/blocks.js";
import { Drafts } from "../memory/drafts.js";
import { viewContext } from "./viewcontext.js";

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
