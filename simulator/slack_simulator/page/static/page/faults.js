// The panel in which things go wrong on purpose: faults as the catalogue describes them, sockets, time and accounts.

import { act, ask, me, said, steer } from "../base/api.js";
import { byId, h, newId, replaceChildren } from "../base/dom.js";

const JUMPS = [["+1 min", 60], ["+5 min", 300], ["+1 h", 3600]];
const REASONS = ["warning", "refresh_requested", "link_disabled"];
let drawn = false;
let catalogue = [];

export async function refreshFaults(workspace) {
  const answer = await ask("faults");
  if (answer.ok && !drawn) {
    catalogue = answer.catalogue;
    draw();
    drawn = true;
  }
  if (answer.ok) showActive(answer.faults);
  if (byId("faults").hidden) return;
  showAccount(workspace.people.find((one) => one.name === me));
  const sockets = await ask("sockets");
  if (sockets.ok) showSockets(sockets);
}

// Each connection can be cut alone; after link_disabled the app may open none until it is enabled again.
function showSockets({ connections, enabled }) {
  const list = byId("fault-sockets");
  if (!isNews(list, [connections, enabled])) return;
  const focused = list.contains(document.activeElement);
  replaceChildren(list, connections.map((one) => h("li", {}, h("span", {}, h("b", {}, `Socket ${one.connection}`), one.leaving ? h("small", {}, "told to leave") : null),
    h("button", { type: "button", class: "button", "aria-label": `Cut socket ${one.connection}`, onclick: () => tell(steer("sockets", { cut: one.connection }), `Socket ${one.connection} was cut.`) }, "Cut"))),
  enabled ? null : h("li", {}, h("span", {}, "Socket Mode is off for the app"),
    h("button", { type: "button", class: "button primary", onclick: () => tell(steer("sockets", { enable: true }), "The app may connect again.") }, "Enable")),
  connections.length || !enabled ? null : h("li", {}, h("span", { class: "hint" }, "The app has none open.")));
  if (focused) byId("faults").focus();
}

// Whether this part of the panel shows something else than before. What stays is not drawn again under a finger.
function isNews(part, shown) {
  const version = JSON.stringify(shown);
  const isNew = part.dataset.version !== version;
  part.dataset.version = version;
  return isNew;
}

function draw() {
  const kind = h("select", { class: "select", id: "fault-kind", onchange: () => showFields() }, catalogue.map((one) => h("option", { value: one.kind }, words(one.kind))));
  replaceChildren(byId("fault-form"), h("label", { for: "fault-kind" }, "What goes wrong"), kind,
    h("p", { class: "hint", id: "fault-says" }), h("div", { id: "fault-fields" }), h("button", { type: "submit", class: "button primary" }, "Add fault"));
  byId("fault-form").addEventListener("submit", add);
  replaceChildren(byId("fault-jumps"), JUMPS.map(([label, seconds]) =>
    h("button", { type: "button", class: "button", onclick: () => tell(steer("clock", { advance_s: seconds }), `The workspace's time went ${label}.`) }, label)));
  replaceChildren(byId("fault-sockets-actions"),
    h("button", { type: "button", class: "button danger", onclick: () => tell(steer("sockets", { cut: "all" }), "All sockets were cut.") }, "Cut all"),
    REASONS.map((reason) => h("button", { type: "button", class: "button", onclick: () => tell(steer("sockets", { disconnect: reason }), `Sent disconnect: ${reason}.`) }, words(reason))));
  showFields();
}

function words(name) {
  return name.replace(/_s$/, " (seconds)").replaceAll("_", " ");
}

function chosenKind() {
  return catalogue.find((one) => one.kind === byId("fault-kind").value);
}

