// Elements that act at once: buttons, and the overflow menu.

import { h } from "../base/dom.js";
import { textOf } from "../text/objects.js";
import { confirmed } from "./confirm.js";
import { tell } from "./dispatch.js";
import { showMenu } from "./menu.js";

export function button(one, block, context) {
  const name = one.accessibility_label ?? null;
  const look = one.style ? `button ${one.style}` : "button";
  const press = async (event) => {
    const pressed = event.currentTarget;
    if (one.confirm && !(await confirmed(one.confirm))) return;
    await tell(one, block, context, one.value, pressed, one.url);
  };
  return h("button", { type: "button", class: look, "aria-label": name, "data-action": one.action_id, onclick: press },
    textOf(one.text), one.url ? h("span", { class: "outward", "aria-hidden": "true" }, " ↗") : null);
}

export function overflow(one, block, context) {
  const choose = async (option, opener) => {
    if (one.confirm && !(await confirmed(one.confirm))) return;
    await tell(one, block, context, option.value, opener, option.url);
  };
  const entries = (opener) => one.options.map((option) => ({
    label: option.url ? `${textOf(option.text)} ↗` : textOf(option.text), note: textOf(option.description), act: () => choose(option, opener),
  }));
  return h("button", {
    type: "button", class: "button", "aria-label": "More actions", "aria-haspopup": "menu", "aria-expanded": "false", "data-action": one.action_id,
    onclick: ({ currentTarget }) => showMenu(currentTarget, "More actions", entries(currentTarget)),
  }, "⋯");
}
