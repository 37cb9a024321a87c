// Messages to elements: in the channel, and in a thread's panel.

import { act, bot, said } from "./api.js";
import { renderBlocks } from "./blocks.js";
import { dayName, fullTime, timeOfDay } from "./dates.js";
import { directory } from "./directory.js";
import { avatar, h } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { mrkdwn, nameOf } from "./mrkdwn.js";

const GROUP_WITHIN_S = 300;

// Keeps an element for each message and draws again only those that changed.
export class Log {
  constructor(parent, { inThread, openThread }) {
    this.parent = parent;
    this.inThread = inThread;
    this.openThread = openThread;
    this.drawn = new Map();
    this.key = null;
  }

  show(key, messages, replies = new Map()) {
    if (this.key !== key) this.clear(key);
    const atEnd = this.parent.scrollHeight - this.parent.scrollTop - this.parent.clientHeight < 80;
    const focused = document.activeElement;
    const refocus = this.parent.contains(focused) ? [focused.closest("[data-ts]")?.dataset.ts, focused.dataset.action] : null;
    const wanted = [];
    let before = null;
    for (const message of messages) {
      if (!this.inThread && (before === null || dayName(before.ts) !== dayName(message.ts))) wanted.push(this.day(message.ts));
      if (this.inThread && before?.ts === key) wanted.push(this.repliesLine(messages.length - 1));
      const grouped = follows(before, message) && !(this.inThread && before.ts === key);
      wanted.push(this.drawOnce(message, grouped, replies.get(message.ts) ?? []));
      before = message;
    }
    place(this.parent, wanted);
    if (refocus?.[0] && !document.contains(focused)) this.focus(...refocus);
    if (atEnd || this.fresh) this.parent.scrollTop = this.parent.scrollHeight;
    this.fresh = false;
  }

  clear(key) {
    this.key = key;
    this.drawn.clear();
    this.parent.replaceChildren();
    this.fresh = true;
  }

  day(ts) {
    const name = dayName(ts);
    const known = this.drawn.get(`day ${name}`);
    if (known) return known;
    const line = h("div", { class: "day", role: "separator", "aria-label": name }, h("span", { "aria-hidden": "true" }, name));
    this.drawn.set(`day ${name}`, line);
    return line;
  }

  repliesLine(count) {
    const line = this.drawn.get("replies") ?? h("div", { class: "replies-line", role: "separator" });
    line.textContent = count === 1 ? "1 reply" : `${count} replies`;
    this.drawn.set("replies", line);
    return line;
  }

  drawOnce(message, grouped, replies) {
    const version = [message.revision, grouped, replies.length, replies.at(-1)?.revision].join();
    const known = this.drawn.get(message.ts);
    if (known?.dataset.version === version) return known;
    const article = draw(message, grouped, this.inThread ? [] : replies, this.openThread);
    article.dataset.version = version;
    if (known) article.classList.add("changed");
    this.drawn.set(message.ts, article);
    return article;
  }

  focus(ts, action) {
    const article = this.drawn.get(ts);
    (article?.querySelector(`[data-action="${CSS.escape(action ?? "")}"]`) ?? article)?.focus({ preventScroll: true });
  }
}

function place(parent, wanted) {
  const keep = new Set(wanted);
  for (const child of [...parent.children]) if (!keep.has(child)) child.remove();
  wanted.forEach((child, index) => {
    if (parent.children[index] !== child) parent.insertBefore(child, parent.children[index] ?? null);
  });
}

function follows(before, message) {
  return before !== null && before.user === message.user && before.ephemeral === message.ephemeral
    && Number(message.ts) - Number(before.ts) < GROUP_WITHIN_S && dayName(before.ts) === dayName(message.ts);
}

