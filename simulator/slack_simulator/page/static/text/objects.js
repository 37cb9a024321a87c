// Text objects of Block Kit, plain or mrkdwn.

import { withEmoji } from "./emoji.js";
import { mrkdwn } from "./mrkdwn.js";

export function textOf(object) {
  if (!object) return "";
  return object.type === "plain_text" && object.emoji !== false ? withEmoji(object.text) : object.text;
}

export function shownText(object) {
  return object.type === "mrkdwn" ? mrkdwn(object.text) : [textOf(object)];
}
