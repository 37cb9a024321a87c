// Interactive elements: buttons that act, and inputs that hold a value. `context` says what acting means:
// {act(element, block, value), draft(block, element), setDraft(block, element, value), people, channels, options(...)}.

import { h, newId } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { confirmed } from "./dialogs.js";
import { mrkdwn } from "./mrkdwn.js";

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
    if (one.url) window.open(one.url, "_blank", "noopener");
    await busy(pressed, () => context.act(one, block, one.value));
  };
  return h("button", { type: "button", class: look, "aria-label": name, "data-action": one.action_id, onclick: press },
    textOf(one.text), one.url ? h("span", { class: "outward", "aria-hidden": "true" }, " ↗") : null);
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

async function chosen(one, block, context, value, field) {
  context.setDraft(block, one, value);
  if (block.type === "input" && !block.dispatch_action) return;
  if (one.confirm && !(await confirmed(one.confirm))) return;
  await busy(field, () => context.act(one, block, value));
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
  const change = (event) => chosen(one, block, context, event.target.value || null, event.target);
  return h("select", { class: "select", ...named(one, labels), onchange: change }, empty, list.flat());
}

const asEntry = (option) => ({ value: option.value, label: textOf(option.text) });

function staticSelect(one, block, context, labels) {
  return menu(groups(one).map(([label, options]) => [label, options.map(asEntry)]), one, block, context, labels);
}

function directorySelect(kind) {
  return (one, block, context, labels) => menu([[null, context.directory(kind)]], one, block, context, labels);
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
    const change = (event) => chosen(one, block, context, event.target.value || null, event.target);
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
  const details = h("details", { class: "overflow" }, h("summary", { class: "button", "aria-label": "More actions", "data-action": one.action_id }, "⋯"));
  details.append(h("ul", {}, one.options.map((option) => h("li", {}, h("button", {
    type: "button",
    onclick: async () => {
      details.open = false;
      if (one.confirm && !(await confirmed(one.confirm))) return;
      if (option.url) window.open(option.url, "_blank", "noopener");
      await busy(details.firstChild, () => context.act(one, block, option.value));
    },
  }, textOf(option.text))))));
  return details;
}

// Typeahead: what the app offers for the letters so far. The chosen option is kept whole, as the app knows it.
function externalSelect(one, block, context, labels) {
  const listId = newId("offers");
  const list = h("ul", { class: "offers", id: listId, role: "listbox", hidden: true });
  let offers = [];
  let marked = -1;
  const current = context.draft(block, one);
  const mark = (index) => {
    marked = index;
    [...list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === index)));
    if (index >= 0) field.setAttribute("aria-activedescendant", list.children[index].id);
  };
  const close = () => {
    list.hidden = true;
    field.setAttribute("aria-expanded", "false");
  };
  const choose = (option) => {
    field.value = textOf(option.text);
    close();
    chosen(one, block, context, option, field);
  };
  const look = async () => {
    if (field.value.length < (one.min_query_length ?? 3)) return close();
    const asked = field.value;
    const found = await context.options(one, block, asked);
    if (asked !== field.value) return undefined;
    offers = found;
    list.replaceChildren(...(offers.length ? offers.map((option) => h("li", {
      id: newId("offer"), role: "option", onmousedown: (event) => { event.preventDefault(); choose(option); },
    }, textOf(option.text), option.description ? h("small", {}, textOf(option.description)) : null))
      : [h("li", { role: "option", "aria-disabled": "true" }, "No matches")]));
    list.hidden = false;
    field.setAttribute("aria-expanded", "true");
    mark(offers.length ? 0 : -1);
    return undefined;
  };
  let pause;
  const field = h("input", {
    class: "text-field", role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": listId,
    autocomplete: "off", ...named(one, labels), placeholder: textOf(one.placeholder) || "Type to search",
    value: current ? textOf(current.text) : "", onblur: close, onfocus: look,
    oninput: () => { clearTimeout(pause); pause = setTimeout(look, 120); },
    onkeydown: (event) => {
      if (list.hidden) return;
      if (event.key === "ArrowDown") mark(Math.min(marked + 1, offers.length - 1));
      else if (event.key === "ArrowUp") mark(Math.max(marked - 1, 0));
      else if (event.key === "Enter" && offers[marked]) choose(offers[marked]);
      else if (event.key === "Escape") { close(); event.stopPropagation(); }
      else return;
      event.preventDefault();
    },
  });
  return h("span", { class: "typeahead" }, field, list);
}

function picture(one) {
  return h("img", { class: "accessory-image", src: one.image_url ?? "", alt: one.alt_text });
}

const people = (one, context) => context.directory("people");
const channels = (one, context) => context.directory("channels");

const RENDERERS = {
  button,
  workflow_button: button,
  image: picture,
  overflow,
  static_select: staticSelect,
  external_select: externalSelect,
  users_select: directorySelect("people"),
  channels_select: directorySelect("channels"),
  conversations_select: directorySelect("channels"),
  multi_static_select: several((one) => groups(one).flatMap(([, options]) => options.map(asEntry))),
  multi_users_select: several(people),
  multi_channels_select: several(channels),
  multi_conversations_select: several(channels),
  checkboxes: several(choiceEntries),
  radio_buttons: radioButtons,
  datepicker: picker("date"),
  timepicker: picker("time"),
  datetimepicker: momentPicker,
  plain_text_input: textInput("text"),
  email_text_input: textInput("email"),
  url_text_input: textInput("url"),
  number_input: textInput("number"),
};
