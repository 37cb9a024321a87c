// What a person is told of what they did: that it is on its way, and what went wrong with it.

// Says it below the block in each of these places; no words take away what was said before.
export function complainIn(places, block, words) {
  for (const place of places) {
    const line = place.querySelector(`[data-failure-for="${CSS.escape(block.block_id)}"]`);
    if (line) line.textContent = words ? `⚠ ${words}` : "";
  }
}

// While the app has not acked, the control says so to eyes and ears.
export async function busy(control, work) {
  control.classList.add("waiting");
  control.setAttribute("aria-busy", "true");
  try {
    await work();
  } finally {
    control.classList.remove("waiting");
    control.removeAttribute("aria-busy");
  }
}
