// How far the person of this tab has read each conversation; kept by this browser.

import { me } from "../base/api.js";

const keyOf = (channelId) => `read:${me}:${channelId}`;

export function markRead(channelId, ts) {
  if (ts) localStorage.setItem(keyOf(channelId), ts);
}

export function readUntil(channelId) {
  return localStorage.getItem(keyOf(channelId));
}

export function isUnread(channel) {
  return channel.last_ts !== null && channel.last_ts > (readUntil(channel.id) ?? "");
}
