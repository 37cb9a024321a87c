// A kitchen that takes orders, in the usual shape of Bolt for JavaScript. It knows Slack's API url and nothing else.
//
//   node kitchen.js socket | http PORT

const fs = require("node:fs");
const path = require("node:path");
const { App } = require("@slack/bolt");

const KITCHEN = JSON.parse(fs.readFileSync(path.join(__dirname, "..", "kitchen.json"), "utf8"));
const [mode, port] = process.argv.slice(2);

function filled(name, text = "none") {
  return JSON.parse(JSON.stringify(KITCHEN[name]).replaceAll("{text}", text));
}

const app = new App({
  token: process.env.SLACK_BOT_TOKEN,
  signingSecret: process.env.SLACK_SIGNING_SECRET,
  appToken: process.env.SLACK_APP_TOKEN,
  socketMode: mode === "socket",
  clientOptions: { slackApiUrl: process.env.SLACK_API_URL },
  extendedErrorHandler: true,
});

app.error(async ({ error, body }) => {
  const { message } = error.original ?? error;
  await app.client.chat.postMessage({ channel: body.channel_id, text: `The kitchen broke: ${message}` });
});

app.command("/order", async ({ ack, body, client }) => {
  await ack();
  const view = { ...filled("order"), private_metadata: body.channel_id };
  await client.views.open({ trigger_id: body.trigger_id, view });
});

app.command("/echo", async ({ ack, command }) => {
  await ack(`echo ${command.text}`);
});

app.command("/shout", async ({ ack, command }) => {
  await ack({ text: `shout ${command.text}`, response_type: "in_channel" });
});

app.command("/whisper", async ({ ack, respond, command }) => {
  await ack();
  await respond(`whisper ${command.text}`);
});

app.command("/announce", async ({ ack, say, command }) => {
  await ack();
  await say(`announce ${command.text}`);
});

app.command("/broken", async () => {
  throw new Error("out of gas");
});

app.command("/slow", async ({ say }) => {
  await say("thinking");
});

app.command("/recipe", async ({ ack, command, client }) => {
  await ack();
  const about = { filename: "stew.txt", title: "Stew", initial_comment: "recipe follows" };
  await client.filesUploadV2({ channel_id: command.channel_id, content: "onions, first", ...about });
});

app.command("/later", async ({ ack, command, client }) => {
  await ack();
  const post_at = Math.floor(Date.now() / 1000) + 60;
  await client.chat.scheduleMessage({ channel: command.channel_id, post_at, text: "later has come" });
});

app.command("/who", async ({ ack, client, say }) => {
  await ack();
  const names = [];
  for await (const page of client.paginate("users.list", { limit: 2 })) {
    names.push(...page.members.map((user) => user.name));
  }
  await say(`here are ${names.sort().join(" ")}`);
});

app.options("dish", async ({ ack, payload }) => {
  const found = KITCHEN.dishes.filter((dish) => dish.startsWith(payload.value));
  await ack({ options: found.map((dish) => ({ text: { type: "plain_text", text: dish }, value: dish })) });
});

app.view("order", async ({ ack, body, view, client }) => {
  const { values } = view.state;
  const dish = values.dish.dish.selected_option.value;
  const size = values.size.size.selected_option.value;
  const channel = view.private_metadata;
  const note = view.blocks[2].text.text;
  const text = `${size} ${dish} for <@${body.user.id}> (${note})`;
  if (dish === "soup") {
    await ack({ response_action: "errors", errors: { dish: "No soup today" } });
  } else if (size === "huge") {
    await ack({ response_action: "update", view: filled("confirm", `${channel} ${text}`) });
  } else if (size === "large") {
    await ack({ response_action: "push", view: filled("confirm", `${channel} ${text}`) });
  } else {
    await ack();
    await client.chat.postMessage({ channel, text, blocks: filled("card", text) });
  }
});

app.view("confirm", async ({ ack, view, client }) => {
  await ack({ response_action: "clear" });
  const [, channel, text] = /^(\S+) (.*)$/s.exec(view.private_metadata);
  await client.chat.postMessage({ channel, text, blocks: filled("card", text) });
});

app.action("add_note", async ({ ack, body, client }) => {
  await ack();
  const view = { ...filled("note"), private_metadata: body.view.private_metadata };
  await client.views.push({ trigger_id: body.trigger_id, view });
});

app.view("note", async ({ ack, view, client }) => {
  await ack();
  const words = view.state.values.note.note.value;
  const changed = { ...filled("order", words), private_metadata: view.private_metadata };
  await client.views.update({ view_id: view.root_view_id, view: changed });
});

app.view({ callback_id: "order", type: "view_closed" }, async ({ ack, body, view, client }) => {
  await ack();
  const text = `<@${body.user.id}> threw an order away, all at once: ${body.is_cleared}`;
  await client.chat.postMessage({ channel: view.private_metadata, text });
});

app.action("cook", async ({ ack, body, action, client, say }) => {
  await ack();
  const text = `${action.value} cooked by <@${body.user.id}>`;
  await client.chat.update({ channel: body.channel.id, ts: body.message.ts, text, blocks: [] });
  await say({ text: "In the oven", thread_ts: body.message.ts });
});

app.action({ block_id: "decide", action_id: "drop" }, async ({ ack, respond }) => {
  await ack();
  await respond({ delete_original: true });
});

app.action(/^port/, async ({ ack, action, respond }) => {
  await ack();
  await respond({ text: `portion ${action.selected_option.value}`, replace_original: false });
});

app.event("app_home_opened", async ({ event, client }) => {
  await client.views.publish({ user_id: event.user, view: filled("home", "not counted") });
});

app.action("count", async ({ ack, body, client }) => {
  await ack();
  await client.views.publish({ user_id: body.user.id, view: filled("home", "many"), hash: body.view.hash });
});

app.message("hello kitchen", async ({ message, say, client }) => {
  await client.reactions.add({ channel: message.channel, timestamp: message.ts, name: "wave" });
  await say(`Hello <@${message.user}>`);
});

app.event("app_mention", async ({ event, say }) => {
  await say({ text: "You called?", thread_ts: event.ts });
});

app.event("user_change", async ({ event, client }) => {
  const { name, deleted } = event.user;
  await client.chat.postMessage({ channel: "#general", text: `${name} left: ${deleted}` });
});

app.shortcut("new_order", async ({ ack, shortcut, client }) => {
  await ack();
  const view = { ...filled("order"), private_metadata: "C0GENERAL" };
  await client.views.open({ trigger_id: shortcut.trigger_id, view });
});

app.shortcut({ type: "message_action", callback_id: "cook_this" }, async ({ ack, shortcut, client, respond }) => {
  await ack();
  const { channel, message } = shortcut;
  await client.chat.postMessage({ channel: channel.id, thread_ts: message.ts, text: `Cooking: ${message.text}` });
  await respond("Only you know");
});

app.start(mode === "http" ? { host: "127.0.0.1", port: Number(port) } : undefined);
