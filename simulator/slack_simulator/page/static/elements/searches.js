// Selects that are searched by typing: what the app offers, or a list that is known here.

import { said } from "../base/api.js";
import { textOf } from "../text/objects.js";
import { combobox, matching } from "./combobox.js";
import { chosen } from "./dispatch.js";
import { named } from "./named.js";

const asChoice = (entry) => ({ key: entry.value, label: entry.label, note: entry.note ?? null, value: entry.value });
const asOffer = (option, group = "") => ({
  key: option.value, label: textOf(option.text), note: [group, textOf(option.description)].filter(Boolean).join(" · "), value: option,
});

// What the app offers, each with the name of its group, or what to say instead.
function offered(answer) {
  if (!answer.ok) return { entries: [], trouble: notOffered(answer) };
  const alone = answer.groups.length ? [] : answer.options.map((option) => asOffer(option));
  return { entries: [...alone, ...answer.groups.flatMap((group) => group.options.map((option) => asOffer(option, textOf(group.label))))] };
}

function notOffered(answer) {
  const problems = answer.response_metadata?.messages;
  return problems ? `The app's answer made no sense: ${problems.join("; ")}` : said(answer);
}

// What the app offers for the letters so far. The chosen options are kept whole, as the app knows them.
export function external(severally) {
  return (one, block, context, labels) => {
    const held = context.draft(block, one);
    const chosenNow = (severally ? held ?? [] : held ? [held] : []).map((option) => asOffer(option));
    return combobox({
      attributes: named(one, labels), chosen: chosenNow, several: severally, least: one.min_query_length ?? 3,
      most: one.max_selected_items ?? Infinity, placeholder: textOf(one.placeholder) || "Type to search",
      offers: async (typed) => offered(await context.options(one, block, typed)),
      change: (entries, field) => chosen(one, block, context, severally ? entries.map((entry) => entry.value) : entries[0]?.value ?? null, field),
    });
  };
}

// Several of a list that is known here, such as people, found by typing.
export function severalOf(entriesOf) {
  return (one, block, context, labels) => {
    const entries = entriesOf(one, context).map(asChoice);
    const held = context.draft(block, one) ?? [];
    return combobox({
      attributes: named(one, labels), several: true, most: one.max_selected_items ?? Infinity,
      chosen: held.map((value) => entries.find((entry) => entry.value === value) ?? asChoice({ value, label: value })),
      placeholder: textOf(one.placeholder) || "Choose options",
      offers: (typed) => ({ entries: matching(entries, typed) }),
      change: (picked, field) => chosen(one, block, context, picked.map((entry) => entry.value), field),
    });
  };
}
