"""Answers that command lines wait for: a row is read until it has changed, woken by storage's notices.

A sign-in that ends meanwhile ends the wait: each time the row is read, it is asked for as at the door.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar
from uuid import UUID

from access.context import Access
from access.identity import browser_sessions
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

    def __init__(self, access: Access, notices: Notices, topic: Topic) -> None:
        self._access = access
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
            return await self._read_until(me, subject, read, is_open, wait_s)
        finally:
            self._waiting[whose] -= 1
            if not self._waiting[whose]:
                del self._waiting[whose]

    async def _read_until(
        self,
        me: SignedIn,
        subject: UUID,
        read: Callable[[], Awaitable[ReadT]],
        is_open: Callable[[ReadT], bool],
        wait_s: float,
    ) -> ReadT:
        loop = asyncio.get_running_loop()
        until = loop.time() + wait_s
        async with self._notices.subscribe(self._topic) as notices:
            while True:
                await self._still(me)
                found = await read()
                if not is_open(found) or loop.time() >= until:
                    return found
                try:
                    async with asyncio.timeout_at(min(until, loop.time() + _LOOK_S)):
                        while (await anext(notices)).subject not in {"", str(subject)}:
                            pass
                except TimeoutError:
                    continue

    async def _still(self, me: SignedIn) -> None:
        """Raises ApiRefused once `me` is signed in no more."""
        async with self._access.database.transaction() as transaction:
            if await browser_sessions.stands(transaction, me.session.line):
                return
        raise ApiRefused(401, "signed_out", "This command line is signed in no more. Run `gatepass login`.")
