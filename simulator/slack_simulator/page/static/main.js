// The page: which conversation is open, what changed, and what the person types.

import { act, ask, me } from "./base/api.js";
import { byId } from "./base/dom.js";
import { notice } from "./base/notice.js";
import { setDirectory } from "./memory/directory.js";
import { setOffered } from "./memory/offered.js";
import { markRead } from "./memory/read.js";
import { composer, shortcutButton } from "./page/composer.js";
import { refreshFaults } from "./page/faults.js";
import { showHome } from "./page/home.js";
import { refreshInspector } from "./page/inspector.js";
import { Log } from "./page/messages.js";
import { refreshModal } from "./page/modal.js";
import { isDirect, showSidebar } from "./page/sidebar.js";
import { setNames } from "./text/mrkdwn.js";

const PAGE = 100;
const PANELS = ["thread", "inspector", "faults"];
const state = { channel: null, limit: PAGE, thread: null, workspace: null };
const channelLog = new Log(byId("messages"), { inThread: false, openThread });
const threadLog = new Log(byId("thread-messages"), { inThread: true, openThread: null });

// ---- what is shown

async function refresh() {
  const workspace = await ask("workspace");
  if (!workspace.ok) return;
  state.workspace = workspace;
  setNames(new Map([...workspace.people.map((one) => [one.slack_id, one.name]), ...workspace.channels.filter((one) => !isDirect(one)).map((one) => [one.id, one.name]),
    ...workspace.usergroups.map((one) => [one.id, one.handle])]));
  setDirectory(workspace);
  setOffered(workspace);
  state.channel ??= startingChannel(workspace);
  showConnections(workspace.connections);
  const views = await refreshModal();
  if (state.channel === "home") showHome(views.home ?? null, workspace.app);
  await showMessages();
  showTop();
  showSidebar(workspace, state.channel, open);
  if (!byId("inspector").hidden) await refreshInspector();
  await refreshFaults(workspace);
}

