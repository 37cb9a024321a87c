// Messages to elements: in the channel, and in a thread's panel.

import { act, bot, myId, said } from "../base/api.js";
import { avatar, h } from "../base/dom.js";
import { renderAttachment } from "../blocks/attachments.js";
import { renderBlocks } from "../blocks/blocks.js";
import { complainIn } from "../elements/feedback.js";
import { directory } from "../memory/directory.js";
import { presetValue } from "../memory/held.js";
import { readUntil } from "../memory/read.js";
import { dayName, fullTime, timeOfDay } from "../text/dates.js";
import { withEmoji } from "../text/emoji.js";
import { shownFiles } from "../text/files.js";
import { mrkdwn, nameOf } from "../text/mrkdwn.js";
import { toolbar } from "./messagemenu.js";

const GROUP_WITHIN_S = 300;

// Keeps an element for each message and draws again only those that changed.
export class Log {
  constructor(parent, { inThread, openThread }) {
    this.parent = parent;
    this.inThread = inThread;
    this.openThread = openThread;
    this.drawn = new Map();
    this.key = null;
    // Pictures that arrive late, or a box below that grows, must not push the end out of sight of somebody who reads it;
    // only scrolling up leaves it.
    this.isAtEnd = true;
    this.top = 0;
    parent.addEventListener("scroll", () => this.look(), { passive: true });
    parent.addEventListener("load", () => this.stay(), true);
    new ResizeObserver(() => this.stay()).observe(parent);
  }

  // Where the person is now. Scroll events come a frame late, so whoever is about to scroll looks first.
  look() {
    const { scrollHeight, scrollTop, clientHeight } = this.parent;
    if (scrollHeight - scrollTop - clientHeight < 80) this.isAtEnd = true;
    else if (scrollTop < this.top) this.isAtEnd = false;
    this.top = scrollTop;
  }

  toEnd() {
    this.parent.scrollTop = this.parent.scrollHeight;
    this.top = this.parent.scrollTop;
  }

  stay() {
    this.look();
    if (this.isAtEnd) this.toEnd();
  }

  // `more` is whether the conversation has earlier messages, and what loads them.
  show(key, messages, more = null) {
    if (this.key !== key) {
      this.clear(key);
      this.newTs = this.inThread ? null : firstUnread(key, messages);
    }
    this.look();
    const atEnd = this.isAtEnd;
    const focused = document.activeElement;
    const refocus = this.parent.contains(focused) ? [focused.closest("[data-ts]")?.dataset.ts, focused.dataset.action] : null;
    const wanted = more === null ? [] : [this.earlier(more)];
    let before = null;
    for (const message of messages) {
      if (!this.inThread && (before === null || dayName(before.ts) !== dayName(message.ts))) wanted.push(this.day(message.ts));
      if (this.inThread && before?.ts === key) wanted.push(this.repliesLine(messages.length - 1));
      const grouped = follows(before, message) && !(this.inThread && before.ts === key);
      if (message.ts === this.newTs && before !== null) wanted.push(this.newLine());
      wanted.push(this.drawOnce(message, grouped));
      before = message;
    }
    const first = atEnd || this.fresh ? null : [...this.parent.children].find((one) => one.dataset.ts && wanted.includes(one));
    const top = first?.getBoundingClientRect().top;
    place(this.parent, wanted);
    if (refocus?.[0] && !document.contains(focused)) this.focus(...refocus);
    if (atEnd || this.fresh) this.toEnd();
    else if (first) this.parent.scrollTop += first.getBoundingClientRect().top - top;
    this.fresh = false;
  }

  earlier(load) {
    const known = this.drawn.get("earlier");
    if (known) return known;
    const button = h("div", { class: "earlier" }, h("button", { type: "button", class: "button", onclick: load }, "Load earlier"));
    this.drawn.set("earlier", button);
    return button;
  }

  newLine() {
    const line = this.drawn.get("new") ?? h("div", { class: "new-line", role: "separator", "aria-label": "New messages" }, h("span", { "aria-hidden": "true" }, "New"));
    this.drawn.set("new", line);
    return line;
  }

