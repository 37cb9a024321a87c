"""Planning runs code that is declared immutable, at a Bind already: it may change what names mean."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from proxy.postgres.protocol import messages
from support.postgres import Door, Raw, Target

CODES = (b"737", b"248")


@pytest.fixture
async def switch(target: Target) -> AsyncIterator[asyncpg.Connection]:
    """t is plain until planning a call of switch(), or reading a literal of the type `switching`, makes it masked."""
    owner = await target.connect()
    await owner.execute("set role app_owner")
    await owner.execute(
        "create schema sb; create table public.t (x text); insert into t values ('plain');"
        "create view sb.t as select cvv as x from public.cards;"
        "create function public.switch(int) returns bool language plpgsql immutable as"
        " $$begin perform set_config('search_path', 'sb, public', false); return true; end$$;"
        "create view public.quiet as select 1 as a where public.switch(1);"
        "create domain public.checked as int check (public.switch(value));"
        "create type public.switching as (a public.checked)"
    )
    yield owner
    await owner.execute(
        "drop schema sb cascade; drop table public.t; drop view public.quiet; drop type public.switching;"
        "drop domain public.checked; drop function public.switch"
    )
    await owner.close()


async def sent(client: Raw, *parts: bytes) -> list[tuple[bytes, bytes]]:
    client.send(*parts)
    return await client.until(b"Z")


_READ = messages.bind("p", "s") + messages.execute("p") + messages.SYNC


@pytest.mark.usefixtures("switch")
@pytest.mark.parametrize("is_one_batch", [True, False])
@pytest.mark.parametrize(
    "before",
    [
        messages.parse("u", "select 1 where public.switch(1)") + messages.bind("", "u"),
        messages.parse("u", "select * from public.quiet") + messages.bind("", "u"),
        messages.parse("u", "select '(1)'::public.switching"),
    ],
)
async def test_a_description_is_older_than_what_planning_did(door: Door, before: bytes, is_one_batch: bool) -> None:
    client = await door.raw("owner")
    await sent(client, messages.parse("s", "select x from t"), messages.describe_statement("s"), messages.SYNC)
    if not is_one_batch:
        await sent(client, before, messages.SYNC)
        before = b""
    seen = await sent(client, before, _READ)
    rows = b"".join(payload for tag, payload in seen if tag == b"D")
    assert b"***" in rows
    assert not any(code in rows for code in CODES)
    await client.close()
