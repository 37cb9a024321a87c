"""Messages as they lie in conversations: posted, edited, deleted, and ephemeral ones that a single person sees."""

from dataclasses import dataclass, field
from itertools import islice, takewhile
from typing import Any

from slack_simulator.base.changes import Changes
from slack_simulator.base.clock import Clock
from slack_simulator.base.json_types import JsonObject


@dataclass
class Message:
    """One message; `ts` is its name within the conversation, as Slack has it."""

    channel: str
    ts: str
    user: str
    text: str
    blocks: list[JsonObject] = field(default_factory=list[JsonObject])
    attachments: list[JsonObject] = field(default_factory=list[JsonObject])
    #: Ids of the files that came with it.
    files: list[str] = field(default_factory=list[str])
    thread_ts: str | None = None
    #: Also shown in the channel although it answers in a thread.
    is_broadcast: bool = False
    #: Set on messages of the app.
    bot_id: str | None = None
    app_id: str | None = None
    #: The one person who sees an ephemeral message.
    only_for: str | None = None
    metadata: JsonObject | None = None
    edited_ts: str | None = None
    edited_by: str | None = None
    deleted: bool = False
    #: reaction name -> who reacted, in order.
    reactions: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    #: What each user has chosen in the message's inputs: user -> block_id -> action_id -> state.
    state: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict[str, dict[str, dict[str, Any]]])
    #: The workspace's revision at the last change of this message.
    revision: int = 0

    @property
    def is_ephemeral(self) -> bool:
        """True if a single person sees it, until they reload their client in the real Slack."""
        return self.only_for is not None

    def visible_to(self, user_id: str | None) -> bool:
        """Whether this user sees it, being in the conversation; None stands for an observer who sees all."""
        return not self.deleted and (user_id is None or self.only_for in {None, user_id})


class Messages:
    """Every message of the workspace, in the order of posting.

    A channel may hold many thousands: reading the newest ones takes time for those alone, and so does asking whether
    anything changed.
    """

    def __init__(self, clock: Clock, changes: Changes) -> None:
        """Timestamps come from the workspace's clock and never repeat."""
        self._clock = clock
        self._changes = changes
        self._by_channel: dict[str, list[Message]] = {}
        self._by_ts: dict[tuple[str, str], Message] = {}
        self._last_ts_us = 0
        #: channel -> its messages by ts, the one changed last at the end.
        self._by_change: dict[str, dict[str, Message]] = {}

    def next_ts(self) -> str:
        """A new timestamp: seconds and microseconds, later than every one before."""
        self._last_ts_us = max(int(self._clock.now() * 1_000_000), self._last_ts_us + 1)
        return f"{self._last_ts_us // 1_000_000}.{self._last_ts_us % 1_000_000:06d}"

    def add(self, message: Message) -> Message:
        """Put a new message at the end of its conversation."""
        self._by_channel.setdefault(message.channel, []).append(message)
        self._by_ts[message.channel, message.ts] = message
        self.touch(message)
        return message

    def touch(self, message: Message) -> None:
        """Count a change of this message."""
        message.revision = self._changes.record()
        order = self._by_change.setdefault(message.channel, {})
        order.pop(message.ts, None)
        order[message.ts] = message

    def get(self, channel: str, ts: str) -> Message | None:
        """The message, unless it is unknown or deleted."""
        found = self._by_ts.get((channel, ts))
        return None if found is None or found.deleted else found

    def forget_ephemeral(self, user_id: str) -> int:
        """Take away what this user alone sees, as a reload of their client does; how many messages that were."""
        seen = [one for each in self._by_channel.values() for one in each if one.only_for == user_id]
        gone = [one for one in seen if not one.deleted]
        for message in gone:
            self.delete(message)
        return len(gone)

    def delete(self, message: Message) -> None:
        """Take it out of everyone's sight; its place is remembered so that waiting readers learn of it."""
        message.deleted = True
        self.touch(message)

    def seen_in(self, channel: str, user_id: str | None, limit: int | None = None) -> list[Message]:
        """The conversation as this user sees it, oldest first; `limit` keeps the newest ones."""
        posted = self._by_channel.get(channel, [])
        if limit is None:
            return [one for one in posted if one.visible_to(user_id)]
        newest = list(islice((one for one in reversed(posted) if one.visible_to(user_id)), max(limit, 0)))
        return newest[::-1]

    def changed_in(self, channel: str, user_id: str | None, after: int) -> bool:
        """Whether anything this user sees, or saw, in the conversation changed after that revision."""
        changed = takewhile(lambda one: one.revision > after, reversed(self._by_change.get(channel, {}).values()))
        return any(user_id is None or one.only_for in {None, user_id} for one in changed)
