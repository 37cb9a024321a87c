// Interactive elements: buttons that act, and inputs that hold a value. `context` says what acting means:
// act(element, block, value) answers what to say if it failed, complain(block, words) says it where the person looks,
// draft and setDraft hold values, options(element, block, typed) asks the app, directory and pictures know the workspace.

import { said } from "./api.js";
import { openAway } from "./addresses.js";
import { combobox, matching } from "./combobox.js";
import { confirmed } from "./dialogs.js";
import { h, newId } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { fileInput } from "./fileinput.js";
import { showMenu } from "./menu.js";
import { mrkdwn } from "./mrkdwn.js";
import { picture } from "./pictures.js";
import { richInput } from "./richinput.js";

export function textOf(object) {
  if (!object) return "";
  return object.type === "plain_text" && object.emoji !== false ? withEmoji(object.text) : object.text;
}

export function shownText(object) {
  return object.type === "mrkdwn" ? mrkdwn(object.text) : [textOf(object)];
}

export function element(one, block, context, labels = {}) {
  const render = RENDERERS[one.type];
  if (render) return render(one, block, context, labels);
  return h("span", { class: "unknown" }, `[${one.type}]`);
}

function button(one, block, context) {
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

// Opens the address that comes with it, hands the deed to the app, and says what went wrong with either.
async function tell(one, block, context, value, control, address = null) {
  const unopened = address ? openAway(address) : "";
  context.complain(block, unopened);
  await busy(control, async () => {
    const failure = await context.act(one, block, value);
    context.complain(block, [unopened, failure].filter(Boolean).join(" "));
  });
}

// Says it below the block in each of these places; no words take away what was said before.
export function complainIn(places, block, words) {
  for (const place of places) {
    const line = place.querySelector(`[data-failure-for="${CSS.escape(block.block_id)}"]`);
    if (line) line.textContent = words ? `⚠ ${words}` : "";
  }
}

// While the app has not acked, the control says so to eyes and ears.
export async function busy(control, work) {
  control.classList.add("waiting");
  control.setAttribute("aria-busy", "true");
  try {
    await work();
  } finally {
    control.classList.remove("waiting");
    control.removeAttribute("aria-busy");
  }
}

function named(one, labels) {
  return {
    id: labels.id ?? newId("field"),
    "aria-label": labels.label ? null : textOf(one.placeholder) || one.action_id,
    "aria-describedby": labels.describedBy ?? null,
    "aria-required": labels.required ? "true" : null,
    "data-action": one.action_id,
    autofocus: one.focus_on_load ? true : null,
  };
}

// A choice that the person does not confirm is taken back; `undo` shows what was chosen before.
async function chosen(one, block, context, value, field, undo = () => {}) {
  const before = context.draft(block, one);
  context.setDraft(block, one, value);
  if (block.type === "input" && !block.dispatch_action) return;
  if (one.confirm && !(await confirmed(one.confirm))) {
    context.setDraft(block, one, before);
    undo(before);
    return;
  }
  await tell(one, block, context, value, field);
}

function groups(one) {
  if (one.option_groups) return one.option_groups.map((group) => [textOf(group.label), group.options]);
  return [[null, one.options ?? []]];
}

function menu(entries, one, block, context, labels) {
  const current = context.draft(block, one) ?? "";
  const option = (entry) => h("option", { value: entry.value, selected: entry.value === current }, entry.label);
  const empty = h("option", { value: "", selected: current === "" }, textOf(one.placeholder) || "Choose an option");
  const list = entries.map(([label, options]) =>
    label === null ? options.map(option) : h("optgroup", { label }, options.map(option)));
  const change = ({ target }) => chosen(one, block, context, target.value || null, target, (before) => { target.value = before ?? ""; });
  return h("select", { class: "select", ...named(one, labels), onchange: change }, empty, list.flat());
}

const asEntry = (option) => ({ value: option.value, label: textOf(option.text) });

function staticSelect(one, block, context, labels) {
  return menu(groups(one).map(([label, options]) => [label, options.map(asEntry)]), one, block, context, labels);
}

function directorySelect(entriesOf) {
  return (one, block, context, labels) => menu([[null, entriesOf(one, context)]], one, block, context, labels);
}

function several(entriesOf) {
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

const choiceEntries = (one) => (one.options ?? []).map((option) => ({
  value: option.value,
  shown: h("span", {}, shownText(option.text)),
  description: option.description ? h("span", {}, shownText(option.description)) : null,
}));

function radioButtons(one, block, context, labels) {
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

function textInput(type) {
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

function picker(type) {
  return (one, block, context, labels) => {
    const change = ({ target }) => chosen(one, block, context, target.value || null, target, (before) => { target.value = before ?? ""; });
    return h("input", { class: "text-field", type, ...named(one, labels), value: context.draft(block, one) ?? "", onchange: change });
  };
}

function momentPicker(one, block, context, labels) {
  const seconds = context.draft(block, one);
  const local = seconds ? new Date((seconds - new Date(seconds * 1000).getTimezoneOffset() * 60) * 1000).toISOString().slice(0, 16) : "";
  const change = (event) => chosen(one, block, context, Math.floor(new Date(event.target.value).getTime() / 1000), event.target);
  return h("input", { class: "text-field", type: "datetime-local", ...named(one, labels), value: local, onchange: change });
}

function overflow(one, block, context) {
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
function external(severally) {
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
function severalOf(entriesOf) {
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

function richTextInput(one, block, context, labels) {
  return richInput({
    attributes: { ...named(one, labels), "aria-label": labels.label ?? (textOf(one.placeholder) || one.action_id), tabindex: "0" },
    value: context.draft(block, one), placeholder: textOf(one.placeholder),
    change: (value, field) => (block.dispatch_action ? context.setDraft(block, one, value) : chosen(one, block, context, value, field)),
  });
}

function filePicker(one, block, context, labels) {
  return fileInput({
    one, attributes: named(one, labels), chosen: context.draft(block, one) || [],
    change: (files, field) => chosen(one, block, context, files, field),
  });
}

const people = (one, context) => context.directory("people");
const channels = (one, context) => context.directory("channels");
const conversations = (one, context) => context.directory("conversations", one.filter);
const options = (one) => groups(one).flatMap(([label, all]) => all.map((option) => ({ ...asEntry(option), note: label })));

const RENDERERS = {
  button,
  workflow_button: button,
  image: (one, block, context) => picture(one, context.pictures, "square"),
  overflow,
  static_select: staticSelect,
  external_select: external(false),
  multi_external_select: external(true),
  users_select: directorySelect(people),
  channels_select: directorySelect(channels),
  conversations_select: directorySelect(conversations),
  multi_static_select: severalOf(options),
  multi_users_select: severalOf(people),
  multi_channels_select: severalOf(channels),
  multi_conversations_select: severalOf(conversations),
  checkboxes: several(choiceEntries),
  radio_buttons: radioButtons,
  datepicker: picker("date"),
  timepicker: picker("time"),
  datetimepicker: momentPicker,
  plain_text_input: textInput("text"),
  email_text_input: textInput("email"),
  url_text_input: textInput("url"),
  number_input: textInput("number"),
  rich_text_input: richTextInput,
  file_input: filePicker,
};
