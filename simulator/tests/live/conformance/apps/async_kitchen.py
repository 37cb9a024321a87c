"""A kitchen that takes orders, in Bolt's usual asynchronous shape. It knows Slack's API url and nothing else.

python async_kitchen.py socket | http PORT
"""

import asyncio
import json
import os
import re
import sys
import time
from pathlib import Path

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

KITCHEN = json.loads((Path(__file__).parents[1] / "kitchen.json").read_text())


def filled(name, text="none"):
    return json.loads(json.dumps(KITCHEN[name]).replace("{text}", text))


app = AsyncApp(
    client=AsyncWebClient(token=os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"]),
    signing_secret=os.environ["SLACK_SIGNING_SECRET"],
)


@app.error
async def broke(error, body, client):
    await client.chat_postMessage(channel=body["channel_id"], text=f"The kitchen broke: {error}")


@app.command("/order")
async def order_command(ack, body, client):
    await ack()
    view = filled("order") | {"private_metadata": body["channel_id"]}
    await client.views_open(trigger_id=body["trigger_id"], view=view)


@app.command("/echo")
async def echo(ack, command):
    await ack(f"echo {command['text']}")


@app.command("/shout")
async def shout(ack, command):
    await ack(text=f"shout {command['text']}", response_type="in_channel")


@app.command("/whisper")
async def whisper(ack, respond, command):
    await ack()
    await respond(f"whisper {command['text']}")


@app.command("/announce")
async def announce(ack, say, command):
    await ack()
    await say(f"announce {command['text']}")


@app.command("/broken")
async def broken():
    raise RuntimeError("out of gas")


@app.command("/slow")
async def slow(say):
    await say("thinking")


@app.command("/recipe")
async def recipe(ack, command, client):
    await ack()
    about = {"filename": "stew.txt", "title": "Stew", "initial_comment": "recipe follows"}
    await client.files_upload_v2(channel=command["channel_id"], content="onions, first", **about)


@app.command("/later")
async def later(ack, command, client):
    await ack()
    post_at = int(time.time()) + 60
    await client.chat_scheduleMessage(channel=command["channel_id"], post_at=post_at, text="later has come")


@app.command("/who")
async def who(ack, client, say):
    await ack()
    names = [user["name"] async for page in await client.users_list(limit=2) for user in page["members"]]
    await say(f"here are {' '.join(sorted(names))}")


@app.options("dish")
async def dishes(ack, payload):
    found = [dish for dish in KITCHEN["dishes"] if dish.startswith(payload["value"])]
    await ack(options=[{"text": {"type": "plain_text", "text": dish}, "value": dish} for dish in found])


@app.view("order")
async def order(ack, body, view, client):
    values = view["state"]["values"]
    dish = values["dish"]["dish"]["selected_option"]["value"]
    size = values["size"]["size"]["selected_option"]["value"]
    channel, note = view["private_metadata"], view["blocks"][2]["text"]["text"]
    text = f"{size} {dish} for <@{body['user']['id']}> ({note})"
    if dish == "soup":
        await ack(response_action="errors", errors={"dish": "No soup today"})
    elif size == "huge":
        await ack(response_action="update", view=filled("confirm", f"{channel} {text}"))
    elif size == "large":
        await ack(response_action="push", view=filled("confirm", f"{channel} {text}"))
    else:
        await ack()
        await client.chat_postMessage(channel=channel, text=text, blocks=filled("card", text))


@app.view("confirm")
async def confirm(ack, view, client):
    await ack(response_action="clear")
    channel, _, text = view["private_metadata"].partition(" ")
    await client.chat_postMessage(channel=channel, text=text, blocks=filled("card", text))


@app.action("add_note")
async def add_note(ack, body, client):
    await ack()
    view = filled("note") | {"private_metadata": body["view"]["private_metadata"]}
    await client.views_push(trigger_id=body["trigger_id"], view=view)


@app.view("note")
async def note(ack, view, client):
    await ack()
    words = view["state"]["values"]["note"]["note"]["value"]
    changed = filled("order", words) | {"private_metadata": view["private_metadata"]}
    await client.views_update(view_id=view["root_view_id"], view=changed)


@app.view_closed("order")
async def thrown_away(ack, body, view, client):
    await ack()
    cleared = str(body["is_cleared"]).lower()
    text = f"<@{body['user']['id']}> threw an order away, all at once: {cleared}"
    await client.chat_postMessage(channel=view["private_metadata"], text=text)


@app.action("cook")
async def cook(ack, body, action, client, say):
    await ack()
    channel, ts = body["channel"]["id"], body["message"]["ts"]
    text = f"{action['value']} cooked by <@{body['user']['id']}>"
    await client.chat_update(channel=channel, ts=ts, text=text, blocks=[])
    await say(text="In the oven", thread_ts=ts)


@app.action({"block_id": "decide", "action_id": "drop"})
async def drop(ack, respond):
    await ack()
    await respond(delete_original=True)


@app.action(re.compile("^port"))
async def portion(ack, action, respond):
    await ack()
    await respond(text=f"portion {action['selected_option']['value']}", replace_original=False)


@app.event("app_home_opened")
async def home(event, client):
    await client.views_publish(user_id=event["user"], view=filled("home", "not counted"))


@app.action("count")
async def count(ack, body, client):
    await ack()
    view = body["view"]
    await client.views_publish(user_id=body["user"]["id"], view=filled("home", "many"), hash=view["hash"])


@app.message("hello kitchen")
async def hello(message, say, client):
    await client.reactions_add(channel=message["channel"], timestamp=message["ts"], name="wave")
    await say(f"Hello <@{message['user']}>")


@app.event("app_mention")
async def mentioned(event, say):
    await say(text="You called?", thread_ts=event["ts"])


@app.event("user_change")
async def changed(event, client):
    user = event["user"]
    left = str(user["deleted"]).lower()
    await client.chat_postMessage(channel="#general", text=f"{user['name']} left: {left}")


@app.shortcut("new_order")
async def new_order(ack, shortcut, client):
    await ack()
    view = filled("order") | {"private_metadata": "C0GENERAL"}
    await client.views_open(trigger_id=shortcut["trigger_id"], view=view)


@app.shortcut({"type": "message_action", "callback_id": "cook_this"})
async def cook_this(ack, shortcut, client, respond):
    await ack()
    message = shortcut["message"]
    await client.chat_postMessage(
        channel=shortcut["channel"]["id"], thread_ts=message["ts"], text=f"Cooking: {message['text']}"
    )
    await respond("Only you know")


async def main():
    await AsyncSocketModeHandler(app, os.environ["SLACK_APP_TOKEN"]).start_async()


if __name__ == "__main__":
    if sys.argv[1] == "http":
        app.start(port=int(sys.argv[2]), host="127.0.0.1")
    else:
        asyncio.run(main())
