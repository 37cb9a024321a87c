"""A database in another encoding cuts names by other bytes, so one spelling may be judged and another run."""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import asyncpg
import pytest

from proxy.postgres.protocol import messages
from support.postgres import Door, Raw, Target

DATABASE = "in_latin1"
#: 63 bytes in LATIN1, kept whole there; 64 in UTF-8, of which the server in UTF-8 and Gatepass keep 62.
LONG, CUT = "a" * 62 + "é", "a" * 62

SETTINGS = {"database": DATABASE, "client_encoding": "UTF8"}
PREPARE = 'prepare "{}" as delete from notes'


@pytest.fixture
def place(target: Target) -> dict[str, Any]:
    return {"host": target.host, "port": target.port, "database": DATABASE, "tls": "disable"}


@contextlib.asynccontextmanager
async def connected(target: Target, database: str) -> AsyncGenerator[asyncpg.Connection]:
    connection = await target.connect(database)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture(autouse=True)
async def table(target: Target) -> AsyncIterator[None]:
    latin = "ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0"
    async with connected(target, "postgres") as admin:
        await admin.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        await admin.execute(f"CREATE DATABASE {DATABASE} OWNER app_owner {latin}")
        async with connected(target, DATABASE) as owner:
            await owner.execute("set role app_owner; create table notes (id int); insert into notes values (1)")
        yield
        async with connected(target, DATABASE) as owner:
            assert await owner.fetchval("select count(*) from notes") == 1
        await admin.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")


async def said(client: Raw, *parts: bytes) -> str:
    """The error's sentence; empty if there is none."""
    client.send(*parts)
    seen = await client.until(b"Z")
    return next((messages.read_fields(payload)["M"] for tag, payload in seen if tag == b"E"), "")


@pytest.mark.parametrize("sql", [PREPARE, 'execute "{}"', 'declare "{}" cursor for select 1'])
async def test_a_name_that_may_be_cut_is_refused(door: Door, sql: str) -> None:
    client = await door.raw("owner-by-review", parameters=SETTINGS)
    assert "not in UTF8" in await said(client, messages.query(sql.format(LONG)))
    assert await said(client, messages.query("select 'é'")) == ""
    await client.close()


async def test_names_in_ascii_work(door: Door) -> None:
    client = await door.raw("owner-by-review", parameters=SETTINGS)
    assert await said(client, messages.query("prepare p as select 'é'")) == ""
    assert await said(client, messages.query("execute p")) == ""
    await client.close()


async def test_another_statement_does_not_run_by_a_name_that_was_cut(door: Door) -> None:
    client = await door.raw("owner-by-review", parameters=SETTINGS)
    await said(client, messages.query(PREPARE.format(LONG)))
    await said(client, messages.parse(CUT, "select 1"), messages.SYNC)
    assert await said(client, messages.query(f'execute "{LONG}"')) != ""
    await client.close()
