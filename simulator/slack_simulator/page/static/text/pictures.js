// Pictures in blocks and attachments. Files of this workspace are shown; a picture from elsewhere would tell its server
// who looks at it and when, so it is only fetched where the workspace says that it may be.

import { drawing, h } from "../base/dom.js";
import { link } from "./mrkdwn.js";

const SIGN = "M3 4h14v12H3zM3 13l4-4 4 4 2.5-2.5L17 14M12.5 7.5h.1";
const fetchesElsewhere = "showsPictures" in document.body.dataset;

// The picture of an image block or element, or of a field of an attachment. `known` says where this workspace has the
// files that are named by slack_file; `shape` is a class that sizes the picture and what stands in its place.
export function picture(one, known, shape) {
  const key = one.slack_file?.id ?? one.slack_file?.url;
  if (key !== undefined && Object.hasOwn(known, key)) return shown(known[key], one, shape);
  if (key !== undefined) return inPlace(one, shape, h("small", {}, `This workspace has no picture ${key}.`));
  if (fetchesElsewhere && /^https:/i.test(one.image_url)) return shown(one.image_url, one, shape);
  return inPlace(one, shape, link(one.image_url, null));
}

// Decoration without words of its own: where it may not be fetched, nothing is missed.
export function icon(address) {
  return address && fetchesElsewhere && /^https:/i.test(address) ? h("img", { class: "tiny", src: address, alt: "" }) : null;
}

function shown(address, one, shape) {
  return h("img", { class: `picture ${shape}`, src: address, alt: one.alt_text });
}

function inPlace(one, shape, where) {
  return h("span", { class: `no-picture ${shape}`, role: "group", "aria-label": `Picture: ${one.alt_text}` },
    h("span", { class: "picture-sign", "aria-hidden": "true" }, drawing(SIGN)), h("span", { class: "picture-words" }, h("span", { class: "alt" }, one.alt_text), where));
}
