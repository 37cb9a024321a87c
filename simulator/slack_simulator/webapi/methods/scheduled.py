"""chat.scheduleMessage and what belongs to it: messages that the workspace's clock will post.

docs.slack.dev/reference/methods/chat.scheduleMessage, chat.deleteScheduledMessage and chat.scheduledMessages.list.
"""

from slack_simulator.base.json_types import JsonObject
from slack_simulator.webapi.call import Call, whole
from slack_simulator.webapi.content import new_content_of
from slack_simulator.webapi.errors import SlackError
from slack_simulator.webapi.methods.chat import thread_of
from slack_simulator.webapi.pagination import page_of
from slack_simulator.workspace.scheduled import ScheduledMessage

LATEST_S = 120 * 24 * 3600
#: At most so many for one channel within so many seconds.
WINDOW_S = 5 * 60
WINDOW_MESSAGES = 30
#: From so many seconds before its time on, a message can no longer be called back.
TOO_LATE_S = 60
DEFAULT_PAGE = 100


def schedule(call: Call) -> JsonObject:
    """chat.scheduleMessage."""
    conversation = call.writable_conversation()
    content = new_content_of(call.arguments)
    message = ScheduledMessage(
        channel=conversation.id,
        post_at=_post_at(call, conversation.id),
        text=content.text or "",
        blocks=content.blocks or [],
        attachments=content.attachments or [],
        thread_ts=thread_of(call, conversation.id),
        is_broadcast=call.flag("reply_broadcast"),
        created=int(call.workspace.clock.now()),
        has_metadata=call.arguments.get("metadata") is not None,
    )
    call.workspace.schedule(message)
    described: JsonObject = {
        "text": message.text,
        "username": call.workspace.spec.bot_name,
        "bot_id": call.workspace.spec.bot_id,
        "type": "delayed_message",
        "subtype": "bot_message",
    }
    if message.blocks:
        described["blocks"] = message.blocks
    if message.attachments:
        described["attachments"] = message.attachments
    return {
        "channel": conversation.id,
        "scheduled_message_id": message.id,
        "post_at": message.post_at,
        "message": described,
    }


def delete(call: Call) -> JsonObject:
    """chat.deleteScheduledMessage, up to a minute before its time."""
    conversation = call.visible_conversation()
    message = call.workspace.scheduled.get(call.required("scheduled_message_id"))
    soon = call.workspace.clock.now() + TOO_LATE_S
    if message is None or message.channel != conversation.id or message.post_at <= soon:
        raise SlackError("invalid_scheduled_message_id")
    call.workspace.scheduled.remove(message)
    return {}


def list_waiting(call: Call) -> JsonObject:
    """chat.scheduledMessages.list, in pages."""
    channel = call.text("channel")
    if channel is not None and call.workspace.conversations.get(channel) is None:
        raise SlackError("invalid_channel")
    oldest, latest = _time(call, "oldest", 0.0), _time(call, "latest", float("inf"))
    wanted = [
        one
        for one in call.workspace.scheduled.waiting()
        if channel in {None, one.channel} and oldest <= one.post_at <= latest
    ]
    shown, metadata = page_of(call, wanted, DEFAULT_PAGE)
    described = [
        {
            "id": one.id,
            "channel_id": one.channel,
            "post_at": one.post_at,
            "date_created": one.created,
            "text": one.text,
        }
        for one in shown
    ]
    return {"scheduled_messages": described, "response_metadata": metadata}


def _post_at(call: Call, channel: str) -> int:
    post_at, now = whole(call.required("post_at")), call.workspace.clock.now()
    if post_at is None:
        raise SlackError("invalid_time")
    if post_at <= now:
        raise SlackError("time_in_past")
    if post_at > now + LATEST_S:
        raise SlackError("time_too_far")
    near = [
        one
        for one in call.workspace.scheduled.waiting()
        if one.channel == channel and abs(one.post_at - post_at) < WINDOW_S
    ]
    if len(near) >= WINDOW_MESSAGES:
        raise SlackError("restricted_too_many")
    return post_at


def _time(call: Call, name: str, absent: float) -> float:
    given = call.text(name)
    try:
        return absent if given is None else float(given)
    except ValueError as problem:
        raise SlackError("invalid_arguments", [f"[ERROR] must be a timestamp [json-pointer:/{name}]"]) from problem
