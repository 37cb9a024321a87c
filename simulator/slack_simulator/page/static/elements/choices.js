// One of a list or several: menus, checkboxes, radio buttons.

import { h, newId } from "../base/dom.js";
import { textOf } from "../text/objects.js";
import { chosen } from "./dispatch.js";
import { named } from "./named.js";
import { asEntry, choiceEntries, groups } from "./options.js";

function menu(entries, one, block, context, labels) {
  const current = context.draft(block, one) ?? "";
  const option = (entry) => h("option", { value: entry.value, selected: entry.value === current }, entry.label);
  const empty = h("option", { value: "", selected: current === "" }, textOf(one.placeholder) || "Choose an option");
  const list = entries.map(([label, options]) =>
    label === null ? options.map(option) : h("optgroup", { label }, options.map(option)));
  const change = ({ target }) => chosen(one, block, context, target.value || null, target, (before) => { target.value = before ?? ""; });
  return h("select", { class: "select", ...named(one, labels), onchange: change }, empty, list.flat());
}

export function staticSelect(one, block, context, labels) {
  return menu(groups(one).map(([label, options]) => [label, options.map(asEntry)]), one, block, context, labels);
}

export function directorySelect(entriesOf) {
  return (one, block, context, labels) => menu([[null, entriesOf(one, context)]], one, block, context, labels);
}

export function several(entriesOf) {
  return (one, block, context, labels) => {
    const current = new Set(context.draft(block, one) ?? []);
    const box = h("fieldset", { class: "several", ...named(one, labels) });
    const boxes = entriesOf(one, context).map((entry) => {
      const change = (event) => {
        if (event.target.checked) current.add(entry.value);
        else current.delete(entry.value);
        chosen(one, block, context, [...current], box);
      };
      return h("label", { class: "choice" },
        h("input", { type: "checkbox", value: entry.value, checked: current.has(entry.value), onchange: change }),
        h("span", {}, entry.shown ?? entry.label, entry.description ? h("small", {}, entry.description) : null));
    });
    box.append(...boxes);
    return box;
  };
}

export function radioButtons(one, block, context, labels) {
  const current = context.draft(block, one);
  const group = newId("radio");
  const box = h("fieldset", { class: "several", role: "radiogroup", ...named(one, labels) });
  for (const entry of choiceEntries(one)) {
    box.append(h("label", { class: "choice" },
      h("input", { type: "radio", name: group, value: entry.value, checked: entry.value === current,
        onchange: () => chosen(one, block, context, entry.value, box) }),
      h("span", {}, entry.shown, entry.description ? h("small", {}, entry.description) : null)));
  }
  return box;
}
