// Block Kit to elements.

import { h, newId } from "../base/dom.js";
import { element } from "../elements/elements.js";
import { link, mrkdwn } from "../text/mrkdwn.js";
import { shownText, textOf } from "../text/objects.js";
import { picture } from "../text/pictures.js";
import { richText } from "../text/richtext.js";

export function renderBlocks(blocks, context) {
  return blocks.map((block) => {
    const render = RENDERERS[block.type];
    return render ? render(block, context) : h("p", { class: "unknown" }, `[${block.type}]`);
  });
}

function section(block, context) {
  const body = h("div", { class: "section-body" });
  if (block.text) body.append(h("div", { class: "section-text" }, shownText(block.text)));
  if (block.fields) body.append(h("div", { class: "fields" }, block.fields.map((field) => h("div", {}, shownText(field)))));
  if (!block.accessory) return h("div", { class: "block section" }, body);
  return h("div", { class: "block section" }, body, h("div", { class: "accessory" }, element(block.accessory, block, context)), failureLine(block));
}

// Where whoever tapped an element of the block is told what came of it, if it is nothing good.
function failureLine(block) {
  return h("span", { class: "failure", role: "alert", "data-failure-for": block.block_id });
}

function actions(block, context) {
  return h("div", { class: "block actions" }, block.elements.map((one) => element(one, block, context)),
    failureLine(block));
}

function contextBlock(block, context) {
  return h("div", { class: "block context" }, block.elements.map((one) => one.type === "image"
    ? picture(one, context.pictures, "tiny") : h("span", {}, shownText(one))));
}

function image(block, context) {
  return h("figure", { class: "block image" }, block.title ? h("figcaption", {}, textOf(block.title)) : null,
    picture(block, context.pictures, "wide"));
}

// The field's name, hint and error are tied to it for screen readers.
function input(block, context) {
  const id = newId("input");
  const hintId = `${id}-hint`;
  const errorId = `${id}-error`;
  const error = context.errors?.[block.block_id];
  const describedBy = [block.hint ? hintId : null, error ? errorId : null].filter(Boolean).join(" ") || null;
  const label = h("label", { for: id }, textOf(block.label), block.optional ? h("span", { class: "optional" }, " (optional)") : null);
  const field = element(block.element, block, context, { id, label: textOf(block.label), describedBy, required: !block.optional });
  const control = field.querySelector?.("[role=combobox], [role=textbox], [type=file]") ?? field;
  if (field.matches?.("fieldset")) field.setAttribute("aria-label", textOf(block.label));
  const hint = block.hint ? h("p", { class: "hint", id: hintId }, textOf(block.hint)) : null;
  const box = h("div", { class: "block input" }, label, field, hint, block.dispatch_action ? failureLine(block) : null);
  if (error) complain(box, field, control, h("p", { class: "error", id: errorId }, error));
  return box;
}

// The words stand below the field until somebody changes it.
function complain(box, field, control, words) {
  box.classList.add("has-error");
  control.setAttribute("aria-invalid", "true");
  field.after(words);
  box.addEventListener("input", () => {
    box.classList.remove("has-error");
    control.removeAttribute("aria-invalid");
    words.remove();
  }, { once: true });
}

// Enough of Markdown for what apps put into a markdown block: headings, bold, and mrkdwn for the rest.
function markdown(block) {
  const parts = block.text.split(/\n(?=#{1,6} )|(?<=^#{1,6} [^\n]*)\n/m).filter((part) => part.trim() !== "");
  return h("div", { class: "block markdown" }, parts.map((part) => {
    const heading = /^(#{1,6}) (.*)$/.exec(part);
    if (heading) return h("h4", {}, heading[2]);
    const asMrkdwn = part.replace(/\*\*(.+?)\*\*/g, "*$1*").replace(/\[([^\]]+)\]\(([^)]+)\)/g, "<$2|$1>").replace(/^[-*] /gm, "• ");
    return h("div", {}, mrkdwn(asMrkdwn));
  }));
}

function table(block) {
  const cell = (one, tag) => h(tag, {}, one.type === "rich_text" ? richText(one) : one.text ?? "");
  const [first, ...rest] = block.rows;
  return h("div", { class: "block table", tabindex: "0", role: "region", "aria-label": "Table" }, h("table", {},
    h("thead", {}, h("tr", {}, (first ?? []).map((one) => cell(one, "th")))),
    h("tbody", {}, rest.map((row) => h("tr", {}, row.map((one) => cell(one, "td")))))));
}

// Feedback and icon buttons below an answer.
function contextActions(block, context) {
  const shown = (block.elements ?? []).flatMap((one) => one.type === "feedback_buttons"
    ? [one.positive_button, one.negative_button].map((button) => ({ ...button, type: "button", action_id: one.action_id })) : [{ ...one, type: "button" }]);
  return actions({ ...block, elements: shown }, context);
}

const RENDERERS = {
  section,
  actions,
  context: contextBlock,
  image,
  input,
  markdown,
  table,
  context_actions: contextActions,
  file: (block) => h("p", { class: "block context" }, `Remote file ${block.external_id}`),
  divider: () => h("hr", { class: "block divider" }),
  header: (block) => h("h3", { class: "block header" }, textOf(block.text)),
  rich_text: (block) => h("div", { class: "block" }, richText(block)),
  video: (block) => h("p", { class: "block" }, link(block.video_url, textOf(block.title))),
};
