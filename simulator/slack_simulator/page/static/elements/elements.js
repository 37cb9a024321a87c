// Interactive elements of Block Kit, by their types. dispatch.js says what `context` is.

import { h } from "../base/dom.js";
import { picture } from "../text/pictures.js";
import { button, overflow } from "./buttons.js";
import { directorySelect, radioButtons, several, staticSelect } from "./choices.js";
import { filePicker, momentPicker, picker, richTextInput, textInput } from "./entries.js";
import { channels, choiceEntries, conversations, options, people } from "./options.js";
import { external, severalOf } from "./searches.js";

export function element(one, block, context, labels = {}) {
  const render = RENDERERS[one.type];
  if (render) return render(one, block, context, labels);
  return h("span", { class: "unknown" }, `[${one.type}]`);
}

const RENDERERS = {
  button,
  workflow_button: button,
  image: (one, block, context) => picture(one, context.pictures, "square"),
  overflow,
  static_select: staticSelect,
  external_select: external(false),
  multi_external_select: external(true),
  users_select: directorySelect(people),
  channels_select: directorySelect(channels),
  conversations_select: directorySelect(conversations),
  multi_static_select: severalOf(options),
  multi_users_select: severalOf(people),
  multi_channels_select: severalOf(channels),
  multi_conversations_select: severalOf(conversations),
  checkboxes: several(choiceEntries),
  radio_buttons: radioButtons,
  datepicker: picker("date"),
  timepicker: picker("time"),
  datetimepicker: momentPicker,
  plain_text_input: textInput("text"),
  email_text_input: textInput("email"),
  url_text_input: textInput("url"),
  number_input: textInput("number"),
  rich_text_input: richTextInput,
  file_input: filePicker,
};
