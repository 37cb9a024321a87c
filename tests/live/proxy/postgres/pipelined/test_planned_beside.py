"""What waits bound for its review is neither run nor meant anew by what reading or planning something else calls."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from access.context import Access
from proxy.postgres.protocol import messages
from support.postgres import Door, Raw, Target
from support.reviews import statements


@pytest.fixture
async def planned(target: Target) -> AsyncIterator[asyncpg.Connection]:
    """Functions that run the portal p, or change the search path, when a statement that calls them is planned."""
    owner = await target.connect()
    await owner.execute("set role app_owner")
    await owner.execute(
        "create table public.spare (id int); insert into spare select generate_series(1, 10);"
        "create function public.run_p(int) returns bool language plpgsql immutable as"
        " $$declare p refcursor = 'p'; begin move all from p; return true; end$$;"
        "create function public.switch(int) returns bool language plpgsql immutable as"
        " $$begin perform set_config('search_path', 'elsewhere', false); return true; end$$;"
        "create view public.quiet as select 1 as a where public.run_p(1);"
        "create domain public.checked as int check (public.run_p(value)); create type public.held as (a public.checked)"
    )
    yield owner
    await owner.execute(
        "drop table public.spare; drop view public.quiet; drop type public.held; drop domain public.checked;"
        "drop function public.run_p, public.switch"
    )
    await owner.close()


async def sent(client: Raw, *parts: bytes) -> list[tuple[bytes, bytes]]:
    client.send(*parts)
    return await client.until(b"Z")


async def _with_waiting(door: Door) -> Raw:
    client = await door.raw("owner-by-review")
    await sent(client, messages.query("begin"))
    waiting = messages.parse("s", "delete from spare returning id") + messages.bind("p", "s") + messages.SYNC
    assert b"".join(tag for tag, _ in await sent(client, waiting)) == b"12Z"
    return client


@pytest.mark.parametrize(
    "beside",
    [
        messages.parse("u", "select public.run_p(1)") + messages.bind("q", "u"),
        messages.parse("u", "select * from public.quiet") + messages.bind("q", "u"),
        messages.parse("u", "select '(1)'::public.held"),
    ],
)
async def test_planning_does_not_run_what_waits(
    door: Door, access: Access, planned: asyncpg.Connection, beside: bytes
) -> None:
    client = await _with_waiting(door)
    await sent(client, beside, messages.SYNC)
    await sent(client, messages.query("commit"))
    assert await planned.fetchval("select count(*) from spare") == 10
    await client.close()


async def test_a_card_does_not_show_a_search_path_that_planning_made(
    door: Door, access: Access, planned: asyncpg.Connection
) -> None:
    client = await _with_waiting(door)
    await sent(client, messages.parse("u", "select public.switch(1)"), messages.bind("q", "u"), messages.SYNC)
    seen = await sent(client, messages.execute("p"), messages.SYNC)
    [refused] = [messages.read_fields(payload)["M"] for tag, payload in seen if tag == b"E"]
    assert refused.endswith("(rule one-run)")
    assert [each.rule for each in await statements(access)] == ["one-run"]
    await client.close()
