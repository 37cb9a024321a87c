// Where the keyboard's focus goes when a dialog closes.

import { byId } from "./dom.js";

// Focus goes back to where it was, or to whatever has taken the place of that element meanwhile.
export function returning(dialog) {
  const from = document.activeElement;
  const ts = from?.closest("[data-ts]")?.dataset.ts;
  const action = from?.dataset.action;
  dialog.addEventListener("close", () => requestAnimationFrame(() => {
    if (document.activeElement !== document.body && document.activeElement !== null) return;
    const article = ts ? document.querySelector(`#conversation [data-ts="${CSS.escape(ts)}"]`) : null;
    const same = action ? (article ?? document).querySelector(`[data-action="${CSS.escape(action)}"]`) : null;
    (from?.isConnected && from !== document.body ? from : same ?? article ?? byId("composer-text")).focus({ preventScroll: true });
  }), { once: true });
}
