// What the elements of a view, a modal or the App Home, act by and remember in.

import { act, said } from "../base/api.js";
import { complainIn } from "../elements/feedback.js";
import { directory } from "../memory/directory.js";
import { heldValue } from "../memory/held.js";

// How elements of a view act and remember; `place` is where the view stands. App Home uses it too.
export function viewContext(view, memory, place) {
  return {
    directory,
    pictures: view.pictures,
    complain: (block, words) => complainIn([place], block, words),
    draft: (block, one) => memory.get(block, one) ?? heldValue(view.state.values[block.block_id]?.[one.action_id]),
    setDraft: (block, one, value) => memory.set(block, one, value),
    act: async (one, block, value) => {
      const answer = await act("action", {
        view_id: view.id, block_id: block.block_id, action_id: one.action_id, value, state: memory.values(view),
      });
      return answer.ok ? "" : said(answer);
    },
    options: (one, block, typed) => act("options", { view_id: view.id, block_id: block.block_id, action_id: one.action_id, value: typed }),
  };
}
