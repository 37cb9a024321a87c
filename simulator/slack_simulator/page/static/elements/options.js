// The options that an element lists itself, and the people and channels that the workspace knows.

import { h } from "../base/dom.js";
import { shownText, textOf } from "../text/objects.js";

export function groups(one) {
  if (one.option_groups) return one.option_groups.map((group) => [textOf(group.label), group.options]);
  return [[null, one.options ?? []]];
}

export const asEntry = (option) => ({ value: option.value, label: textOf(option.text) });

export const choiceEntries = (one) => (one.options ?? []).map((option) => ({
  value: option.value,
  shown: h("span", {}, shownText(option.text)),
  description: option.description ? h("span", {}, shownText(option.description)) : null,
}));

export const people = (one, context) => context.directory("people");
export const channels = (one, context) => context.directory("channels");
export const conversations = (one, context) => context.directory("conversations", one.filter);
export const options = (one) => groups(one).flatMap(([label, all]) => all.map((option) => ({ ...asEntry(option), note: label })));
