// How an element is found and read out: its id, its labels, what it describes.

import { newId } from "../base/dom.js";
import { textOf } from "../text/objects.js";

export function named(one, labels) {
  return {
    id: labels.id ?? newId("field"),
    "aria-label": labels.label ? null : textOf(one.placeholder) || one.action_id,
    "aria-describedby": labels.describedBy ?? null,
    "aria-required": labels.required ? "true" : null,
    "data-action": one.action_id,
    autofocus: one.focus_on_load ? true : null,
  };
}
