// Files in messages: pictures are shown, anything else is a card with its name, kind and size.

import { drawing, h } from "../base/dom.js";

export function sizeOf(bytes) {
  if (!Number.isFinite(bytes)) return "";
  if (bytes < 1024) return `${bytes} bytes`;
  const unit = bytes < 1024 * 1024 ? ["kB", 1024] : ["MB", 1024 * 1024];
  return `${(bytes / unit[1]).toFixed(1)} ${unit[0]}`;
}

// Only addresses of this workspace are fetched: a file's link comes from the app. The page may go by another of this
// machine's names than the link.
function local(url) {
  const found = url ? new URL(url, location.href) : null;
  return found?.port === location.port && found.pathname.startsWith("/files-pri/") ? found.pathname + found.search : null;
}

export function shownFiles(files) {
  if (!files?.length) return null;
  return h("div", { class: "files" }, files.map((file) => {
    const url = local(file.url_private);
    const name = file.title || file.name || file.id;
    if (url && file.mimetype?.startsWith("image/")) {
      return h("figure", { class: "file image" }, h("figcaption", {}, name), h("a", { href: url, target: "_blank", rel: "noopener" }, h("img", { src: url, alt: file.alt_txt || name, loading: "lazy" })));
    }
    const about = [file.pretty_type || file.filetype?.toUpperCase(), sizeOf(file.size)].filter(Boolean).join(" · ");
    const words = [h("b", {}, name), h("small", {}, about)];
    const sign = h("span", { class: "file-sign", "aria-hidden": "true" }, drawing("M5 2h7l4 4v12H5zM12 2v4h4"));
    return url ? h("a", { class: "file", href: url, target: "_blank", rel: "noopener", download: file.name }, sign, h("span", {}, words))
      : h("div", { class: "file" }, sign, h("span", {}, words));
  }));
}