function showFields() {
  byId("fault-says").textContent = chosenKind().says;
  replaceChildren(byId("fault-fields"), chosenKind().fields.map((field) => {
    const id = newId("fault-field");
    const attributes = { id, name: field.name, class: field.choices ? "select" : "text-field", "aria-describedby": `${id}-says`, required: field.required };
    const control = field.choices ? h("select", attributes, field.required ? null : h("option", { value: "" }, "any"), field.choices.map((one) => h("option", { value: one }, one)))
      : h("input", { ...attributes, type: field.type === "text" ? "text" : "number", step: field.type === "whole" ? "1" : field.type === "number" ? "any" : null, value: field.default ?? "", autocomplete: "off" });
    return h("div", { class: "fault-field" }, h("label", { for: id }, words(field.name), field.required ? null : h("span", { class: "optional" }, " (optional)")),
      control, h("p", { class: "hint", id: `${id}-says` }, field.says));
  }));
}

function add(event) {
  event.preventDefault();
  const kind = chosenKind();
  const fields = Object.fromEntries(kind.fields.map((field) => [field, event.target.elements[field.name].value.trim()])
    .filter(([, value]) => value !== "").map(([field, value]) => [field.name, field.type === "text" ? value : Number(value)]));
  tell(steer("faults", { add: { kind: kind.kind, ...fields } }), `Added: ${words(kind.kind)}.`);
}

function showActive(faults) {
  const list = byId("active-faults");
  if (!isNews(list, faults)) return;
  const focused = list.contains(document.activeElement);
  replaceChildren(list, faults.map((fault) => {
    const { id, kind, left, struck, ...fields } = fault;
    const given = Object.entries(fields).filter(([, value]) => value !== null).map(([name, value]) => `${words(name)} ${value}`);
    const counts = [`struck ${struck ?? 0}×`, typeof left === "number" ? `${left} left` : null].filter(Boolean);
    return h("li", {}, h("span", {}, h("b", {}, words(kind)), h("small", {}, [...given, ...counts].join(" · "))),
      h("button", { type: "button", class: "button", "aria-label": `Remove ${words(kind)}`, onclick: () => tell(steer("faults", { remove: id }), `Removed: ${words(kind)}.`) }, "Remove"));
  }));
  if (faults.length) list.append(h("li", {}, h("button", { type: "button", class: "button", onclick: () => tell(steer("faults", { clear: true }), "No fault is left.") }, "Remove all")));
  byId("no-faults").hidden = faults.length > 0;
  if (focused && !document.contains(document.activeElement)) byId("faults").focus();
  const sign = byId("fault-count");
  sign.textContent = faults.length ? String(faults.length) : "";
}

function showAccount(person) {
  const parent = byId("fault-account");
  if (!person || !isNews(parent, person)) return;
  const name = person.real_name || person.name;
  byId("fault-account-name").textContent = name;
  const focused = [...parent.children].indexOf(document.activeElement);
  const flags = [["deleted", "Deactivate", "Reactivate"], ["is_restricted", "Make guest", "Make full member"], ["is_email_confirmed", "Confirm e-mail", "Unconfirm e-mail"]];
  replaceChildren(parent, flags.map(([flag, set, unset]) => h("button", {
    type: "button", class: "button", onclick: () => tell(act("person", { [flag]: !person[flag] }), "The account changed; the app hears of it by user_change."),
  }, person[flag] ? unset : set)), h("button", {
    type: "button", class: "button", onclick: () => tell(act("reload"), ({ forgotten }) => `${name}'s client started anew: ${gone(forgotten)}.`),
  }, "Restart client"));
  parent.children[focused]?.focus();
}

function gone(count) {
  return count === 0 ? "there was no ephemeral message to lose" : count === 1 ? "one ephemeral message is gone" : `${count} ephemeral messages are gone`;
}

// `done` is what to say, or makes it of the answer.
async function tell(asked, done) {
  const answer = await asked;
  byId("fault-note").textContent = !answer.ok ? `⚠ ${said(answer)}` : typeof done === "function" ? done(answer) : done;
}
