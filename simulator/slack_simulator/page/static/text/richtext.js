// rich_text blocks to elements.

import { fence, h } from "../base/dom.js";
import { filledIn } from "./dates.js";
import { emoji } from "./emoji.js";
import { broadcast, channel, link, user, usergroup } from "./mrkdwn.js";

export function richText(block) {
  return h("div", { class: "rich" }, (block.elements ?? []).map(part));
}

function part(element) {
  const inside = () => (element.elements ?? []).map(piece);
  switch (element.type) {
    case "rich_text_preformatted":
      return fence(inside());
    case "rich_text_quote":
      return h("blockquote", {}, inside());
    case "rich_text_list": {
      const tag = element.style === "ordered" ? "ol" : "ul";
      const items = element.elements.map((item) => h("li", {}, (item.elements ?? []).map(piece)));
      return h(tag, { class: `indent-${element.indent ?? 0}`, start: element.offset ? element.offset + 1 : null }, items);
    }
    default:
      return h("p", {}, inside());
  }
}

function piece(element) {
  return styled(bare(element), element.style ?? {});
}

function bare(element) {
  switch (element.type) {
    case "text":
      return h("span", {}, element.text);
    case "link":
      return link(element.url, element.text ?? null);
    case "user":
      return user(element.user_id);
    case "channel":
      return channel(element.channel_id);
    case "usergroup":
      return usergroup(element.usergroup_id);
    case "broadcast":
      return broadcast(element.range);
    case "emoji":
      return h("span", { class: "emoji", role: "img", "aria-label": element.name }, emoji(element.name) ?? `:${element.name}:`);
    case "date":
      return h("time", {}, filledIn(element.timestamp, element.format) ?? element.fallback ?? "");
    case "color":
      return h("code", {}, element.value);
    default:
      return h("span", {}, "");
  }
}

function styled(node, style) {
  const tags = { bold: "strong", italic: "em", strike: "s", code: "code", underline: "u" };
  return Object.entries(tags).reduce((inner, [name, tag]) => (style[name] ? h(tag, {}, inner) : inner), node);
}
