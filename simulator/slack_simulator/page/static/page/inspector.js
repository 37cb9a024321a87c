// The inspector: each request, envelope and ack, newest first.

import { ask } from "../base/api.js";
import { byId, h } from "../base/dom.js";

const SHOWN = 200;
const MARKS = { api: "→", envelope: "←", ack: "✓", socket: "⇄", response_url: "↪", fault: "⚡" };
let last = 0;

export async function refreshInspector() {
  const list = byId("entries");
  const answer = await ask("inspector", { after: last });
  if (!answer.ok) return;
  for (const entry of answer.entries) {
    list.prepend(line(entry));
    last = Math.max(last, entry.number);
  }
  while (list.children.length > SHOWN) list.lastChild.remove();
}

// A method's name may go on below after its dot.
function breakable(name) {
  return name.split(/(?<=\.)/).flatMap((part, at) => (at ? [h("wbr"), part] : [part]));
}

function line(entry) {
  const time = new Date(entry.at * 1000).toISOString().slice(11, 23);
  const took = entry.took_ms === null ? "" : `${entry.took_ms} ms`;
  const detail = Object.fromEntries(Object.entries(entry.detail).filter(([, value]) => value !== null));
  return h("li", { class: entry.ok ? `kind-${entry.kind}` : "failed" }, h("details", {},
    h("summary", {}, h("span", { class: "mark", "aria-hidden": "true" }, entry.ok ? MARKS[entry.kind] ?? "·" : "✗"),
      h("span", { class: "entry-title" }, entry.kind === "envelope" && entry.detail.payload?.type ? `${entry.name} · ${entry.detail.payload.type}` : breakable(entry.name)),
      entry.kind === "fault" && entry.detail.did ? h("span", { class: "entry-kind" }, String(entry.detail.did)) : null,
      entry.detail.error ? h("span", { class: "entry-error" }, String(entry.detail.error)) : null,
      h("span", { class: "entry-kind" }, entry.kind), h("span", { class: "took" }, took), h("time", {}, time)),
    h("pre", {}, JSON.stringify(detail, null, 2))));
}