function draw(message, grouped, replies, openThread) {
  const isApp = message.is_bot;
  const name = message.user_name === "slackbot" ? "Slackbot" : message.user_name;
  const time = h("time", { class: "time", datetime: new Date(Number(message.ts) * 1000).toISOString(), title: fullTime(message.ts) }, timeOfDay(message.ts));
  const top = grouped ? null : h("p", { class: "byline" }, h("b", {}, name),
    isApp || name === "Slackbot" ? h("span", { class: "tag" }, "APP") : null, time);
  const side = grouped ? h("span", { class: "side-time", "aria-hidden": "true" }, timeOfDay(message.ts)) : avatar(name, message.user, isApp);
  const reply = !message.ephemeral && openThread
    ? h("button", { type: "button", class: "reply", "aria-label": `Reply in thread to ${name}`, title: "Reply in thread", onclick: () => openThread(message.thread_ts ?? message.ts) }, "↩") : null;
  return h("article", {
    class: ["message", grouped ? "grouped" : "", message.ephemeral ? "ephemeral" : "", isApp ? "from-app" : ""].join(" "),
    "data-ts": message.ts, tabindex: "-1", "aria-label": `${name}, ${timeOfDay(message.ts)}`,
  },
  h("div", { class: "side" }, side),
  h("div", { class: "body" },
    message.ephemeral ? h("p", { class: "only-you" }, h("span", { "aria-hidden": "true" }, "◉ "), "Only visible to you") : null,
    top, content(message), reactions(message), thread(message, replies, openThread)),
  reply);
}

function content(message) {
  const context = messageContext(message);
  const parts = message.blocks.length ? renderBlocks(message.blocks, context) : [h("div", { class: "text" }, mrkdwn(message.text))];
  for (const attachment of message.attachments ?? []) {
    const inside = attachment.blocks ? renderBlocks(attachment.blocks, context) : [h("div", { class: "text" }, mrkdwn(attachment.text ?? attachment.fallback ?? ""))];
    parts.push(h("div", { class: "attachment" }, inside));
  }
  if (message.edited && !message.is_bot) parts.push(h("span", { class: "edited" }, "(edited)"));
  return h("div", { class: "content" }, parts);
}

function messageContext(message) {
  const where = { channel: message.channel, ts: message.ts };
  const chosen = new Map();
  return {
    directory,
    draft: (block, one) => chosen.get(one.action_id) ?? initial(one),
    setDraft: (block, one, value) => chosen.set(one.action_id, value),
    act: async (one, block, value) => {
      const answer = await act("action", { ...where, block_id: block.block_id, action_id: one.action_id, value });
      const line = document.querySelector(`[data-ts="${message.ts}"] [data-failure-for="${CSS.escape(block.block_id)}"]`);
      if (line) line.textContent = answer.ok ? "" : `⚠ ${said(answer.error)}`;
    },
    options: async (one, block, typed) =>
      (await act("options", { ...where, block_id: block.block_id, action_id: one.action_id, value: typed })).options ?? [],
  };
}

function initial(one) {
  if (one.initial_options) return one.initial_options.map((option) => option.value);
  if (one.type === "external_select") return one.initial_option ?? null;
  return one.initial_option?.value ?? one.initial_date ?? one.initial_time ?? one.initial_user ?? one.initial_channel
    ?? one.initial_conversation ?? one.initial_value ?? null;
}

function reactions(message) {
  if (!message.reactions.length) return null;
  return h("p", { class: "reactions" }, message.reactions.map((one) =>
    h("span", { class: "reaction", title: one.users.map(nameOf).join(", ") }, withEmoji(`:${one.name}:`), " ", one.count)));
}

function thread(message, replies, openThread) {
  if (!replies.length) return null;
  const count = replies.length === 1 ? "1 reply" : `${replies.length} replies`;
  const who = [...new Map(replies.map((one) => [one.user, one])).values()].slice(0, 3);
  return h("button", { type: "button", class: "thread-link", onclick: () => openThread(message.ts) },
    who.map((one) => avatar(one.user_name, one.user, one.user === bot)), h("span", {}, count),
    h("span", { class: "thread-last" }, `Last reply ${timeOfDay(replies.at(-1).ts)}`));
}

// Splits what the person sees into the channel's own lines and the replies of each thread.
export function threaded(messages) {
  const top = [];
  const replies = new Map();
  for (const message of messages) {
    const isReply = message.thread_ts && message.thread_ts !== message.ts;
    if (isReply) {
      if (!replies.has(message.thread_ts)) replies.set(message.thread_ts, []);
      replies.get(message.thread_ts).push(message);
    }
    if (!isReply || message.is_broadcast) top.push(message);
  }
  return { top, replies };
}

