"""Notices: delivered on commit, to who asked, and never lost without a RESYNC in their place."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
import pytest

from storage import notices, waiting
from storage.database import Database
from storage.notices import RESYNC, Notice, Notices, Topic, notify

AGAIN = Notice(RESYNC, "")
END_LISTENERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()"
)


@asynccontextmanager
async def running(database: Database) -> AsyncGenerator[Notices]:
    """Notices whose connection is kept up for as long as the block lasts."""
    listening = Notices(database)
    task = asyncio.create_task(listening.run())
    try:
        async with asyncio.timeout(30):
            yield listening
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def tell(database: Database, *told: tuple[Topic, str]) -> None:
    for topic, subject in told:
        async with database.transaction() as transaction:
            await notify(transaction, topic, subject)


async def take(heard: AsyncIterator[Notice], count: int) -> list[Notice]:
    return [await anext(heard) for _ in range(count)]


async def test_a_subscriber_hears_its_topics_in_order_after_a_first_resync(database: Database) -> None:
    subject = uuid4()
    async with running(database) as listening, listening.subscribe(Topic.GRANT, Topic.POST) as heard:
        assert await anext(heard) == AGAIN
        assert listening.connected
        async with database.transaction() as transaction:
            await notify(transaction, Topic.GRANT, subject)
        await tell(database, (Topic.REQUEST, "x"), (Topic.POST, "a:b"), (Topic.GRANT, "z"))
        assert await take(heard, 3) == [Notice("grant", str(subject)), Notice("post", "a:b"), Notice("grant", "z")]


async def test_every_subscriber_hears_and_one_who_comes_late_is_resynced_at_once(database: Database) -> None:
    async with running(database) as listening, listening.subscribe(Topic.GRANT) as first:
        assert await anext(first) == AGAIN
        async with listening.subscribe(Topic.GRANT) as second:
            assert await anext(second) == AGAIN
            await tell(database, (Topic.GRANT, "x"))
            assert await anext(first) == await anext(second) == Notice("grant", "x")


async def test_what_is_rolled_back_is_told_to_nobody(database: Database) -> None:
    async def fail() -> None:
        async with database.transaction() as transaction:
            await notify(transaction, Topic.GRANT, "lost")
            raise ZeroDivisionError

    async with running(database) as listening, listening.subscribe(Topic.GRANT) as heard:
        assert await anext(heard) == AGAIN
        with pytest.raises(ZeroDivisionError):
            await fail()
        await tell(database, (Topic.GRANT, "kept"))
        assert await anext(heard) == Notice("grant", "kept")


async def test_a_lost_connection_is_renewed_and_every_subscriber_resynced(
    database: Database, superuser: asyncpg.Connection
) -> None:
    async with running(database) as listening, listening.subscribe(Topic.GRANT) as heard:
        assert await anext(heard) == AGAIN
        assert await superuser.fetch(END_LISTENERS)
        assert await anext(heard) == AGAIN
        await tell(database, (Topic.GRANT, "after"))
        assert await anext(heard) == Notice("grant", "after")


async def test_a_connection_that_is_renewed_at_once_is_not_storage_lost(
    database: Database, superuser: asyncpg.Connection
) -> None:
    async with running(database) as listening, listening.subscribe(Topic.GRANT) as heard:
        assert await anext(heard) == AGAIN
        lost = asyncio.create_task(listening.wait_lost())
        await superuser.fetch(END_LISTENERS)
        assert await anext(heard) == AGAIN
        assert not lost.done()
        lost.cancel()


async def test_storage_that_stays_away_is_lost_and_found_again(
    database: Database, superuser: asyncpg.Connection, postgres_dsn: str
) -> None:
    name = await superuser.fetchval("SELECT current_database()")
    elsewhere = await asyncpg.connect(postgres_dsn, timeout=10)
    try:
        async with running(database) as listening, listening.subscribe(Topic.GRANT) as heard:
            assert await anext(heard) == AGAIN
            await elsewhere.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            await superuser.fetch(END_LISTENERS)
            await listening.wait_lost()
            assert not listening.connected
            await elsewhere.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
            assert await anext(heard) == AGAIN
            assert listening.connected
    finally:
        await elsewhere.close()


async def test_a_connection_that_is_silent_is_given_up(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relay between us and PostgreSQL stops passing bytes on, and closes nothing: a network that went away."""
    monkeypatch.setattr(waiting, "PULSE_S", 0.02)
    monkeypatch.setattr(notices, "PULSE_TIMEOUT_S", 0.2)
    connect = database.connect
    connections: list[asyncpg.Connection] = []

    async def remember() -> asyncpg.Connection:
        connections.append(await connect())
        return connections[-1]

    monkeypatch.setattr(database, "connect", remember)
    async with running(database) as listening, listening.subscribe(Topic.GRANT) as heard:
        assert await anext(heard) == AGAIN
        transport = connections[0]._transport
        transport.pause_reading()
        assert await anext(heard) == AGAIN
        assert len(connections) == 2


async def test_a_subscriber_too_slow_for_its_queue_is_told_to_read_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "QUEUE_LIMIT", 3)
    async with (
        running(database) as listening,
        listening.subscribe(Topic.GRANT) as slow,
        listening.subscribe(Topic.GRANT) as quick,
    ):
        assert await anext(slow) == await anext(quick) == AGAIN
        for number in range(5):
            await tell(database, (Topic.GRANT, str(number)))
            assert await anext(quick) == Notice("grant", str(number))
        assert await take(slow, 2) == [AGAIN, Notice("grant", "4")]


async def test_the_same_notice_waits_once(database: Database) -> None:
    async with running(database) as listening, listening.subscribe(Topic.GRANT, Topic.POST) as heard:
        assert await anext(heard) == AGAIN
        await tell(database, (Topic.GRANT, "a"), (Topic.GRANT, "b"), (Topic.GRANT, "a"), (Topic.POST, "end"))
        listened = await take(heard, 3)
        assert listened[-1] == Notice("post", "end") or await anext(heard) == Notice("post", "end")
        assert set(listened) >= {Notice("grant", "a"), Notice("grant", "b")}


async def test_a_notice_names_a_row_and_has_no_room_for_more(database: Database) -> None:
    async with database.transaction() as transaction:
        await notify(transaction, Topic.GRANT, "x" * (notices.PAYLOAD_LIMIT_BYTES - len("grant:")))
        with pytest.raises(ValueError, match="name the row"):
            await notify(transaction, Topic.GRANT, "x" * notices.PAYLOAD_LIMIT_BYTES)


async def test_a_topic_is_one_of_ours(database: Database) -> None:
    async with database.transaction() as transaction:
        with pytest.raises(ValueError, match="grnat"):
            await notify(transaction, "grnat", "x")  # pyright: ignore[reportArgumentType] - the point of it
