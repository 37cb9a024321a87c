"""Waiting for the decision on a held statement, without missing it and without asking all the time."""

import asyncio
import contextlib
from collections.abc import Generator
from uuid import UUID

from access.context import Access
from access.decisions import holds
from storage.model import HoldState, Statement
from storage.notices import RESYNC, Notice

#: How often a held statement is looked at anyway, should a notice have been lost.
_LOOK_S = 2.0


class ExpectedHold:
    """One held statement's decision, as it will be told by a notice."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._id: UUID | None = None
        self.stirred = asyncio.Event()

    def of(self, statement_id: UUID) -> None:
        self._id = statement_id

    def concerns(self, notice: Notice) -> bool:
        return notice.topic == RESYNC or self._id is None or notice.subject == str(self._id)

    async def decision(self, held: Statement) -> Statement:
        """Wait until the hold is no longer pending; bounded by its deadline. Raises StorageUnavailable."""
        while True:
            self.stirred.clear()
            async with self._access.database.transaction() as transaction:
                now = await holds.state(transaction, held.id)
            if now.state is not HoldState.PENDING:
                return now
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S):
                    await self.stirred.wait()


class HoldWaiters:
    """Who waits for which held statement in this process."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._expected: set[ExpectedHold] = set()

    @contextlib.contextmanager
    def expecting(self) -> Generator[ExpectedHold]:
        """Register before the hold is written, so that no decision can slip by in between."""
        expected = ExpectedHold(self._access)
        self._expected.add(expected)
        try:
            yield expected
        finally:
            self._expected.discard(expected)

    def notify(self, notice: Notice) -> None:
        for expected in self._expected:
            if expected.concerns(notice):
                expected.stirred.set()