function startingChannel(workspace) {
  const wanted = document.body.dataset.channel.replace(/^#/, "");
  if (wanted === "home" || wanted === "dm") return wanted;
  const found = workspace.channels.find((one) => one.id === wanted || one.name === wanted);
  return (found ?? workspace.channels.find((one) => !isDirect(one)) ?? { id: "home" }).id;
}

// The id of the open conversation; that with the app is known by "home" and "dm" too.
function conversationId() {
  if (state.channel !== "home" && state.channel !== "dm") return state.channel;
  return state.workspace.channels.find((one) => one.is_im && one.user === state.workspace.app.user)?.id ?? "dm";
}

async function showMessages() {
  const channel = conversationId();
  const { limit, thread } = state;
  const answer = await ask("messages", { channel, limit, top: 1 });
  if (!answer.ok || channel !== conversationId()) return;
  channelLog.show(channel, answer.messages, answer.has_more ? loadEarlier : null);
  const newest = answer.messages.at(-1);
  if (newest && state.channel !== "home") markRead(newest.channel, newest.ts);
  if (thread === null) return;
  const replies = await ask("messages", { channel, thread_ts: thread });
  if (replies.ok && thread === state.thread) threadLog.show(thread, replies.messages);
}

// Earlier messages come in above those that are shown, which stay where they are. Whoever asks while they are on their
// way waits for the same ones.
function loadEarlier() {
  loadingEarlier ??= (async () => {
    state.limit += PAGE;
    wanted();
    while (running) await running;
  })().finally(() => { loadingEarlier = null; });
  return loadingEarlier;
}

function showTop() {
  const { workspace, channel } = state;
  const isApp = channel === "home" || channel === "dm";
  const found = workspace.channels.find((one) => one.id === channel);
  const name = isApp ? workspace.app.name : found ? (isDirect(found) ? found.name : `# ${found.name}`) : channel.replace(/^@/, "");
  byId("conversation-name").textContent = name;
  document.title = `${name.replace("# ", "#")} · ${workspace.team.name} (simulator)`;
  const count = found && !found.is_im ? `${found.members.length} members` : "";
  byId("conversation-about").textContent = [found?.topic, count, found?.is_ext_shared ? "shared with another organisation" : ""].filter(Boolean).join(" · ");
  byId("home-tabs").hidden = !isApp;
  byId("tab-home").hidden = !workspace.app.has_home_tab;
  byId("tab-messages").hidden = !workspace.app.has_messages_tab;
  for (const [id, target] of [["tab-home", "home"], ["tab-messages", "dm"]]) {
    byId(id).setAttribute("aria-selected", String(channel === target));
    byId(id).tabIndex = channel === target ? 0 : -1;
  }
  byId("home").hidden = channel !== "home";
  byId("messages").hidden = channel === "home";
  const other = workspace.people.find((one) => `@${one.name}` === channel || (found?.is_im && one.slack_id === found.user));
  const isReadOnly = workspace.app.is_messages_tab_read_only && (channel === "dm" || (found?.is_im && found.user === workspace.app.user));
  byId("composer").hidden = channel === "home" || (isApp && !workspace.app.has_messages_tab) || isReadOnly || Boolean(other?.deleted);
  byId("thread-composer").hidden = byId("composer").hidden;
  if (other?.deleted) byId("conversation-about").textContent = "This account is deactivated: it gets no messages any more.";
  if (isReadOnly) byId("conversation-about").textContent = "Sending messages to this app is turned off.";
  const hint = matchMedia("(min-width: 800px)").matches ? ", or type / for a command" : "";
  byId("composer-text").placeholder = `Message ${name.replace("# ", "#")}${hint}`;
}

function showConnections(count) {
  const sign = byId("connections");
  sign.textContent = count === 0 ? "app not connected" : count === 1 ? "app connected" : `app connected ×${count}`;
  sign.classList.toggle("none", count === 0);
}

// ---- moving about

function open(target) {
  state.channel = target;
  state.limit = PAGE;
  showPanel(null);
  document.body.classList.remove("sidebar-open");
  byId("open-sidebar").setAttribute("aria-expanded", "false");
  const url = new URL(location.href);
  url.searchParams.set("as", me);
  url.searchParams.set("channel", target);
  url.searchParams.delete("ts");
  history.replaceState(null, "", url);
  byId("second-tab").href = url.href;
  notice("");
  if (target === "home") act("home");
  wanted();
  if (target !== "home" && matchMedia("(min-width: 800px)").matches) byId("composer-text").focus();
}

function openThread(ts) {
  state.thread = ts;
  showPanel("thread");
  wanted().then(() => byId(byId("thread-composer").hidden ? "thread" : "thread-text").focus());
}

// At most one panel stands beside the conversation; null closes it. Focus goes into a panel and back to its button.
function showPanel(name) {
  const had = PANELS.find((one) => byId(one).contains(document.activeElement));
  for (const one of PANELS) {
    byId(one).hidden = one !== name;
    byId(`toggle-${one}`)?.setAttribute("aria-expanded", String(one === name));
  }
  if (name !== "thread") {
    const left = state.thread;
    state.thread = null;
    if (had === "thread" && left) document.querySelector(`#messages [data-ts="${CSS.escape(left)}"]`)?.focus({ preventScroll: true });
  }
  if (had && had !== name) byId(`toggle-${had}`)?.focus();
  if (name !== null && name !== "thread") byId(name).focus();
  wanted();
}

// A permalink's message, loaded if it is an earlier one, or in the panel of its thread.
async function showLinked(query) {
  const ts = query.get("ts");
  if (!ts) return;
  const thread = query.get("thread_ts");
  const log = byId(thread ? "thread-messages" : "messages");
  if (thread) {
    openThread(thread);
    while (running) await running;
  }
  const find = () => log.querySelector(`[data-ts="${CSS.escape(ts)}"]`);
  while (!thread && find() === null && log.querySelector(".earlier") !== null) await loadEarlier();
  find()?.scrollIntoView({ block: "center" });
  find()?.classList.add("linked");
}

// ---- staying up to date: one refresh at a time, and one more if something changed meanwhile

let running = null;
let again = false;
let loadingEarlier = null;

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
for (const panel of PANELS) {
  byId(`toggle-${panel}`)?.addEventListener("click", () => showPanel(byId(panel).hidden ? panel : null));
  byId(`close-${panel}`).addEventListener("click", () => showPanel(null));
  byId(panel).addEventListener("keydown", (event) => { if (event.key === "Escape" && !event.defaultPrevented) showPanel(null); });
}
byId("messages").addEventListener("scroll", (event) => {
  const { scrollTop, scrollHeight, clientHeight } = event.target;
  if (scrollTop < 40 && scrollHeight > clientHeight && event.target.querySelector(".earlier") !== null) loadEarlier();
}, { passive: true });
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
composer("composer", "composer-text", () => ({ channel: conversationId() }));
composer("thread-composer", "thread-text", () => ({ channel: conversationId(), thread_ts: state.thread }));
shortcutButton();
await wanted();
if (state.channel === "home") act("home");
await showLinked(new URLSearchParams(location.search));
listen();
