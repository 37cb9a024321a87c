"""What a name stands for when it runs: prepared again beneath an EXECUTE, or read in another client_encoding."""

import itertools
from collections.abc import AsyncIterator

import asyncpg
import pytest

from access.context import Access
from proxy.postgres.protocol import messages
from storage.model import ReviewDecision
from support.postgres import Door, Raw, Target
from support.reviews import decide

_DELETE, _HARMLESS = "delete from renamed", "select 1"
_RUN = messages.bind("", "last") + messages.execute("") + messages.SYNC
#: In LATIN1 the bytes of the first are the second.
_READ, _MEANT = "é", "Ã©"
_LATIN1 = "set client_encoding to 'LATIN1'"
_PLANNED = (
    "create function latin1() returns int immutable language plpgsql as "
    "$$begin perform set_config('client_encoding', 'LATIN1', false); return 1; end$$"
)


@pytest.fixture
async def table(target: Target) -> AsyncIterator[asyncpg.Connection]:
    owner = await target.connect()
    await owner.execute("set role app_owner; create table renamed (id int); insert into renamed values (1)")
    await owner.execute(_PLANNED)
    await owner.execute("create domain checked as int check (latin1() = 1); create type read as (a checked)")
    yield owner
    assert await owner.fetchval("select count(*) from renamed") == 1
    await owner.execute("drop table renamed; drop type read; drop domain checked; drop function latin1")
    await owner.close()


async def answered(client: Raw, *parts: bytes, times: int = 1) -> str:
    client.send(*parts)
    return await client.tags(times=times)


def prepared_anew(sql: str) -> bytes:
    return messages.close("S", "first") + messages.parse("first", sql) + messages.SYNC


@pytest.mark.parametrize("levels", [1, 2, 3])
@pytest.mark.parametrize("run", [messages.query("execute last"), _RUN])
async def test_an_execute_that_was_prepared_runs_what_its_name_means_then(
    door: Door, access: Access, table: asyncpg.Connection, levels: int, run: bytes
) -> None:
    client = await door.raw("owner-by-review")
    names = ["first", *(f"between{level}" for level in range(1, levels)), "last"]
    parts = [messages.parse(name, f"execute {runs}") for runs, name in itertools.pairwise(names)]
    await answered(client, messages.parse("first", _HARMLESS), *parts, messages.SYNC)
    assert await answered(client, run) in {"TDCZ", "2DCZ"}
    assert await answered(client, prepared_anew(_DELETE)) == "31Z"
    client.send(run)
    shown = (await decide(access, ReviewDecision.DENY, "No.")).text
    assert _DELETE in shown
    assert _HARMLESS not in shown
    assert "E" in await client.tags()
    await client.close()


async def test_an_execute_that_comes_to_itself_is_the_servers_to_refuse(door: Door) -> None:
    client = await door.raw("owner")
    await answered(client, messages.parse("first", _HARMLESS), messages.parse("last", "execute first"), messages.SYNC)
    assert await answered(client, prepared_anew("execute last")) == "31Z"
    assert "E" in await answered(client, messages.query("execute last"))
    await client.close()


async def test_a_copy_behind_two_executes(door: Door) -> None:
    client = await door.raw("owner")
    prepared = messages.parse("first", "listen something") + messages.parse("last", "execute first") + messages.SYNC
    await answered(client, messages.query("create temp table t (a int)"), prepared, times=2)
    await answered(client, prepared_anew("copy t from stdin"))
    row, done = messages.message(b"d", b"1\n"), messages.message(b"c")
    assert await answered(client, messages.query("execute last"), row, done, messages.query("table t"), times=2) == (
        "GCZTDCZ"
    )
    await client.close()


@pytest.mark.parametrize(
    "ahead",
    [
        messages.query(_LATIN1) + messages.query(f'execute "{_READ}"'),
        messages.query(_LATIN1) + messages.parse("last", f'execute "{_READ}"') + _RUN,
        messages.parse("", _LATIN1)
        + messages.bind("", "")
        + messages.execute("")
        + messages.parse("last", f'execute "{_READ}"')
        + _RUN,
        messages.parse("", "select latin1()")
        + messages.bind("", "")
        + messages.parse("last", f'execute "{_READ}"')
        + _RUN,
        messages.parse("", "select '(1)'::read") + messages.parse("last", f'execute "{_READ}"') + _RUN,
    ],
    ids=[
        *("Query", "Parse in the next batch", "Parse behind an Execute", "Parse behind a Bind that is planned"),
        "Parse behind a literal whose type is checked",
    ],
)
async def test_a_name_in_an_encoding_that_changes_ahead_of_it(
    door: Door, access: Access, table: asyncpg.Connection, ahead: bytes
) -> None:
    client = await door.raw("owner-by-review")
    await answered(client, messages.parse(_READ, _HARMLESS), messages.parse(_MEANT, _DELETE), messages.SYNC)
    client.send(ahead)
    assert _DELETE in (await decide(access, ReviewDecision.DENY, "No.")).text
    while "E" not in await client.tags():
        pass
    await client.close()


async def test_texts_that_are_not_ascii_are_sent_ahead_as_before(door: Door) -> None:
    client = await door.raw("owner-by-review")
    one = messages.parse("", "select 'é'") + messages.bind("", "") + messages.execute("")
    assert await answered(client, (one * 3 + messages.SYNC) * 20, times=20) == ("12DC" * 3 + "Z") * 20
    assert await answered(client, messages.query("select 'é'") * 20, times=20) == "TDCZ" * 20
    begun = [messages.query("begin"), messages.query("no SQL: é"), messages.query("rollback /* é */")]
    assert await answered(client, *begun, times=3) == "CZEZCZ"
    await client.close()


async def test_a_setting_of_one_transaction_does_not_outlive_it(door: Door) -> None:
    client = await door.raw("owner")
    local = messages.parse("", "set local client_encoding to 'LATIN1'") + messages.bind("", "") + messages.execute("")
    shown = messages.parse("", "select length('é')") + messages.bind("", "") + messages.execute("")
    client.send(messages.query("begin"), local, shown, messages.SYNC, messages.query("rollback"), shown, messages.SYNC)
    seen = await client.until(b"Z", times=4)
    assert [payload[-1:] for tag, payload in seen if tag == b"D"] == [b"2", b"1"]
    await client.close()
