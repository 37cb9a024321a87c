// A menu that a button opens: arrow keys, Home, End, Escape and letters work, and focus goes back to the button.

import { h, newId } from "../base/dom.js";

let open = null;

// entries: [{label, note?, disabled?, act}] or {heading}; the anchor is the button that was pressed.
export function showMenu(anchor, label, entries) {
  if (open?.anchor === anchor) return close();
  close();
  const menu = h("div", { class: "menu", id: newId("menu"), role: "menu", "aria-label": label, popover: "manual" },
    entries.map(entryOf));
  open = { anchor, menu };
  menu.addEventListener("keydown", onKey);
  document.addEventListener("pointerdown", onPointer, true);
  (anchor.closest("dialog") ?? document.body).append(menu);
  menu.showPopover();
  place(menu, anchor);
  anchor.setAttribute("aria-expanded", "true");
  items()[0]?.focus();
  return undefined;
}

function entryOf(entry) {
  if (entry.heading) return h("p", { class: "menu-heading", role: "presentation" }, entry.heading);
  const press = () => {
    if (entry.disabled) return;
    close();
    entry.act();
  };
  return h("button", { type: "button", class: "menu-item", role: "menuitem", tabindex: "-1", "aria-disabled": entry.disabled ? "true" : null, onclick: press },
    h("span", {}, entry.label), entry.note ? h("small", {}, entry.note) : null);
}

function items() {
  return open === null ? [] : [...open.menu.querySelectorAll("[role=menuitem]")];
}

function close() {
  if (open === null) return;
  const { anchor, menu } = open;
  const hadFocus = menu.contains(document.activeElement);
  open = null;
  document.removeEventListener("pointerdown", onPointer, true);
  menu.remove();
  anchor.setAttribute("aria-expanded", "false");
  if (hadFocus && anchor.isConnected) anchor.focus();
}

function onPointer(event) {
  if (open !== null && !open.menu.contains(event.target) && !open.anchor.contains(event.target)) close();
}

function onKey(event) {
  const all = items();
  const at = all.indexOf(document.activeElement);
  const letter = event.key.length === 1 ? event.key.toLowerCase() : null;
  const named = letter === null ? -1 : [...all.slice(at + 1), ...all.slice(0, at + 1)]
    .findIndex((one) => one.textContent.toLowerCase().startsWith(letter));
  const target = {
    ArrowDown: (at + 1) % all.length, ArrowUp: (at - 1 + all.length) % all.length, Home: 0, End: all.length - 1,
  }[event.key] ?? (named < 0 ? null : (at + 1 + named) % all.length);
  if (event.key === "Escape" || event.key === "Tab") close();
  else if (target !== null && event.key !== " ") all[target]?.focus();
  else return;
  event.stopPropagation();
  event.preventDefault();
}

// Below the button if there is room, else above; never beyond the window's edges.
function place(menu, anchor) {
  const by = anchor.getBoundingClientRect();
  const size = menu.getBoundingClientRect();
  const below = by.bottom + 4 + size.height <= innerHeight;
  menu.style.top = `${Math.max(8, below ? by.bottom + 4 : by.top - 4 - size.height)}px`;
  const wished = by.left < innerWidth / 2 ? by.left : by.right - size.width;
  menu.style.left = `${Math.max(8, Math.min(wished, innerWidth - size.width - 8))}px`;
}
