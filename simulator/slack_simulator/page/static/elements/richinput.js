// rich_text_input: a field with bold, italic, strike, code, lists and quotes, held as a rich_text block.

import { h } from "../base/dom.js";
import { richText } from "../text/richtext.js";

const TOOLS = [
  ["bold", "Bold", "B"], ["italic", "Italic", "I"], ["strikeThrough", "Strikethrough", "S"],
  ["insertUnorderedList", "Bulleted list", "•"], ["insertOrderedList", "Ordered list", "1."], ["formatBlock", "Quote", "❝"],
];

export function richInput({ attributes, value, placeholder, change }) {
  const field = h("div", {
    class: "text-field rich-field", contenteditable: "true", role: "textbox", "aria-multiline": "true", ...attributes,
    "data-placeholder": placeholder,
    oninput: () => change(blockOf(field), field),
    onpaste: (event) => {
      event.preventDefault();
      document.execCommand("insertText", false, event.clipboardData.getData("text/plain"));
    },
  });
  if (value) field.append(...richText(value).childNodes);
  const tools = h("div", { class: "rich-tools", role: "toolbar", "aria-label": "Formatting" }, TOOLS.map(([command, name, sign]) =>
    h("button", { type: "button", class: `rich-tool ${command}`, "aria-label": name, title: name, onmousedown: (event) => event.preventDefault(),
      onclick: () => {
        field.focus();
        document.execCommand(command, false, command === "formatBlock" ? "blockquote" : null);
        change(blockOf(field), field);
      } }, sign)));
  return h("div", { class: "rich-input" }, tools, field);
}

// The field's content as a rich_text block; null if there is nothing in it.
function blockOf(field) {
  if (field.textContent.trim() === "") return null;
  const elements = [];
  let line = [];
  const flush = () => {
    if (line.length) elements.push({ type: "rich_text_section", elements: line });
    line = [];
  };
  for (const node of field.childNodes) {
    const tag = node.nodeName;
    if (tag === "UL" || tag === "OL") {
      flush();
      elements.push({ type: "rich_text_list", style: tag === "UL" ? "bullet" : "ordered", indent: 0, border: 0,
        elements: [...node.children].map((item) => ({ type: "rich_text_section", elements: runs(item) })) });
    } else if (tag === "BLOCKQUOTE") {
      flush();
      elements.push({ type: "rich_text_quote", elements: runs(node) });
    } else if (tag === "DIV" || tag === "P") {
      if (line.length) line.push({ type: "text", text: "\n" });
      line.push(...runs(node));
    } else line.push(...runs(node));
  }
  flush();
  return { type: "rich_text", elements };
}

const STYLES = { B: "bold", STRONG: "bold", I: "italic", EM: "italic", S: "strike", STRIKE: "strike", CODE: "code" };

function runs(node, style = {}) {
  if (node.nodeType === Node.TEXT_NODE) {
    if (node.data === "") return [];
    return [{ type: "text", text: node.data, ...(Object.keys(style).length ? { style } : {}) }];
  }
  if (node.nodeName === "BR") return [{ type: "text", text: "\n" }];
  const name = STYLES[node.nodeName];
  return [...node.childNodes].flatMap((child) => runs(child, name ? { ...style, [name]: true } : style));
}
