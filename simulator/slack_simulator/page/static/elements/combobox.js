// Choosing by typing: external selects ask the app for each text, long lists are searched here. The chosen options of
// a multi-select stand before the field, each with a button that takes it away.

import { h, newId } from "../base/dom.js";

const PAUSE_MS = 120;

// offers(typed) -> {entries: [{key, label, note?, value}], trouble?} (or a promise): trouble is what to say if there is
// nothing to choose from. change(values, field) when the choice changes.
export function combobox({ attributes, chosen, offers, least = 0, most = Infinity, several = false, placeholder, change }) {
  const listId = newId("offers");
  const list = h("ul", { class: "offers", id: listId, role: "listbox", "aria-label": "Choices", hidden: true });
  const chips = h("span", { class: "chips" });
  const told = h("span", { class: "unseen", role: "status" });
  let picked = [...chosen];
  let shown = [];
  let shownFor = null;
  let marked = -1;
  let pause;

  const close = () => {
    list.hidden = true;
    shownFor = null;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  };
  const mark = (index) => {
    marked = index;
    [...list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === index)));
    if (index < 0) return;
    field.setAttribute("aria-activedescendant", list.children[index].id);
    list.children[index].scrollIntoView({ block: "nearest" });
  };
  const pick = (entry) => {
    picked = several ? [...picked, entry] : [entry];
    field.value = several ? "" : entry.label;
    close();
    showChips();
    change(picked, field);
  };
  const drop = (entry) => {
    picked = picked.filter((one) => one.key !== entry.key);
    showChips();
    change(picked, field);
    field.focus();
  };
  const showChips = () => {
    if (!several) return;
    chips.replaceChildren(...picked.map((entry) => h("span", { class: "chip" }, entry.label,
      h("button", { type: "button", "aria-label": `Remove ${entry.label}`, onclick: () => drop(entry) }, "✕"))));
    field.disabled = picked.length >= most;
  };
  const look = async () => {
    const typed = field.value;
    if (typed.length < least) return close();
    const { entries, trouble = "No matches" } = await offers(typed);
    const found = entries.filter((entry) => !several || !picked.some((one) => one.key === entry.key));
    if (typed !== field.value || document.activeElement !== field) return undefined;
    shown = found;
    shownFor = typed;
    list.replaceChildren(...(found.length ? found.map(row) : [h("li", { role: "option", "aria-disabled": "true" }, trouble)]));
    told.textContent = found.length ? "" : trouble;
    list.hidden = false;
    list.scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-expanded", "true");
    mark(found.length ? 0 : -1);
    return undefined;
  };
  const row = (entry) => h("li", {
    id: newId("offer"), role: "option", onmousedown: (event) => { event.preventDefault(); pick(entry); },
  }, entry.label, entry.note ? h("small", {}, entry.note) : null);
  // Whoever types faster than the offers come means the offers for what is typed now.
  const enter = async () => {
    clearTimeout(pause);
    if (shownFor !== field.value) await look();
    if (!list.hidden && shown[marked]) pick(shown[marked]);
  };
  const onKey = (event) => {
    if (event.key === "Backspace" && several && field.value === "" && picked.length) drop(picked.at(-1));
    else if (event.key === "ArrowDown" && list.hidden) look();
    else if (event.key === "Enter" && (!list.hidden || field.value !== (several ? "" : picked[0]?.label ?? ""))) enter();
    else if (list.hidden) return;
    else if (event.key === "ArrowDown") mark(Math.min(marked + 1, shown.length - 1));
    else if (event.key === "ArrowUp") mark(Math.max(marked - 1, 0));
    else if (event.key === "Escape") { close(); event.stopPropagation(); }
    else return;
    event.preventDefault();
  };
  const left = () => {
    close();
    if (several) field.value = "";
    else if (field.value === "" && picked.length) { picked = []; change(picked, field); }
    else field.value = picked[0]?.label ?? "";
  };
  const field = h("input", {
    class: "text-field", type: "text", role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": listId,
    autocomplete: "off", spellcheck: "false", ...attributes, placeholder, value: several ? "" : picked[0]?.label ?? "",
    onblur: left, onfocus: look, onkeydown: onKey,
    oninput: () => { clearTimeout(pause); pause = setTimeout(look, PAUSE_MS); },
  });
  showChips();
  return h("span", { class: several ? "typeahead several-typed" : "typeahead" }, chips, field, list, told);
}

// Entries whose label has the typed words in it, best first.
export function matching(entries, typed) {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const rank = (entry) => (entry.label.toLowerCase().startsWith(words[0] ?? "") ? 0 : 1);
  return entries.filter((entry) => words.every((word) => `${entry.label} ${entry.note ?? ""}`.toLowerCase().includes(word)))
    .sort((one, other) => rank(one) - rank(other));
}
