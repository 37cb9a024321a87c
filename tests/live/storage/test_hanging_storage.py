"""A storage that hangs is unavailable like one that is gone, wherever it is caught, and is there again afterwards."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from storage.database import Database, StorageUnavailable
from support.hanging import server_of, stopped

pytestmark = pytest.mark.finding("M4")


@pytest.fixture
async def impatient(dsn: str) -> AsyncIterator[Database]:
    """As the program's, with limits that a test can wait for."""
    opened = Database(
        dsn, pool_size=2, statement_timeout_s=0.3, client_patience_s=0.2, connect_timeout_s=0.5, ping_timeout_s=0.5
    )
    yield opened
    await opened.close()


async def ask(database: Database) -> object:
    async with database.transaction() as transaction:
        return await transaction.scalar(text("SELECT 1"))


async def test_a_pooled_connection_that_does_not_answer(impatient: Database, dsn: str) -> None:
    assert await ask(impatient) == 1
    async with stopped(await server_of(dsn)):
        for _ in range(3):
            with pytest.raises(StorageUnavailable, match=r"did not answer|cannot be reached"):
                await ask(impatient)
    await impatient.ready()


async def test_a_connection_that_cannot_be_made(impatient: Database, dsn: str) -> None:
    async with stopped(await server_of(dsn)):
        with pytest.raises(StorageUnavailable, match="cannot be reached"):
            await ask(impatient)
        with pytest.raises(StorageUnavailable, match="cannot be reached"):
            await impatient.connect()
    await impatient.ready()


async def test_a_statement_that_is_never_answered(impatient: Database, dsn: str) -> None:
    server = await server_of(dsn)
    with pytest.raises(StorageUnavailable, match="asked again"):
        async with impatient.transaction() as transaction:
            await transaction.execute(text("SELECT 1"))
            async with stopped(server):
                await transaction.execute(text("SELECT 1"))
    await impatient.ready()


async def test_a_commit_that_is_never_answered(impatient: Database, dsn: str) -> None:
    server, hanging = await server_of(dsn), None
    try:
        with pytest.raises(StorageUnavailable, match="asked again"):
            async with impatient.transaction() as transaction:
                await transaction.execute(text("SELECT 1"))
                hanging = stopped(server)
                await hanging.__aenter__()
    finally:
        assert hanging is not None
        await hanging.__aexit__(None, None, None)
    await impatient.ready()


async def test_who_raises_an_error_of_their_own_is_not_kept_waiting_for_the_rollback(
    impatient: Database, dsn: str
) -> None:
    server, hanging = await server_of(dsn), None
    try:
        with pytest.raises(StorageUnavailable) as raised:
            async with impatient.transaction() as transaction:
                await transaction.execute(text("SELECT 1"))
                hanging = stopped(server)
                await hanging.__aenter__()
                raise ZeroDivisionError
        assert "asked again" in str(raised.value)
    finally:
        assert hanging is not None
        await hanging.__aexit__(None, None, None)
    await impatient.ready()


async def test_closing_does_not_wait_for_it(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.database.CLOSE_TIMEOUT_S", 0.3)
    database = Database(dsn)
    assert await ask(database) == 1
    async with stopped(await server_of(dsn)):
        await database.close()
