"""A kitchen that takes orders, in Bolt's usual blocking shape. It knows Slack's API url and nothing else.

python sync_kitchen.py socket | http PORT
"""

import json
import os
import re
import sys
import time
from pathlib import Path

from slack_bolt import App
from slack_bolt.adapter.socket_mode.builtin import SocketModeHandler
from slack_sdk import WebClient

KITCHEN = json.loads((Path(__file__).parents[1] / "kitchen.json").read_text())


def filled(name, text="none"):
    return json.loads(json.dumps(KITCHEN[name]).replace("{text}", text))


app = App(
    client=WebClient(token=os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"]),
    signing_secret=os.environ["SLACK_SIGNING_SECRET"],
)


@app.error
def broke(error, body, client):
    client.chat_postMessage(channel=body["channel_id"], text=f"The kitchen broke: {error}")


@app.command("/order")
def order_command(ack, body, client):
    ack()
    view = filled("order") | {"private_metadata": body["channel_id"]}
    client.views_open(trigger_id=body["trigger_id"], view=view)


@app.command("/echo")
def echo(ack, command):
    ack(f"echo {command['text']}")


@app.command("/shout")
def shout(ack, command):
    ack(text=f"shout {command['text']}", response_type="in_channel")


@app.command("/whisper")
def whisper(ack, respond, command):
    ack()
    respond(f"whisper {command['text']}")


@app.command("/announce")
def announce(ack, say, command):
    ack()
    say(f"announce {command['text']}")


@app.command("/broken")
def broken():
    raise RuntimeError("out of gas")


@app.command("/slow")
def slow(say):
    say("thinking")


@app.command("/recipe")
def recipe(ack, command, client):
    ack()
    about = {"filename": "stew.txt", "title": "Stew", "initial_comment": "recipe follows"}
    client.files_upload_v2(channel=command["channel_id"], content="onions, first", **about)


@app.command("/later")
def later(ack, command, client):
    ack()
    post_at = int(time.time()) + 60
    client.chat_scheduleMessage(channel=command["channel_id"], post_at=post_at, text="later has come")


@app.command("/who")
def who(ack, client, say):
    ack()
    names = [user["name"] for page in client.users_list(limit=2) for user in page["members"]]
    say(f"here are {' '.join(sorted(names))}")


@app.options("dish")
def dishes(ack, payload):
    found = [dish for dish in KITCHEN["dishes"] if dish.startswith(payload["value"])]
    ack(options=[{"text": {"type": "plain_text", "text": dish}, "value": dish} for dish in found])


@app.view("order")
def order(ack, body, view, client):
    values = view["state"]["values"]
    dish = values["dish"]["dish"]["selected_option"]["value"]
    size = values["size"]["size"]["selected_option"]["value"]
    channel, note = view["private_metadata"], view["blocks"][2]["text"]["text"]
    text = f"{size} {dish} for <@{body['user']['id']}> ({note})"
    if dish == "soup":
        ack(response_action="errors", errors={"dish": "No soup today"})
    elif size == "huge":
        ack(response_action="update", view=filled("confirm", f"{channel} {text}"))
    elif size == "large":
        ack(response_action="push", view=filled("confirm", f"{channel} {text}"))
    else:
        ack()
        client.chat_postMessage(channel=channel, text=text, blocks=filled("card", text))


@app.view("confirm")
def confirm(ack, view, client):
    ack(response_action="clear")
    channel, _, text = view["private_metadata"].partition(" ")
    client.chat_postMessage(channel=channel, text=text, blocks=filled("card", text))


@app.action("add_note")
def add_note(ack, body, client):
    ack()
    view = filled("note") | {"private_metadata": body["view"]["private_metadata"]}
    client.views_push(trigger_id=body["trigger_id"], view=view)


@app.view("note")
def note(ack, view, client):
    ack()
    words = view["state"]["values"]["note"]["note"]["value"]
    changed = filled("order", words) | {"private_metadata": view["private_metadata"]}
    client.views_update(view_id=view["root_view_id"], view=changed)


@app.view_closed("order")
def thrown_away(ack, body, view, client):
    ack()
    cleared = str(body["is_cleared"]).lower()
    text = f"<@{body['user']['id']}> threw an order away, all at once: {cleared}"
    client.chat_postMessage(channel=view["private_metadata"], text=text)


@app.action("cook")
def cook(ack, body, action, client, say):
    ack()
    channel, ts = body["channel"]["id"], body["message"]["ts"]
    text = f"{action['value']} cooked by <@{body['user']['id']}>"
    client.chat_update(channel=channel, ts=ts, text=text, blocks=[])
    say(text="In the oven", thread_ts=ts)


@app.action({"block_id": "decide", "action_id": "drop"})
def drop(ack, respond):
    ack()
    respond(delete_original=True)


@app.action(re.compile("^port"))
def portion(ack, action, respond):
    ack()
    respond(text=f"portion {action['selected_option']['value']}", replace_original=False)


@app.event("app_home_opened")
def home(event, client):
    client.views_publish(user_id=event["user"], view=filled("home", "not counted"))


@app.action("count")
def count(ack, body, client):
    ack()
    view = body["view"]
    client.views_publish(user_id=body["user"]["id"], view=filled("home", "many"), hash=view["hash"])


@app.message("hello kitchen")
def hello(message, say, client):
    client.reactions_add(channel=message["channel"], timestamp=message["ts"], name="wave")
    say(f"Hello <@{message['user']}>")


@app.event("app_mention")
def mentioned(event, say):
    say(text="You called?", thread_ts=event["ts"])


@app.event("user_change")
def changed(event, client):
    user = event["user"]
    left = str(user["deleted"]).lower()
    client.chat_postMessage(channel="#general", text=f"{user['name']} left: {left}")


@app.shortcut("new_order")
def new_order(ack, shortcut, client):
    ack()
    view = filled("order") | {"private_metadata": "C0GENERAL"}
    client.views_open(trigger_id=shortcut["trigger_id"], view=view)


@app.shortcut({"type": "message_action", "callback_id": "cook_this"})
def cook_this(ack, shortcut, client, respond):
    ack()
    message = shortcut["message"]
    client.chat_postMessage(
        channel=shortcut["channel"]["id"], thread_ts=message["ts"], text=f"Cooking: {message['text']}"
    )
    respond("Only you know")


if __name__ == "__main__":
    if sys.argv[1] == "http":
        app.start(port=int(sys.argv[2]))
    else:
        SocketModeHandler(app, os.environ["SLACK_APP_TOKEN"]).start()
