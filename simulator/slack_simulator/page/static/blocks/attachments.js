// Secondary attachments to elements: legacy fields in the order in which Slack shows them, and blocks.

import { h } from "../base/dom.js";
import { filledIn } from "../text/dates.js";
import { withEmoji } from "../text/emoji.js";
import { link, mrkdwn, unescaped } from "../text/mrkdwn.js";
import { icon, picture } from "../text/pictures.js";
import { renderBlocks } from "./blocks.js";

const COLOURS = { good: "#2eb67d", warning: "#ecb22e", danger: "#e01e5a" };

export function renderAttachment(attachment, context) {
  const parts = [author(attachment), title(attachment), words(attachment.text, "text"), fields(attachment.fields),
    image(attachment.image_url, "wide"), ...renderBlocks(attachment.blocks ?? [], context), footer(attachment)].filter(Boolean);
  const thumb = attachment.image_url ? null : image(attachment.thumb_url, "thumb");
  const isBare = parts.length === 0 && thumb === null && !attachment.pretext;
  const bar = h("div", { class: "attachment-bar" }, h("div", { class: "attachment-body" }, isBare ? h("div", { class: "text" }, unescaped(attachment.fallback ?? "")) : parts), thumb);
  const colour = colourOf(attachment.color ?? "");
  if (colour !== null) bar.style.setProperty("--bar", colour);
  return h("div", { class: "attachment" }, words(attachment.pretext, "pretext"), parts.length || thumb || isBare ? bar : null);
}

// One of Slack's three names, or a hex code with or without its number sign; anything else leaves the bar grey.
function colourOf(given) {
  const hex = /^#?((?:[0-9a-f]{3}){1,2})$/i.exec(given);
  return Object.hasOwn(COLOURS, given) ? COLOURS[given] : hex === null ? null : `#${hex[1]}`;
}

// What is no mrkdwn: emoji and entities mean something in it, and nothing else does.
function bare(text) {
  return withEmoji(unescaped(text));
}

function words(text, name) {
  return text ? h("div", { class: name }, mrkdwn(text)) : null;
}

function linked(text, address) {
  return address ? link(address, bare(text)) : bare(text);
}

function author({ author_name: name, author_link: address, author_icon: sign }) {
  return name ? h("p", { class: "attachment-author" }, icon(sign), linked(name, address)) : null;
}

function title({ title: text, title_link: address }) {
  return text ? h("p", { class: "attachment-title" }, linked(text, address)) : null;
}

// Short fields stand two in a row.
function fields(all) {
  if (!all?.length) return null;
  return h("div", { class: "attachment-fields" }, all.map((field) => h("div", { class: field.short ? "short" : "long" },
    field.title ? h("b", {}, bare(field.title)) : null, h("div", {}, mrkdwn(field.value ?? "")))));
}

// They come without words of their own.
function image(address, shape) {
  return address ? picture({ image_url: address, alt_text: "Attached picture" }, {}, shape) : null;
}

function footer({ footer: text, footer_icon: sign, ts }) {
  const time = ts ? filledIn(ts, "{date_short_pretty} at {time}") : null;
  if (!text && time === null) return null;
  return h("p", { class: "attachment-footer" }, icon(sign), [bare(text ?? ""), time].filter(Boolean).join(" | "));
}
