// What stands beside a message: reply in its thread, and the menu with the app's message shortcuts.

import { act, me, said } from "../base/api.js";
import { h } from "../base/dom.js";
import { notice } from "../base/notice.js";
import { showMenu } from "../elements/menu.js";
import { shortcutsOf } from "../memory/offered.js";

export function toolbar(message, name, openThread) {
  const reply = openThread === null ? null : h("button", {
    type: "button", class: "tool", "aria-label": `Reply in thread to ${name}`, title: "Reply in thread",
    onclick: () => openThread(message.thread_ts ?? message.ts),
  }, h("span", { "aria-hidden": "true" }, "↩"));
  const more = h("button", {
    type: "button", class: "tool", "aria-label": "More actions", title: "More actions", "aria-haspopup": "menu", "aria-expanded": "false",
    onclick: (event) => showMenu(event.currentTarget, "More actions", entries(message, openThread)),
  }, h("span", { "aria-hidden": "true" }, "⋮"));
  return h("div", { class: "tools", role: "group", "aria-label": "Message actions" }, reply, more);
}

function entries(message, openThread) {
  const permalink = `${location.origin}/archives/${message.channel}/p${message.ts.replace(".", "")}?as=${encodeURIComponent(me)}`;
  const offered = shortcutsOf("message");
  return [
    ...(openThread === null ? [] : [{ label: "Reply in thread", act: () => openThread(message.thread_ts ?? message.ts) }]),
    { label: "Copy link", act: () => navigator.clipboard.writeText(permalink) },
    { label: "Copy text", act: () => navigator.clipboard.writeText(message.plain) },
    { heading: "Message shortcuts" },
    ...(offered.length ? offered.map((one) => ({ label: one.name, note: one.description, act: () => use(one, message) }))
      : [{ label: "The app offers none", disabled: true }]),
  ];
}

async function use(shortcut, message) {
  const answer = await act("shortcut", { callback_id: shortcut.callback_id, channel: message.channel, ts: message.ts });
  notice(answer.ok ? "" : said(answer));
}
