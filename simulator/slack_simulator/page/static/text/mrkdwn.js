// Slack's mrkdwn to elements. Whatever a text would do in Slack is shown as doing it: an injected <!channel> is a
// glaring mention of everybody, a disguised link shows its target.

import { fence, h } from "../base/dom.js";
import { isOpened, notOpened } from "./addresses.js";
import { filledIn } from "./dates.js";
import { emoji } from "./emoji.js";

let names = new Map();
export function setNames(all) {
  names = all;
}
export function nameOf(id) {
  return names.get(id) ?? id;
}

export function unescaped(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

export function mrkdwn(text) {
  const pieces = [];
  const fenced = /```\n?([\s\S]*?)\n?```/g;
  let from = 0;
  for (const found of text.matchAll(fenced)) {
    pieces.push(...lines(text.slice(from, found.index)));
    pieces.push(fence(inFence(found[1])));
    from = found.index + found[0].length;
  }
  pieces.push(...lines(text.slice(from)));
  return pieces;
}

// Links stay links inside a fence; nothing else means anything there.
function inFence(text) {
  return split(text, /<([^<>\n]+)>/g, (found) => angle(found[1]), (rest) => [unescaped(rest)]);
}

function lines(text) {
  const out = [];
  let quote = [];
  const flush = () => {
    if (quote.length) out.push(h("blockquote", {}, joined(quote)));
    quote = [];
  };
  const plain = [];
  for (const line of text.replace(/^\n|\n$/g, "").split("\n")) {
    const quoted = /^(?:&gt;|>) ?(.*)$/.exec(line);
    if (quoted) {
      if (plain.length) out.push(...joined(plain.splice(0)));
      quote.push(quoted[1]);
    } else {
      flush();
      plain.push(line);
    }
  }
  flush();
  if (plain.length) out.push(...joined(plain));
  return out;
}

function joined(all) {
  return all.flatMap((line, index) => (index ? [h("br"), ...inline(line)] : inline(line)));
}

// Code and everything in angle brackets is set aside first, so that marks around it (*by <@U1>*) still work.
const HELD = /\uE000(\d+)\uE001/g;

export function inline(text) {
  const held = [];
  const bare = text.replace(/[\uE000\uE001]/g, "").replace(/`([^`\n]+)`|<([^<>\n]+)>/g, (whole, code, target) => {
    held.push(code === undefined ? angle(target) : h("code", {}, ...inFence(code)));
    return `\uE000${held.length - 1}\uE001`;
  });
  return styled(bare, (rest) => split(rest, HELD, (found) => held[Number(found[1])], withLinks));
}

const STYLES = [
  [/(?<![\w*])\*(?=\S)([^*\n]*[^\s*])\*(?![\w*])/g, "strong"],
  [/(?<![\w_])_(?=\S)([^_\n]*[^\s_])_(?![\w_])/g, "em"],
  [/(?<![\w~])~(?=\S)([^~\n]*[^\s~])~(?![\w~])/g, "s"],
];

function styled(text, leaf, from = 0) {
  if (from >= STYLES.length) return leaf(text);
  const [pattern, tag] = STYLES[from];
  const deeper = (rest) => styled(rest, leaf, from + 1);
  return split(text, pattern, (found) => h(tag, {}, ...deeper(found[1])), deeper);
}

function withLinks(text) {
  return split(text, /https?:\/\/[^\s<>|"]+[^\s<>|".,;:!?)]/g, (found) => link(unescaped(found[0]), null), named);
}

function named(text) {
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(/:([a-z0-9_+-]+):/g)) {
    const character = emoji(found[1]);
    if (character === null) continue;
    parts.push(unescaped(text.slice(from, found.index)), h("span", { class: "emoji", role: "img", "aria-label": found[1].replaceAll("_", " ") }, character));
    from = found.index + found[0].length;
  }
  parts.push(unescaped(text.slice(from)));
  return parts;
}

function split(text, pattern, special, rest) {
  const out = [];
  let from = 0;
  for (const found of text.matchAll(pattern)) {
    if (found.index > from) out.push(...rest(text.slice(from, found.index)));
    out.push(special(found));
    from = found.index + found[0].length;
  }
  if (from < text.length) out.push(...rest(text.slice(from)));
  return out;
}

function angle(inner) {
  const bar = inner.indexOf("|");
  const target = bar < 0 ? inner : inner.slice(0, bar);
  const label = bar < 0 ? null : inner.slice(bar + 1);
  if (target.startsWith("@")) return user(target.slice(1), label);
  if (target.startsWith("#")) return channel(target.slice(1), label);
  if (target.startsWith("!date^")) return date(target, label);
  if (target.startsWith("!subteam^")) return usergroup(target.split("^")[1], label);
  if (target.startsWith("!")) return broadcast(target.slice(1));
  return link(unescaped(target), label === null ? null : unescaped(label));
}

export function user(id, label = null) {
  const mine = id === document.body.dataset.personaId;
  return h("span", { class: mine ? "mention mine" : "mention" }, `@${names.get(id) ?? label ?? id}`);
}

export function channel(id, label = null) {
  return h("span", { class: "mention" }, `#${names.get(id) ?? label ?? id}`);
}

export function usergroup(id, label = null) {
  return h("span", { class: "mention" }, names.has(id) ? `@${names.get(id)}` : label ?? `@${id}`);
}

export function broadcast(range) {
  return h("span", { class: "mention broadcast", title: "In Slack this notifies everyone here" }, `@${range}`);
}

function date(target, label) {
  const [, timestamp, format, url] = target.split("^");
  const text = filledIn(timestamp, unescaped(format ?? "")) ?? unescaped(label ?? "");
  return url ? link(unescaped(url), text) : h("time", { title: label ?? "" }, text);
}

export function link(url, label) {
  if (!isOpened(url)) return h("span", { class: "dead-link", title: notOpened(url) }, label ?? url);
  const shown = label ?? url.replace(/^mailto:/, "");
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer", title: url }, shown);
}
