"""Telling other processes that a row changed: NOTIFY in the transaction that changes it, LISTEN once a process.

A notice says what to look at and never what is there: whoever gets one reads the row. That is why nothing is lost when
the connection is. After each (re)connection every subscriber gets RESYNC, "read all of your state again", and a
subscriber too slow for its queue gets one RESYNC in place of what it missed.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Never
from uuid import UUID

import asyncpg
import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Database, StorageUnavailable
from storage.waiting import until_lost

#: One channel carries every topic; PostgreSQL keeps the order of commits within it.
CHANNEL = "gatepass"
#: PostgreSQL docs, NOTIFY: "it must be specified as … shorter than 8000 bytes".
PAYLOAD_LIMIT_BYTES = 7999
#: Distinct notices that wait for one subscriber.
QUEUE_LIMIT = 1000
#: How long the connection may take to answer before it is given up.
PULSE_TIMEOUT_S = 3.0
#: Waits between attempts to reconnect double from the first to the last; each is cut to a random half to whole.
FIRST_RETRY_S = 0.1
LAST_RETRY_S = 2.0

#: The topic of "something may have been missed".
RESYNC = "resync"

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Topic(StrEnum):
    """What changed; the subject is that row's id, where there is one; of LOCKOUT, whom to unlock."""

    REQUEST = "request"
    GRANT = "grant"
    STATEMENT = "statement"
    SESSION = "session"
    POST = "post"
    POLICY = "policy"
    AUDIT = "audit"
    LOCKOUT = "lockout"
    SSH_LOGIN = "ssh_login"
    TOUCH = "touch"


@dataclass(frozen=True)
class Notice:
    """`topic` is a Topic's value or RESYNC, whose subject is empty."""

    topic: str
    subject: str


async def notify(transaction: AsyncSession, topic: Topic, subject: UUID | str = "") -> None:
    """Tell every process once the transaction commits, and nobody if it does not.

    Raises ValueError when the subject has no room in a notice.
    """
    payload = f"{Topic(topic).value}:{subject}"
    if len(payload.encode()) > PAYLOAD_LIMIT_BYTES:
        raise ValueError(f"A notice about {topic} has {len(payload.encode())} bytes; name the row, don't describe it.")
    await transaction.execute(text("SELECT pg_notify(:channel, :payload)"), {"channel": CHANNEL, "payload": payload})


class _Subscription(AsyncIterator[Notice]):
    """What waits for one subscriber: distinct notices in order, or one RESYNC in their place."""

    def __init__(self, topics: frozenset[str]) -> None:
        self.topics = topics
        self._waiting: dict[Notice, None] = {}
        self._some = asyncio.Event()

    def put(self, notice: Notice) -> None:
        """A notice that waits already is the same reading of the same row, so it is kept once."""
        if notice.topic == RESYNC or len(self._waiting) >= QUEUE_LIMIT:
            self._waiting = {Notice(RESYNC, ""): None}
        else:
            self._waiting[notice] = None
        self._some.set()

    async def __anext__(self) -> Notice:
        await self._some.wait()
        notice = next(iter(self._waiting))
        del self._waiting[notice]
        if not self._waiting:
            self._some.clear()
        return notice


class Notices:
    """The process's LISTEN connection and those who wait for what it hears."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._subscriptions: set[_Subscription] = set()
        self._connected = False
        self._lost = asyncio.Event()

    @property
    def connected(self) -> bool:
        """Whether notices arrive right now."""
        return self._connected

    async def wait_lost(self) -> None:
        """Return when storage is out of reach: the connection broke and could not be renewed at once.

        Returns at once while that is so; waits while a first connection is still being tried for.
        """
        await self._lost.wait()

    @asynccontextmanager
    async def subscribe(self, *topics: Topic) -> AsyncGenerator[AsyncIterator[Notice]]:
        """Notices of these topics for as long as the block lasts; the first is RESYNC, once there is a connection."""
        subscription = _Subscription(frozenset(topic.value for topic in topics))
        if self._connected:
            subscription.put(Notice(RESYNC, ""))
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    async def run(self) -> Never:
        """Keep the connection up until cancelled; to be owned by the process's TaskGroup."""
        failures = 0
        while True:
            try:
                connection = await self._database.connect()
                try:
                    await self._listen(connection)
                    failures = 0
                    await until_lost(connection, answer_within_s=PULSE_TIMEOUT_S)
                finally:
                    self._connected = False
                    connection.terminate()
                log.warning("notices_connection_lost")
            except (
                StorageUnavailable,
                OSError,
                asyncpg.PostgresError,
                asyncpg.InterfaceError,
                asyncpg.InternalClientError,
            ) as error:
                self._lost.set()
                failures += 1
                log.warning("notices_cannot_connect", failures=failures, error=str(error))
                await asyncio.sleep(_retry_in_s(failures))

    async def _listen(self, connection: asyncpg.Connection) -> None:
        """LISTEN first and RESYNC after it: what commits between the two is seen by either."""
        await connection.add_listener(CHANNEL, self._heard)
        self._connected = True
        self._lost.clear()
        for subscription in self._subscriptions:
            subscription.put(Notice(RESYNC, ""))
        log.info("notices_connected")

    def _heard(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        topic, _, subject = str(payload).partition(":")
        for subscription in self._subscriptions:
            if topic in subscription.topics:
                subscription.put(Notice(topic, subject))


def _retry_in_s(failures: int) -> float:
    longest_s = min(FIRST_RETRY_S * 2 ** min(failures - 1, 10), LAST_RETRY_S)
    return longest_s * random.uniform(0.5, 1.0)  # noqa: S311 - spreads processes out, guards nothing
