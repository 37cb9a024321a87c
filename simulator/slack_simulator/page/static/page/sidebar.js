// The sidebar: channels, direct messages, the app; bold where something is unread.

import { me } from "../base/api.js";
import { avatar, byId, drawing, h } from "../base/dom.js";
import { isUnread } from "../memory/read.js";

// Between two people, or in a group without a name of its own.
export function isDirect(conversation) {
  return conversation.is_im || conversation.is_mpim;
}

export function showSidebar(workspace, current, open) {
  const channels = workspace.channels.filter((one) => !isDirect(one));
  const direct = workspace.channels.filter((one) => isDirect(one) && one.user !== workspace.app.user);
  const withApp = workspace.channels.find((one) => one.is_im && one.user === workspace.app.user);
  const others = workspace.people.filter((one) => !one.is_bot && one.name !== me && !direct.some((dm) => dm.user === one.slack_id));
  fill("channels", channels.map((one) => entry(one.id, sign(one.is_private), one.name,
    { current, open, unread: isUnread(one), note: one.is_ext_shared ? "shared" : null, kind: one.is_private ? "private channel" : "channel" })));
  const account = (id) => workspace.people.find((one) => one.slack_id === id);
  const known = direct.map((one) => entry(one.id, one.is_mpim ? groupSign(one) : avatar(one.name, one.user), one.name,
    { current, open, unread: isUnread(one), note: kindOf(account(one.user)), kind: one.is_mpim ? "group" : null }));
  const possible = others.map((one) => entry(`@${one.name}`, avatar(one.name, one.slack_id), one.name,
    { current, open, unread: false, note: kindOf(one) }));
  fill("direct-messages", [...known, ...possible]);
  const landing = workspace.app.has_home_tab ? "home" : "dm";
  const inApp = current === "dm" || current === "home";
  fill("apps", [entry(landing, avatar(workspace.app.name, workspace.app.user, true), workspace.app.name,
    { current: inApp ? landing : current, open, unread: withApp ? isUnread(withApp) : false, note: "app" })]);
}

// How many others are in it, as Slack has it.
function groupSign(conversation) {
  return avatar(String(conversation.members.length - 1), conversation.id);
}

function kindOf(person) {
  if (!person) return null;
  return person.deleted ? "deactivated" : person.is_stranger ? "external" : person.is_restricted || person.is_ultra_restricted ? "guest" : null;
}

function sign(isPrivate) {
  const holder = h("span", { class: "sign", "aria-hidden": "true" }, isPrivate ? "" : "#");
  if (isPrivate) holder.append(drawing("M5 9h10v8H5zM7 9V6a3 3 0 0 1 6 0v3"));
  return holder;
}

function fill(id, items) {
  const list = byId(id);
  const focused = list.contains(document.activeElement) ? document.activeElement.dataset.open : null;
  list.replaceChildren(...items);
  if (focused) list.querySelector(`[data-open="${CSS.escape(focused)}"]`)?.focus();
}

function entry(target, sign, name, { current, open, unread, note = null, kind = null }) {
  const isCurrent = target === current;
  const classes = ["entry", isCurrent ? "current" : "", unread && !isCurrent ? "unread" : ""].join(" ");
  return h("li", {}, h("button", {
    type: "button", class: classes, "data-open": target, "aria-current": isCurrent ? "page" : null, onclick: () => open(target),
  }, sign, h("span", { class: "entry-name" }, name), kind ? h("span", { class: "unseen" }, `, ${kind}`) : null,
  note ? h("small", {}, note) : null, unread && !isCurrent ? h("span", { class: "dot" }, h("span", { class: "unseen" }, "unread")) : null));
}