  clear(key) {
    this.isAtEnd = true;
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

  drawOnce(message, grouped) {
    const version = [message.revision, grouped, message.reply_count, message.latest_reply].join();
    const known = this.drawn.get(message.ts);
    if (known?.dataset.version === version) return known;
    const article = draw(message, grouped, this.openThread);
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

// The first message of somebody else that the person had not seen when the conversation was opened.
function firstUnread(channel, messages) {
  const until = readUntil(channel);
  return until === null ? null : messages.find((one) => one.ts > until && one.user !== myId)?.ts ?? null;
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

function draw(message, grouped, openThread) {
  const isApp = message.is_bot;
  const name = message.user_name === "slackbot" ? "Slackbot" : message.user_name;
  const time = h("time", { class: "time", datetime: new Date(Number(message.ts) * 1000).toISOString(), title: fullTime(message.ts) }, timeOfDay(message.ts));
  const top = grouped ? null : h("p", { class: "byline" }, h("b", {}, name),
    isApp || name === "Slackbot" ? h("span", { class: "tag" }, "APP") : null, time);
  const side = grouped ? h("span", { class: "side-time", "aria-hidden": "true" }, timeOfDay(message.ts)) : avatar(name, message.user, isApp);
  return h("article", {
    class: ["message", grouped ? "grouped" : "", message.ephemeral ? "ephemeral" : "", isApp ? "from-app" : ""].join(" "),
    "data-ts": message.ts, tabindex: "-1", "aria-label": `${name}, ${timeOfDay(message.ts)}`,
  },
  h("div", { class: "side" }, side),
  h("div", { class: "body" },
    message.ephemeral ? h("p", { class: "only-you" }, h("span", { "aria-hidden": "true" }, "◉ "), "Only visible to you") : null,
    top, content(message), shownFiles(message.files), reactions(message), thread(message, openThread)),
  message.ephemeral ? null : toolbar(message, name, openThread));
}

function content(message) {
  const context = messageContext(message);
  // docs.slack.dev/reference/methods/chat.update: blocks carry no sign of having been edited.
  const edited = message.edited ? h("span", { class: "edited" }, " (edited)") : null;
  const text = message.text || edited ? h("div", { class: "text" }, mrkdwn(message.text), edited) : null;
  const parts = message.blocks.length ? renderBlocks(message.blocks, context) : text;
  return h("div", { class: "content" }, parts, message.attachments.map((one) => renderAttachment(one, context)));
}

// What the person chose in messages' menus: kept while the page is open, as Slack's client does.
const choices = new Map();

function messageContext(message) {
  const where = { channel: message.channel, ts: message.ts };
  const key = (block, one) => [message.channel, message.ts, block.block_id, one.action_id].join(" ");
  return {
    directory,
    pictures: message.pictures,
    complain: (block, words) => complainIn(document.querySelectorAll(`.message[data-ts="${CSS.escape(message.ts)}"]`), block, words),
    draft: (block, one) => (choices.has(key(block, one)) ? choices.get(key(block, one)) : presetValue(one)),
    setDraft: (block, one, value) => choices.set(key(block, one), value),
    act: async (one, block, value) => {
      const answer = await act("action", { ...where, block_id: block.block_id, action_id: one.action_id, value });
      return answer.ok ? "" : said(answer);
    },
    options: (one, block, typed) => act("options", { ...where, block_id: block.block_id, action_id: one.action_id, value: typed }),
  };
}

function reactions(message) {
  if (!message.reactions.length) return null;
  return h("p", { class: "reactions" }, message.reactions.map((one) =>
    h("span", { class: "reaction", title: one.users.map(nameOf).join(", ") }, withEmoji(`:${one.name}:`), " ", one.count)));
}

function thread(message, openThread) {
  if (!message.reply_count || openThread === null) return null;
  const count = message.reply_count === 1 ? "1 reply" : `${message.reply_count} replies`;
  return h("button", { type: "button", class: "thread-link", onclick: () => openThread(message.ts) },
    message.reply_users.slice(0, 3).map((id) => avatar(nameOf(id), id, id === bot)), h("span", {}, count),
    h("span", { class: "thread-last" }, `Last reply ${timeOfDay(message.latest_reply)}`));
}
