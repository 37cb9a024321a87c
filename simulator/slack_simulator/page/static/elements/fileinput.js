// file_input: the person's files go to the workspace at once, the state holds what it says of them.

import { act, said } from "../base/api.js";
import { h } from "../base/dom.js";
import { sizeOf } from "../text/files.js";

const LARGEST_BYTES = 2 * 1024 * 1024;

export function fileInput({ one, attributes, chosen, change }) {
  let files = [...chosen];
  const list = h("ul", { class: "chosen-files" });
  const note = h("p", { class: "hint", role: "status" });
  const most = one.max_files ?? 10;
  const field = h("input", {
    type: "file", class: "text-field", ...attributes, multiple: most > 1 ? true : null,
    accept: (one.filetypes ?? []).map((type) => `.${type}`).join(",") || null,
    onchange: async () => {
      for (const file of [...field.files]) await take(file);
      field.value = "";
    },
  });
  const take = async (file) => {
    const type = file.name.split(".").at(-1).toLowerCase();
    if (files.length >= most) return complain(`At most ${most} files.`);
    if (one.filetypes?.length && !one.filetypes.includes(type)) return complain(`${file.name} is not one of: ${one.filetypes.join(", ")}.`);
    if (file.size > LARGEST_BYTES) return complain(`${file.name} is larger than ${sizeOf(LARGEST_BYTES)}.`);
    complain("Uploading…");
    const answer = await act("file", { name: file.name, mimetype: file.type, content: await base64(file) });
    if (!answer.ok) return complain(said(answer));
    complain("");
    files = [...files, answer.file];
    show();
    return change(files, field);
  };
  const complain = (words) => { note.textContent = words; };
  const drop = (file) => {
    files = files.filter((kept) => kept.id !== file.id);
    show();
    change(files, field);
    field.focus();
  };
  const show = () => list.replaceChildren(...files.map((file) => h("li", {}, h("span", {}, `${file.name} (${sizeOf(file.size)})`),
    h("button", { type: "button", class: "chip-drop", "aria-label": `Remove ${file.name}`, onclick: () => drop(file) }, "✕"))));
  show();
  return h("div", { class: "file-input" }, field, list, note);
}

async function base64(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let binary = "";
  for (let from = 0; from < bytes.length; from += 8192) binary += String.fromCharCode(...bytes.subarray(from, from + 8192));
  return btoa(binary);
}
