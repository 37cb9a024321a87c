"""A FETCH that was bound before its cursor was closed: an error directly, and PostgreSQL 18 crashes if it is described."""

import asyncpg
import pytest

from support.postgres import Door, Target


async def outcome(connection: asyncpg.Connection, *, first: int, closes: str) -> str:
    """By a driver of every day, which describes the statement once, and no portal."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute("declare c cursor for select id from notes order by id")
        await connection.execute("prepare q as select id from notes order by id")
        bound = await (await connection.prepare("execute q" if "q" in closes else "fetch all from c")).cursor()
        rows = await bound.fetch(first) if first else []
        await connection.execute(closes)
        return str([*rows, *(await bound.fetch(1))])
    except (asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionError) as error:
        return f"{type(error).__name__}: {error}"


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("closes", ["close c", "deallocate q"])
async def test_it_is_answered_as_direct(door: Door, target: Target, first: int, closes: str) -> None:
    direct, client = await target.connect(), await door.connect("owner")
    try:
        expected = await outcome(direct, first=first, closes=closes)
        assert await outcome(client, first=first, closes=closes) == expected
        assert not direct.is_closed()
    finally:
        direct.terminate()
        client.terminate()
