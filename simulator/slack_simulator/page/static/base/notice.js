// One line below the composer: what just went wrong, or goes on.

import { byId } from "./dom.js";

export function notice(words) {
  byId("composer-note").textContent = words;
}
