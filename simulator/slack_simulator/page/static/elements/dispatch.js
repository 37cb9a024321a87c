// What elements do when somebody uses them. `context` says what acting means:
// act(element, block, value) answers what to say if it failed, complain(block, words) says it where the person looks,
// draft and setDraft hold values, options(element, block, typed) asks the app, directory and pictures know the workspace.

import { openAway } from "../text/addresses.js";
import { confirmed } from "./confirm.js";
import { busy } from "./feedback.js";

// Opens the address that comes with it, hands the action to the app, and says what went wrong with either.
export async function tell(one, block, context, value, control, address = null) {
  const unopened = address ? openAway(address) : "";
  context.complain(block, unopened);
  await busy(control, async () => {
    const failure = await context.act(one, block, value);
    context.complain(block, [unopened, failure].filter(Boolean).join(" "));
  });
}

// A choice that the person does not confirm is taken back; `undo` shows what was chosen before.
export async function chosen(one, block, context, value, field, undo = () => {}) {
  const before = context.draft(block, one);
  context.setDraft(block, one, value);
  if (block.type === "input" && !block.dispatch_action) return;
  if (one.confirm && !(await confirmed(one.confirm))) {
    context.setDraft(block, one, before);
    undo(before);
    return;
  }
  await tell(one, block, context, value, field);
}
