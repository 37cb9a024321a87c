"""A storage that is not there is StorageUnavailable, soon, and no message has the password."""

import asyncio

import pytest
from sqlalchemy import text

from storage.database import Database, StorageUnavailable


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://postgres:@/postgres?host=/nowhere/at/all",
        "postgres://someone:secret@127.0.0.1:1/x",
        "postgresql://someone:secret@127.0.0.1:1/x",
        "https://someone:secret@127.0.0.1/x",
    ],
)
async def test_an_unreachable_storage_is_unavailable_and_the_message_has_no_password(dsn: str) -> None:
    database = Database(dsn)
    with pytest.raises(StorageUnavailable) as caught:
        await database.ready()
    assert "secret" not in str(caught.value)
    with pytest.raises(StorageUnavailable):
        async with database.transaction() as transaction:
            await transaction.execute(text("SELECT 1"))
    await database.close()


@pytest.mark.parametrize("password", ["hunter2#x", "hunter2/x", "[hunter2"])
async def test_a_url_that_cannot_be_read_shows_nothing_of_its_password(password: str) -> None:
    unreadable = Database(f"postgresql://gatepass:{password}@127.0.0.1:5432/gatepass")
    with pytest.raises(StorageUnavailable) as refused:
        await unreadable.connect()
    assert "hunter2" not in str(refused.value)
    assert refused.value.__suppress_context__


async def test_a_silent_server_is_unavailable_within_the_time_given() -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    async with silent:
        port = silent.sockets[0].getsockname()[1]
        database = Database(f"postgresql://someone:@127.0.0.1:{port}/x?sslmode=disable")
        with pytest.raises(StorageUnavailable):
            await database.ready(timeout_s=0.2)
        await database.close()
