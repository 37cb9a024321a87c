// The page: which conversation is open, what changed, and what the person types.

import { act, ask, me, said } from "./api.js";
import { refreshModal } from "./dialogs.js";
import { setDirectory } from "./directory.js";
import { byId, h } from "./dom.js";
import { showHome } from "./home.js";
import { refreshInspector } from "./inspector.js";
import { Log, threaded } from "./messages.js";
import { setNames } from "./mrkdwn.js";
import { markRead, showSidebar } from "./sidebar.js";

const LAST = 100;
const state = { channel: null, thread: null, workspace: null };
const channelLog = new Log(byId("messages"), { inThread: false, openThread });
const threadLog = new Log(byId("thread-messages"), { inThread: true, openThread: null });

// ---- what is shown

async function refresh() {
  const workspace = await ask("workspace");
  if (!workspace.ok) return;
  state.workspace = workspace;
  setNames(new Map([...workspace.people.map((one) => [one.slack_id, one.name]), ...workspace.channels.filter((one) => !one.is_im).map((one) => [one.id, one.name])]));
  setDirectory(workspace);
  state.channel ??= startingChannel(workspace);
  showConnections(workspace.connections);
  const views = await refreshModal();
  if (state.channel === "home") showHome(views.home ?? null, workspace.app.name);
  await showMessages();
  showTop();
  showSidebar(workspace, state.channel, open);
  if (!byId("inspector").hidden) await refreshInspector();
}

function startingChannel(workspace) {
  const wanted = document.body.dataset.channel.replace(/^#/, "");
  if (wanted === "home" || wanted === "dm") return wanted;
  const found = workspace.channels.find((one) => one.id === wanted || one.name === wanted);
  return (found ?? workspace.channels.find((one) => !one.is_im) ?? { id: "home" }).id;
}

async function showMessages() {
  const channel = state.channel === "home" ? "dm" : state.channel;
  const answer = await ask("messages", { channel, limit: state.thread ? LAST * 5 : LAST });
  if (!answer.ok || channel !== (state.channel === "home" ? "dm" : state.channel)) return;
  const { top, replies } = threaded(answer.messages);
  channelLog.show(channel, top, replies);
  if (state.channel !== "home") {
    const newest = answer.messages.at(-1);
    if (newest) markRead(newest.channel, newest.ts);
  }
  byId("thread").hidden = state.thread === null;
  if (state.thread !== null) {
    const parent = answer.messages.filter((one) => one.ts === state.thread);
    threadLog.show(state.thread, [...parent, ...(replies.get(state.thread) ?? [])]);
  }
}

function showTop() {
  const { workspace, channel } = state;
  const isApp = channel === "home" || channel === "dm";
  const found = workspace.channels.find((one) => one.id === channel);
  const name = isApp ? workspace.app.name : found ? (found.is_im ? found.name : `# ${found.name}`) : channel.replace(/^@/, "");
  byId("conversation-name").textContent = name;
  document.title = `${name.replace("# ", "#")} · ${workspace.team.name} (simulator)`;
  const count = found && !found.is_im ? `${found.members.length} members` : "";
  byId("conversation-about").textContent = [found?.topic, count, found?.is_ext_shared ? "shared with another organisation" : ""].filter(Boolean).join(" · ");
  byId("home-tabs").hidden = !isApp;
  for (const [id, target] of [["tab-home", "home"], ["tab-messages", "dm"]]) {
    byId(id).setAttribute("aria-selected", String(channel === target));
    byId(id).tabIndex = channel === target ? 0 : -1;
  }
  byId("home").hidden = channel !== "home";
  byId("messages").hidden = channel === "home";
  byId("composer").hidden = channel === "home";
  byId("composer-text").placeholder = `Message ${isApp ? workspace.app.name : name.replace("# ", "#")}, or type / for a command`;
}

function showConnections(count) {
  const sign = byId("connections");
  sign.textContent = count === 0 ? "app not connected" : count === 1 ? "app connected" : `app connected ×${count}`;
  sign.classList.toggle("none", count === 0);
}

// ---- moving about

function open(target) {
  state.channel = target;
  state.thread = null;
  document.body.classList.remove("sidebar-open");
  byId("open-sidebar").setAttribute("aria-expanded", "false");
  const url = new URL(location.href);
  url.searchParams.set("as", me);
  url.searchParams.set("channel", target);
  url.searchParams.delete("ts");
  history.replaceState(null, "", url);
  byId("second-tab").href = url.href;
  byId("composer-note").textContent = "";
  if (target === "home") act("home");
  wanted();
  if (target !== "home" && matchMedia("(min-width: 800px)").matches) byId("composer-text").focus();
}

function openThread(ts) {
  state.thread = ts;
  toggleInspector(false);
  byId("thread").hidden = false;
  wanted().then(() => byId("thread-text").focus());
}

function toggleInspector(show) {
  byId("inspector").hidden = !show;
  byId("toggle-inspector").setAttribute("aria-expanded", String(show));
  if (show) {
    state.thread = null;
    byId("thread").hidden = true;
    wanted();
  }
}

// ---- typing

function composer(formId, textId, thread) {
  const form = byId(formId);
  const text = byId(textId);
  const grow = () => {
    text.style.height = "auto";
    text.style.height = `${Math.min(text.scrollHeight, 180)}px`;
  };
  text.addEventListener("input", () => { grow(); if (!thread) suggestCommands(text); });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const line = text.value.trim();
    if (!line) return;
    text.value = "";
    grow();
    byId("commands").hidden = true;
    const where = { channel: state.channel === "home" ? "dm" : state.channel, text: line };
    byId("composer-note").textContent = line.startsWith("/") ? `Sending ${line.split(" ")[0]}…` : "";
    const answer = await act("message", thread ? { ...where, thread_ts: state.thread } : where);
    byId("composer-note").textContent = answer.ok || line.startsWith("/") ? "" : said(answer.error);
    if (!answer.ok && line.startsWith("/") && !answer.error) text.value = line;
  });
}

