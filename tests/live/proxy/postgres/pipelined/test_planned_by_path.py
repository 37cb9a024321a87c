"""What waits for its review is planned only where its names are PostgreSQL's own: by the server's catalogue, not by the
text."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from access.context import Access
from proxy.postgres.protocol import messages
from support.postgres import Door, Raw, Target
from support.reviews import statements

_PATH = "set search_path = evil, pg_catalog"


@pytest.fixture
async def evil(target: Target) -> AsyncIterator[asyncpg.Connection]:
    """A schema whose functions and operators are called like PostgreSQL's own, and count whether they have run."""
    owner = await target.connect()
    await owner.execute(
        "set role app_owner; create schema evil; create sequence evil.ran;"
        "create table evil.spare (id int, note text);"
        "create function evil.counted(text) returns text language plpgsql immutable as"
        " $$ begin perform nextval('evil.ran'); return $1; end $$;"
        "create function evil.lower(text) returns text language sql immutable"
        " begin atomic; select evil.counted($1); end;"
        "create function evil.same(text, text) returns bool language sql immutable"
        " begin atomic; select evil.counted($1) is not null; end;"
        "create operator evil.= (leftarg = text, rightarg = text, function = evil.same);"
        "create view evil.shown as select id from evil.spare where evil.counted('x') is null;"
        "create domain evil.checked as text check (evil.counted(value) is not null)"
    )
    yield owner
    await owner.execute("drop schema evil cascade")
    await owner.close()


async def sent(client: Raw, *parts: bytes) -> list[tuple[bytes, bytes]]:
    client.send(*parts)
    return await client.until(b"Z")


@pytest.mark.parametrize(
    "sql",
    [
        "delete from evil.spare where lower('A') is null",
        "delete from evil.spare where 'a'::text = 'b'::text",
        "delete from evil.shown",
    ],
)
async def test_a_bind_runs_nobody_s_code(door: Door, access: Access, evil: asyncpg.Connection, sql: str) -> None:
    client = await door.raw("owner-by-review")
    await sent(client, messages.query(_PATH))
    seen = await sent(client, messages.parse("s", sql), messages.bind("p", "s"), messages.SYNC)
    [refused] = [messages.read_fields(payload)["M"] for tag, payload in seen if tag == b"E"]
    assert refused.endswith("(rule one-run)")
    assert [each.rule for each in await statements(access)] == ["one-run"]
    assert not await evil.fetchval("select is_called from evil.ran")
    assert b"".join(tag for tag, _ in await sent(client, messages.query("select 1"))) == b"TDCZ"
    await client.close()


async def test_nor_for_the_type_of_a_value(door: Door, evil: asyncpg.Connection) -> None:
    own = int(await evil.fetchval("select 'evil.checked'::regtype::oid::int") or 0)
    client = await door.raw("owner-by-review")
    body = messages.c_string("s") + messages.c_string("delete from public.notes where $1 is null")
    parse = messages.message(b"P", body + b"\0\1" + own.to_bytes(4, "big"))
    value = b"\0\0\0\1\0\0\0\1x\0\0"
    bind = messages.message(b"B", messages.c_string("p") + messages.c_string("s") + value)
    assert b"E" in dict(await sent(client, parse, bind, messages.SYNC))
    assert not await evil.fetchval("select is_called from evil.ran")
    await client.close()


async def test_what_is_postgresql_s_own_is_planned(door: Door, target: Target) -> None:
    """No other function of the database is called `lower` now."""
    client = await door.raw("owner-by-review")
    sql = "delete from public.notes where lower('A') is null"
    seen = await sent(client, messages.parse("s", sql), messages.bind("p", "s"), messages.SYNC)
    assert b"".join(tag for tag, _ in seen) == b"12Z"
    await client.close()
