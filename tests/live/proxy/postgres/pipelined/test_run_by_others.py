"""What is judged is what runs: by a portal's name, by a portal that never started, by another reading of a text."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from access.context import Access
from proxy.postgres.protocol import messages
from storage.model import ReviewDecision
from support.postgres import Door, Raw, Target
from support.reviews import decide

_DELETE, _HARMLESS = "delete from guarded returning id", "select 1 as id"
#: In LATIN1 the bytes of the first are the second.
_READ, _MEANT = "é", "Ã©"
_DEEP = "abs(" * 60 + "1" + ")" * 60


_MOVING = "create function g() returns int language sql as $$ move all from p; select 1 $$"


@pytest.fixture
async def table(target: Target) -> AsyncIterator[asyncpg.Connection]:
    owner = await target.connect()
    await owner.execute("set role app_owner; create table guarded (id int); insert into guarded values (1)")
    yield owner
    await owner.execute("drop table guarded")
    await owner.close()


async def answered(client: Raw, *parts: bytes, times: int = 1) -> list[tuple[bytes, bytes]]:
    client.send(*parts)
    return await client.until(b"Z", times)


async def untouched(client: Raw, owner: asyncpg.Connection) -> bool:
    """Whether nothing was deleted; commits first."""
    await answered(client, messages.query("commit"))
    await client.close()
    return await owner.fetchval("select count(*) from guarded") == 1


async def _with_portal(door: Door) -> Raw:
    """In a transaction the portal p of `execute first`, which was harmless when it was bound."""
    client = await door.raw("owner-by-review")
    await answered(client, messages.query("begin"))
    prepared = messages.parse("first", _HARMLESS) + messages.parse("last", "execute first")
    await answered(client, prepared, messages.bind("p", "last"), messages.SYNC)
    return client


def _anew() -> bytes:
    return messages.close("S", "first") + messages.parse("first", _DELETE) + messages.SYNC


@pytest.mark.parametrize("sql", ["fetch all from p", "move all from p"])
async def test_fetch_does_not_run_what_an_execute_means_now(door: Door, table: asyncpg.Connection, sql: str) -> None:
    client = await _with_portal(door)
    await answered(client, _anew())
    await answered(client, messages.query(sql))
    assert await untouched(client, table)


async def test_a_portal_whose_execute_failed_is_judged_again(door: Door, table: asyncpg.Connection) -> None:
    client = await _with_portal(door)
    await answered(client, messages.query("savepoint s"))
    await answered(client, messages.query("select 1 / 0"))
    await answered(client, messages.execute("p"), messages.SYNC)
    await answered(client, messages.query("rollback to s"))
    await answered(client, _anew())
    await answered(client, messages.execute("p"), messages.SYNC)
    assert await untouched(client, table)


async def test_an_encoding_that_a_refusal_rolls_back(door: Door, access: Access, table: asyncpg.Connection) -> None:
    client = await door.raw("owner-by-review")
    await answered(client, messages.parse(_MEANT, _HARMLESS), messages.parse(_READ, _DELETE), messages.SYNC)
    await answered(client, messages.query("begin"))
    await answered(client, messages.query("savepoint s"))
    await answered(client, messages.query("set client_encoding to 'LATIN1'"))
    text = messages.query(f'rollback to s; execute "{_READ}"')
    client.send(messages.query("do $$begin end$$"), text)
    assert _DELETE in (await decide(access, ReviewDecision.DENY, "No.")).text
    await client.until(b"Z", times=2)
    assert await untouched(client, table)


async def test_a_text_whose_other_reading_is_deep(door: Door, table: asyncpg.Connection) -> None:
    client = await door.raw("owner-by-review")
    await answered(client, messages.query("set standard_conforming_strings to off"))
    await answered(client, messages.query(f"select '\\', ', {_DEEP}; delete from guarded; --'"))  # noqa: S608
    assert await untouched(client, table)


@pytest.fixture
async def moving(target: Target, table: asyncpg.Connection) -> AsyncIterator[asyncpg.Connection]:
    """A table whose deferred trigger runs the portal p when its transaction commits."""
    await table.execute(
        "create table public.deferring (id int); create function public.move_p() returns trigger language plpgsql as"
        " $$declare p refcursor = 'p'; begin move all from p; return null; end$$;"
        "create constraint trigger moving after insert on public.deferring deferrable initially deferred"
        " for each row execute function public.move_p()"
    )
    yield table
    await table.execute("drop table public.deferring; drop function public.move_p")


async def test_a_commit_by_sync_does_not_run_what_waits(door: Door, moving: asyncpg.Connection) -> None:
    client = await door.raw("owner-by-review")
    insert = messages.parse("", "insert into deferring values (1)") + messages.bind("", "") + messages.execute("")
    waiting = messages.parse("s", _DELETE) + messages.bind("p", "s") + messages.SYNC
    await answered(client, insert, waiting)
    assert await untouched(client, moving)


async def test_no_execute_prepares_unseen(door: Door, table: asyncpg.Connection) -> None:
    client = await door.raw("owner-by-review")
    await answered(client, messages.query("prepare m as select 1 as id"))
    await answered(client, messages.query("deallocate m"))
    await answered(client, messages.parse("n", f"prepare m as {_DELETE}"), messages.SYNC)
    [(tag, _), *_] = await answered(client, messages.query("execute n"))
    assert tag == b"E"
    await answered(client, messages.query("execute m"))
    assert await untouched(client, table)


def _step(sql: str) -> bytes:
    return messages.parse("", sql) + messages.bind("", "") + messages.execute("")


async def test_a_deferred_constraint_does_not_run_what_waits(door: Door, table: asyncpg.Connection) -> None:
    """It is checked by an index expression, which moves the portal p."""
    client = await door.raw("owner-by-review")
    await table.execute(
        f"{_MOVING}; create function f(int) returns int immutable language sql as $$ select public.g() * $1 $$;"
        "create table x (a int, k int, exclude using btree (f(a) with =) deferrable initially deferred)"
    )
    harmless = messages.parse("h", "select 1") + messages.bind("p", "h")
    conflict = _step("insert into x values (1, 1)") + _step("insert into x values (1, 2)")
    solved = _step("update x set a = 2 where k = 1") + messages.close("P", "p")
    await answered(
        client, harmless, conflict, solved, messages.parse("s", _DELETE), messages.bind("p", "s"), messages.SYNC
    )
    is_untouched = await untouched(client, table)
    await table.execute("drop table x; drop function f, g")
    assert is_untouched


async def test_an_execute_that_was_discarded_did_not_start(door: Door, table: asyncpg.Connection) -> None:
    client = await _with_portal(door)
    await answered(client, messages.query("savepoint s"))
    await answered(client, messages.describe_statement("nothing"), messages.execute("p"), messages.SYNC)
    await answered(client, messages.query("rollback to s"), _anew(), times=2)
    await answered(client, messages.execute("p"), messages.SYNC)
    assert await untouched(client, table)


async def test_a_function_of_sql_does_not_run_what_an_execute_means_now(door: Door, table: asyncpg.Connection) -> None:
    """All in one batch, outside of a transaction."""
    client = await door.raw("owner-by-review")
    await table.execute(_MOVING)
    prepared = messages.parse("first", _HARMLESS) + messages.parse("last", "execute first")
    anew = messages.close("S", "first") + messages.parse("first", _DELETE)
    await answered(client, prepared, messages.bind("p", "last"), anew, _step("select g()"), messages.SYNC)
    is_untouched = await untouched(client, table)
    await table.execute("drop function g")
    assert is_untouched