function suggestCommands(text) {
  const list = byId("commands");
  const typed = text.value;
  const known = document.body.dataset.commands.split(" ").filter(Boolean);
  const fitting = typed.startsWith("/") && !typed.includes(" ") ? known.filter((one) => one.startsWith(typed) && one !== typed) : [];
  list.hidden = fitting.length === 0;
  list.replaceChildren(...fitting.map((one) => h("li", {}, h("button", { type: "button", onclick: () => {
    text.value = `${one} `;
    list.hidden = true;
    text.focus();
  } }, one))));
}

// ---- staying up to date: one refresh at a time, and one more if something changed meanwhile

let running = null;
let again = false;

function wanted() {
  if (running) {
    again = true;
    return running;
  }
  running = refresh().finally(() => {
    running = null;
    if (again) {
      again = false;
      wanted();
    }
  });
  return running;
}

function listen(pauseMs = 500) {
  const socket = new WebSocket(`ws://${location.host}/changes`);
  socket.addEventListener("message", () => { document.body.classList.remove("offline"); pauseMs = 500; wanted(); });
  socket.addEventListener("close", () => {
    document.body.classList.add("offline");
    byId("connections").textContent = "simulator stopped";
    setTimeout(() => listen(Math.min(pauseMs * 2, 5000)), pauseMs);
  });
}

byId("persona").addEventListener("change", (event) => {
  const channel = state.channel?.startsWith("D") || state.channel?.startsWith("@") ? "" : state.channel;
  location.search = new URLSearchParams({ as: event.target.value, ...(channel ? { channel } : {}) });
});
byId("toggle-inspector").addEventListener("click", () => toggleInspector(byId("inspector").hidden));
byId("close-inspector").addEventListener("click", () => toggleInspector(false));
byId("close-thread").addEventListener("click", () => { state.thread = null; byId("thread").hidden = true; });
byId("tab-home").addEventListener("click", () => open("home"));
byId("tab-messages").addEventListener("click", () => open("dm"));
byId("home-tabs").addEventListener("keydown", (event) => {
  if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
  open(state.channel === "home" ? "dm" : "home");
  byId(state.channel === "home" ? "tab-home" : "tab-messages").focus();
});
byId("open-sidebar").addEventListener("click", () => {
  const shown = document.body.classList.toggle("sidebar-open");
  byId("open-sidebar").setAttribute("aria-expanded", String(shown));
});
composer("composer", "composer-text", false);
composer("thread-composer", "thread-text", true);
await wanted();
if (state.channel === "home") act("home");
const linked = new URLSearchParams(location.search).get("ts");
if (linked) {
  const article = document.querySelector(`[data-ts="${CSS.escape(linked)}"]`);
  article?.scrollIntoView({ block: "center" });
  article?.classList.add("linked");
}
listen();
