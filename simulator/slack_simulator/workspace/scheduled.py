"""Messages that wait for their time: kept until the workspace's clock gets there, then posted as the app's.

Each waits in a task of its own, which ends with `close`.
"""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from slack_simulator.base.clock import Clock
from slack_simulator.base.json_types import JsonObject


@dataclass
class ScheduledMessage:
    """What will be posted, where and when (seconds since the epoch)."""

    channel: str
    post_at: int
    text: str
    blocks: list[JsonObject]
    attachments: list[JsonObject]
    thread_ts: str | None
    is_broadcast: bool
    created: int
    #: docs.slack.dev/reference/methods/chat.scheduleMessage: one with metadata is taken and never posted.
    has_metadata: bool
    id: str = field(default_factory=lambda: "Q0" + secrets.token_hex(5).upper())


Post = Callable[[ScheduledMessage], None]


class Scheduled:
    """The messages that wait, by id."""

    def __init__(self, clock: Clock) -> None:
        """The clock that they wait for."""
        self._clock = clock
        self._waiting: dict[str, ScheduledMessage] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def waiting(self) -> list[ScheduledMessage]:
        """Those not posted yet, next first."""
        return sorted(self._waiting.values(), key=lambda one: one.post_at)

    def add(self, message: ScheduledMessage, post: Post) -> None:
        """Have `post` called with the message at its time."""
        self._waiting[message.id] = message
        task = asyncio.create_task(self._wait(message, post), name=f"scheduled message {message.id}")
        self._tasks[message.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(message.id, None))

    def get(self, message_id: str) -> ScheduledMessage | None:
        """The waiting message with this id."""
        return self._waiting.get(message_id)

    def remove(self, message: ScheduledMessage) -> None:
        """Never post it."""
        del self._waiting[message.id]
        self._tasks[message.id].cancel()

    async def close(self) -> None:
        """Stop waiting."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _wait(self, message: ScheduledMessage, post: Post) -> None:
        await self._clock.sleep(message.post_at - self._clock.now())
        del self._waiting[message.id]
        post(message)
