"""What others change, past the gateway or before it is told, is masked after a while."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest

from proxy.errors import UpstreamFault
from proxy.postgres.protocol import messages
from proxy.postgres.relay import masked_columns
from proxy.postgres.relay.masked_columns import MaskedColumns
from proxy.postgres.upstream import Upstream
from support.children import PATIENCE_S
from support.postgres import Door, Raw, Target

_SHOWN = "select shown from v where id = 1"


@pytest.fixture
async def migration(target: Target) -> AsyncIterator[asyncpg.Connection]:
    """Whoever owns the view `v`, which shows names."""
    connection = await target.connect()
    await connection.execute(
        "create view public.v as select id, holder as shown from public.cards; grant select on public.v to app_owner"
    )
    yield connection
    await connection.execute("drop view public.v")
    await connection.close()


async def shown(client: Raw) -> list[bytes]:
    client.send(messages.query(_SHOWN))
    return [payload for tag, payload in await client.until(b"Z") if tag == b"D"]


async def refused(client: Raw, sql: str) -> bytes:
    """Why; the session goes on."""
    client.send(messages.query(sql))
    [reason] = [payload for tag, payload in await client.until(b"Z") if tag == b"E"]
    return reason


@pytest.mark.finding("pg-F1")
async def test_a_view_that_is_replaced_shows_no_codes(
    door: Door, migration: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await door.raw("owner")
    (name,) = await shown(client)
    assert b"***" not in name
    await migration.execute("create or replace view public.v as select id, cvv::text as shown from public.cards")
    monkeypatch.setattr(masked_columns, "MAX_AGE_S", 0.0)
    (code,) = await shown(client)
    assert b"***" in code
    await client.close()


@pytest.mark.usefixtures("migration")
async def test_a_catalogue_that_cannot_be_fetched_is_kept_for_a_while(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await door.raw("owner")

    async def fails(_self: MaskedColumns) -> None:
        raise UpstreamFault("db grants no further connection.")

    with monkeypatch.context() as patched:
        patched.setattr(MaskedColumns, "refresh", fails)
        patched.setattr(masked_columns, "MAX_AGE_S", 0.0)
        for _ in range(2):
            assert len(await shown(client)) == 1
        patched.setattr(masked_columns, "MAX_UNFETCHED_S", 0.0)
        for _ in range(2):
            assert b"db grants no further connection." in await refused(client, _SHOWN)
    assert len(await shown(client)) == 1
    await client.close()


@pytest.fixture
async def full(target: Target) -> AsyncIterator[Callable[[bool], Awaitable[str]]]:
    """Has the server grant the role no connection beside the one that it has, or as many as it likes."""
    owner = await target.connect()

    def limit(is_full: bool) -> Awaitable[str]:
        return owner.execute(f"alter role app_owner connection limit {1 if is_full else -1}")

    yield limit
    await limit(False)
    await owner.close()


async def test_what_others_changed_and_nobody_can_read_is_refused_until_somebody_can(
    door: Door, migration: asyncpg.Connection, full: Callable[[bool], Awaitable[str]]
) -> None:
    client = await door.raw("owner")
    await _until(migration, "select count(*) = 1 from pg_stat_activity where usename = 'app_owner'")
    await full(True)
    client.send(messages.query("create schema made_here"))
    assert not [payload for tag, payload in await client.until(b"Z") if tag == b"E"]
    for _ in range(2):
        assert b"could not read how" in await refused(client, _SHOWN)
    for sql in ("begin", "set work_mem = '1MB'", "show work_mem", "rollback"):
        client.send(messages.query(sql))
        assert not [payload for tag, payload in await client.until(b"Z") if tag == b"E"]
    await full(False)
    assert len(await shown(client)) == 1
    client.send(messages.query("drop schema made_here"))
    await client.until(b"Z")
    await client.close()


async def test_code_that_nobody_can_read_may_use_a_name(
    door: Door, migration: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(_self: MaskedColumns, _names: object) -> None:
        raise UpstreamFault("db grants no further connection.")

    await migration.execute("create function public.noted() returns int language sql as 'select 1'")
    client = await door.raw("owner")
    with monkeypatch.context() as patched:
        patched.setattr(MaskedColumns, "in_code", fails)
        assert b"db grants no further connection." in await refused(client, "create table named_anew (id int)")
    client.send(messages.query("create table named_anew (id int); drop table named_anew"))
    assert not [payload for tag, payload in await client.until(b"Z") if tag == b"E"]
    await migration.execute("drop function public.noted()")
    await client.close()


#: A new column of log is committed; a statement waits for its lock.
_IS_THERE = "select count(*) from pg_attribute where attrelid = 'log'::regclass and attnum = 2"
_WAITS = "select count(*) from pg_locks where relation = 'log'::regclass and not granted"
#: Both commit a column long before the session that made it is told, or after it has left.
_UNTOLD = {
    "in one string": b"".join(
        [messages.query("begin; alter table log add cvv text; commit; select pg_sleep(60)")],
    ),
    "in one batch": b"".join(
        messages.parse("", sql) + messages.bind("", "") + messages.execute("")
        for sql in ("begin", "alter table log add cvv text", "commit", "select pg_sleep(60)")
    )
    + messages.SYNC,
}


@pytest.fixture
async def log(target: Target) -> AsyncIterator[asyncpg.Connection]:
    """The owner of a table without masked columns."""
    owner = await target.connect()
    await owner.execute("set role app_owner; create table public.log (id int)")
    yield owner
    await owner.execute(
        "reset role; select pg_terminate_backend(pid, 10000) from pg_stat_activity"
        " where usename = 'app_owner' and pid <> pg_backend_pid(); drop table public.log"
    )
    await owner.close()


async def _until(owner: asyncpg.Connection, sql: str) -> None:
    """This question has the answer yes."""
    async with asyncio.timeout(PATIENCE_S):
        while not await owner.fetchval(sql):
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("is_within", [False, True], ids=["idle", "transaction"])
@pytest.mark.parametrize("sent", _UNTOLD.values(), ids=_UNTOLD)
async def test_a_column_is_masked_before_its_maker_is_told(
    door: Door, log: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch, sent: bytes, is_within: bool
) -> None:
    monkeypatch.setattr(masked_columns, "MAX_OPEN_AGE_S", 0.0)
    client, other = await door.raw("owner"), await door.raw("owner")
    if is_within:
        client.send(messages.query("begin"))
        await client.until(b"Z")
    other.send(sent)
    await _until(log, _IS_THERE)
    await log.execute("insert into log values (1, '737')")
    client.send(messages.query("select reverse(l::text) from log l"))
    assert not [payload for tag, payload in await client.until(b"Z") if tag == b"D"]
    await other.close()
    await client.close()


async def _left(door: Door, client: Raw) -> None:
    """It closes its socket, and its session is over: but for one more there is none."""
    await client.close()
    async with asyncio.timeout(PATIENCE_S):
        while len(door.gateway.live) > 1:
            await asyncio.sleep(0.01)


async def test_a_column_is_masked_whose_maker_leaves_untold(door: Door, log: asyncpg.Connection) -> None:
    """It is committed, and what runs behind it is cancelled."""
    client, other = await door.raw("owner"), await door.raw("owner")
    other.send(_UNTOLD["in one string"])
    await _until(log, _IS_THERE)
    await _left(door, other)
    await log.execute("insert into log values (1, '737')")
    client.send(messages.query("select reverse(l::text) from log l"))
    assert not [payload for tag, payload in await client.until(b"Z") if tag == b"D"]
    await client.close()


async def test_a_column_is_masked_whose_maker_leaves_a_batch(door: Door, log: asyncpg.Connection) -> None:
    """All of it is answered that runs, but no Sync has ended it."""
    client, other = await door.raw("owner"), await door.raw("owner")
    for sql in ("begin", "alter table log add cvv text", "commit"):
        other.send(messages.parse("", sql) + messages.bind("", "") + messages.execute(""))
    other.send(messages.FLUSH)
    await other.until(b"C", times=3)
    await _left(door, other)
    await log.execute("insert into log values (1, '737')")
    client.send(messages.query("select reverse(l::text) from log l"))
    assert not [payload for tag, payload in await client.until(b"Z") if tag == b"D"]
    await client.close()


async def test_a_change_that_waits_is_cancelled_when_its_maker_leaves(door: Door, log: asyncpg.Connection) -> None:
    client, other = await door.raw("owner"), await door.raw("owner")
    async with log.transaction():
        await log.execute("lock table log")
        other.send(messages.query("alter table log add cvv text"))
        await _until(log, _WAITS)
        await _left(door, other)
        await _until(log, f"select ({_WAITS}) = 0")
    assert not await log.fetchval(_IS_THERE)
    await client.close()


async def test_a_column_is_masked_whose_maker_has_left(
    door: Door, log: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server does not hear of the cancellation, and commits the change when nobody is left to be told."""

    async def lost(_self: Upstream) -> None:
        pass

    client, other = await door.raw("owner"), await door.raw("owner")
    async with log.transaction():
        await log.execute("lock table log")
        other.send(messages.query("alter table log add cvv text"))
        await _until(log, _WAITS)
        monkeypatch.setattr(Upstream, "cancel", lost)
        await _left(door, other)
    await _until(log, _IS_THERE)
    await log.execute("insert into log values (1, '737')")
    client.send(messages.query("select reverse(l::text) from log l"))
    assert not [payload for tag, payload in await client.until(b"Z") if tag == b"D"]
    await client.close()
