"""Threads as people see them: which messages belong to a channel's own lines, and what each says of its replies."""

from collections.abc import Iterable, Sequence

from slack_simulator.base.json_types import JsonObject
from slack_simulator.workspace.messages import Message


def is_reply(message: Message) -> bool:
    """Whether it stands in a thread; the thread's first message does not."""
    return message.thread_ts not in {None, message.ts}


def own_lines(messages: Iterable[Message]) -> list[Message]:
    """The channel without replies, except those that were sent to the channel too."""
    return [one for one in messages if not is_reply(one) or one.is_broadcast]


def in_thread(messages: Iterable[Message], thread_ts: str) -> list[Message]:
    """The thread's first message and its replies."""
    return [one for one in messages if thread_ts in {one.ts, one.thread_ts}]


def summaries(messages: Sequence[Message]) -> dict[str, JsonObject]:
    """For each thread's ts: how many replies it has, whose (in order of appearance), and the latest."""
    found: dict[str, JsonObject] = {}
    for message in messages:
        if message.thread_ts is None or not is_reply(message):
            continue
        empty: JsonObject = {"reply_count": 0, "reply_users": [], "latest_reply": None}
        summary = found.setdefault(message.thread_ts, empty)
        summary["reply_count"] += 1
        summary["latest_reply"] = message.ts
        if message.user not in summary["reply_users"]:
            summary["reply_users"].append(message.user)
    return found
