"""Answers that command lines wait for: a row is read until it has changed, woken by storage's notices."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar
from uuid import UUID

from access.identity.browser_sessions import SignedIn
from storage.notices import Notices, Topic
from web.api.answers import ApiRefused

#: The longest that an answer is waited for.
LONGEST_WAIT_S: Final = 25.0
#: A notice may be lost, so the row is read again.
_LOOK_S: Final = 5.0
#: Answers of one kind that one sign-in may wait for at once.
_WAITING: Final = 8

ReadT = TypeVar("ReadT")


class Waiting:
    """For rows of one topic."""

    def __init__(self, notices: Notices, topic: Topic) -> None:
        self._notices = notices
        self._topic = topic
        self._waiting: Counter[UUID] = Counter()

    async def changed(
        self,
        me: SignedIn,
        subject: UUID,
        read: Callable[[], Awaitable[ReadT]],
        is_open: Callable[[ReadT], bool],
        wait_s: float = LONGEST_WAIT_S,
    ) -> ReadT:
        """What is read of `subject` once it is open no more, or after `wait_s`. Raises ApiRefused, and as `read`."""
        whose = me.session.id
        if self._waiting[whose] >= _WAITING:
            raise ApiRefused(429, "too_often", "This command line waits for too much at once.")
        self._waiting[whose] += 1
        try:
            return await self._read_until(subject, read, is_open, wait_s)
        finally:
            self._waiting[whose] -= 1
            if not self._waiting[whose]:
                del self._waiting[whose]

    async def _read_until(
        self, subject: UUID, read: Callable[[], Awaitable[ReadT]], is_open: Callable[[ReadT], bool], wait_s: float
    ) -> ReadT:
        loop = asyncio.get_running_loop()
        until = loop.time() + wait_s
        async with self._notices.subscribe(self._topic) as notices:
            while True:
                found = await read()
                if not is_open(found) or loop.time() >= until:
                    return found
                try:
                    async with asyncio.timeout_at(min(until, loop.time() + _LOOK_S)):
                        while (await anext(notices)).subject not in {"", str(subject)}:
                            pass
                except TimeoutError:
                    continue
