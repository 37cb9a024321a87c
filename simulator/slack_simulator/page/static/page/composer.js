// Where people type: messages and slash commands, with what the app offers after a slash, and its global shortcuts.

import { act, said } from "../base/api.js";
import { byId, h } from "../base/dom.js";
import { notice } from "../base/notice.js";
import { showMenu } from "../elements/menu.js";
import { commandsLike, shortcutsOf } from "../memory/offered.js";

// where() names the conversation, and the thread if it is one.
export function composer(formId, textId, where) {
  const form = byId(formId);
  const text = byId(textId);
  const commands = form.querySelector(".commands") ? new Commands(form.querySelector(".commands"), text) : null;
  const grow = () => {
    text.style.height = "auto";
    text.style.height = `${Math.min(text.scrollHeight, 180)}px`;
  };
  text.addEventListener("input", () => { grow(); commands?.look(); });
  text.addEventListener("keydown", (event) => {
    if (commands?.takes(event)) return;
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
    commands?.close();
    const isCommand = line.startsWith("/");
    notice(isCommand ? `Sending ${line.split(" ")[0]}…` : "");
    const answer = await act("message", { ...where(), text: line });
    notice(answer.ok || isCommand ? "" : said(answer));
    if (!answer.ok && isCommand && !answer.error) text.value = line;
  });
}

// The list above the composer: arrows choose, Tab completes, Escape closes; Enter sends the line as it stands.
class Commands {
  constructor(list, text) {
    Object.assign(this, { list, text, found: [], marked: -1 });
  }

  look() {
    const typed = this.text.value;
    this.found = typed.startsWith("/") && !/\s/.test(typed) ? commandsLike(typed).filter((one) => one.command !== typed) : [];
    this.list.replaceChildren(...this.found.map((one, at) => h("li", {
      id: `command-${at}`, role: "option", onmousedown: (event) => { event.preventDefault(); this.complete(one); },
    }, h("b", {}, one.command), one.usage_hint ? h("span", {}, ` ${one.usage_hint}`) : null, one.description ? h("small", {}, one.description) : null)));
    this.list.hidden = this.found.length === 0;
    this.mark(this.found.length ? 0 : -1);
  }

  mark(index) {
    this.marked = index;
    [...this.list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === index)));
    if (index < 0) this.text.removeAttribute("aria-activedescendant");
    else this.text.setAttribute("aria-activedescendant", this.list.children[index].id);
  }

  takes(event) {
    if (this.list.hidden || event.isComposing) return false;
    const last = this.found.length - 1;
    if (event.key === "ArrowDown") this.mark(this.marked >= last ? 0 : this.marked + 1);
    else if (event.key === "ArrowUp") this.mark(this.marked <= 0 ? last : this.marked - 1);
    else if (event.key === "Tab" && !event.shiftKey) this.complete(this.found[this.marked]);
    else if (event.key === "Escape") this.close();
    else return false;
    event.preventDefault();
    return true;
  }

  complete(one) {
    this.text.value = `${one.command} `;
    this.close();
    this.text.focus();
  }

  close() {
    this.list.hidden = true;
    this.text.removeAttribute("aria-activedescendant");
  }
}

export function shortcutButton() {
  byId("shortcuts").addEventListener("click", (event) => {
    const offered = shortcutsOf("global");
    showMenu(event.currentTarget, "Shortcuts", [{ heading: "Shortcuts" },
      ...(offered.length ? offered.map((one) => ({ label: one.name, note: one.description, act: () => use(one) }))
        : [{ label: "The app offers none", note: "A manifest lists them under features.shortcuts", disabled: true }])]);
  });
}

async function use(shortcut) {
  const answer = await act("shortcut", { callback_id: shortcut.callback_id });
  notice(answer.ok ? "" : said(answer));
}
