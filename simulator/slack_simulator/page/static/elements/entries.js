// What a person types or picks: texts, numbers, dates and times, rich text, files.

import { h } from "../base/dom.js";
import { textOf } from "../text/objects.js";
import { chosen } from "./dispatch.js";
import { fileInput } from "./fileinput.js";
import { named } from "./named.js";
import { richInput } from "./richinput.js";

export function textInput(type) {
  return (one, block, context, labels) => {
    const tag = one.multiline ? "textarea" : "input";
    const typed = (event) => context.setDraft(block, one, event.target.value);
    const entered = (event) => {
      if (block.dispatch_action && event.key === "Enter" && !event.shiftKey) {
        event.preventDefault();
        chosen(one, block, context, event.target.value, event.target);
      }
    };
    return h(tag, {
      class: "text-field", type: tag === "input" ? type : null, rows: tag === "textarea" ? 4 : null, ...named(one, labels),
      value: context.draft(block, one) ?? "", placeholder: textOf(one.placeholder), maxlength: one.max_length ?? null,
      oninput: typed, onkeydown: entered, autocomplete: "off", step: one.is_decimal_allowed ? "any" : null,
      min: one.min_value ?? null, max: one.max_value ?? null,
    });
  };
}

export function picker(type) {
  return (one, block, context, labels) => {
    const change = ({ target }) => chosen(one, block, context, target.value || null, target, (before) => { target.value = before ?? ""; });
    return h("input", { class: "text-field", type, ...named(one, labels), value: context.draft(block, one) ?? "", onchange: change });
  };
}

export function momentPicker(one, block, context, labels) {
  const seconds = context.draft(block, one);
  const local = seconds ? new Date((seconds - new Date(seconds * 1000).getTimezoneOffset() * 60) * 1000).toISOString().slice(0, 16) : "";
  const change = (event) => chosen(one, block, context, Math.floor(new Date(event.target.value).getTime() / 1000), event.target);
  return h("input", { class: "text-field", type: "datetime-local", ...named(one, labels), value: local, onchange: change });
}

export function richTextInput(one, block, context, labels) {
  return richInput({
    attributes: { ...named(one, labels), "aria-label": labels.label ?? (textOf(one.placeholder) || one.action_id), tabindex: "0" },
    value: context.draft(block, one), placeholder: textOf(one.placeholder),
    change: (value, field) => (block.dispatch_action ? context.setDraft(block, one, value) : chosen(one, block, context, value, field)),
  });
}

export function filePicker(one, block, context, labels) {
  return fileInput({
    one, attributes: named(one, labels), chosen: context.draft(block, one) || [],
    change: (files, field) => chosen(one, block, context, files, field),
  });
}
