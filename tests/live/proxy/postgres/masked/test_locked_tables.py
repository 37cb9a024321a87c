"""What masks is read around what a migration has locked: nobody's session waits for it, or ends."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from proxy.postgres.protocol import messages
from proxy.postgres.relay import masked_columns
from support.cards import SCHEMA
from support.postgres import Door, Raw, Target

DATABASE = "locked"
_GENERATED = "alter table users add len int generated always as (id + 1) stored"


@pytest.fixture
def place(target: Target) -> dict[str, Any]:
    return target.place(DATABASE)


@pytest.fixture
async def migration(target: Target) -> AsyncIterator[asyncpg.Connection]:
    async with target.database(DATABASE, SCHEMA + _GENERATED) as owner:
        yield owner


@pytest.fixture
async def client(door: Door, migration: asyncpg.Connection) -> AsyncIterator[Raw]:
    assert not migration.is_closed()
    client = await door.raw("owner", parameters={"database": DATABASE})
    yield client
    await client.close()


async def rows(client: Raw, sql: str) -> list[list[bytes | None]]:
    client.send(messages.query(sql))
    seen = await client.until(b"Z")
    assert not [payload for tag, payload in seen if tag == b"E"]
    return [messages.read_data_row(payload) for tag, payload in seen if tag == b"D"]


#: In order: a table, a table under views, one with a generated column, a view.
LOCKS = ["alter table log add a int", "alter table cards add a int", "lock table users", "lock table plain_view"]


@pytest.mark.parametrize("lock", LOCKS)
@pytest.mark.parametrize("is_within", [False, True], ids=["idle", "transaction"])
async def test_a_session_reads_the_catalogue_around_a_lock(
    door: Door, client: Raw, migration: asyncpg.Connection, lock: str, is_within: bool
) -> None:
    if is_within:
        await rows(client, "begin")
    async with migration.transaction():
        await migration.execute(lock)
        other = await door.raw("owner", parameters={"database": DATABASE})
        await rows(other, "create table new (id int, cvv text); insert into new values (1, '123')")
        # Both read it anew here.
        assert await rows(client, "select id, cvv from new") == [[b"1", b"***"]]
        assert await rows(other, "select id from new") == [[b"1"]]
        await other.close()
    await rows(client, "rollback")


async def test_what_was_locked_is_known_soon_after(
    client: Raw, migration: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(masked_columns, "MAX_PARTIAL_AGE_S", 0.0)
    async with migration.transaction():
        await migration.execute("alter table cards add a int; alter table users alter name set default 'x'")
        await rows(client, "create table new (id int)")
        await rows(client, "select 1")
    assert await rows(client, "select id, code from plain_view where id = 1") == [[b"1", b"***"]]
    assert await rows(client, "select name, len from users where id = 1") == [[b"Ada", b"2"]]


async def test_a_transaction_that_holds_the_lock_itself(door: Door, client: Raw) -> None:
    await rows(client, "begin; alter table cards add a int")
    other = await door.raw("owner", parameters={"database": DATABASE})
    await rows(other, "create table new (id int, cvv text); insert into new values (1, '123')")
    assert await rows(client, "select cvv from new") == [[b"***"]]
    await rows(client, "rollback")
    await other.close()
