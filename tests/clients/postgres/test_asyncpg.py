"""asyncpg: everything in binary, everything prepared; the values and errors are compared."""

import asyncio
import datetime
import decimal
import io
import ssl
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import asyncpg
import pytest

from support.clients.ways import Databases, ToDatabase

Case = Callable[[asyncpg.Connection], Awaitable[object]]
CaseT = TypeVar("CaseT", bound=Case)
CASES: dict[str, Case] = {}


def case(do: CaseT) -> CaseT:
    CASES[getattr(do, "__name__", "").replace("_", " ")] = do
    return do


async def failure(awaited: Awaitable[object]) -> list[object]:
    with pytest.raises(asyncpg.PostgresError) as raised:
        await awaited
    error = raised.value
    fields = ("sqlstate", "severity", "message", "detail", "hint", "position", "table_name", "constraint_name")
    return [type(error).__name__, *(getattr(error, field, None) for field in fields)]


@case
async def every_type(connection: asyncpg.Connection) -> object:
    return [tuple(row) for row in await connection.fetch("select * from every_type order by a")]


@case
async def parameters(connection: asyncpg.Connection) -> object:
    query = "select $1::int8, $2::text, $3::numeric, $4::timestamptz, $5::bytea, $6::int[], $7::jsonb, $8::interval"
    query += ", $9::bool"
    when = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
    numbers = (2**40, "text ü", decimal.Decimal("1.50"), when, b"\x00\xff", [1, None], '{"a": 1}')
    return tuple(await connection.fetchrow(query, *numbers, datetime.timedelta(days=2), None) or ())


@case
async def composites(connection: asyncpg.Connection) -> object:
    rows = await connection.fetch("select place from people order by id")
    return [tuple(row["place"]) for row in rows], await connection.fetchval("select $1::spot", (3, "three"))


@case
async def whole_rows(connection: asyncpg.Connection) -> object:
    return [tuple(row["p"]) for row in await connection.fetch("select p from people p order by id")]


@case
async def records(connection: asyncpg.Connection) -> object:
    return await connection.fetchval("select array_agg(row(id, name)) from people where id < 4")


@case
async def json_codec(connection: asyncpg.Connection) -> object:
    await connection.set_type_codec("jsonb", encoder=str, decoder=str.upper, schema="pg_catalog")
    return await connection.fetchval("select doc from people where id = 3")


@case
async def prepared(connection: asyncpg.Connection) -> object:
    statement = await connection.prepare("select name, born from people where id = $1")
    kinds = [(each.name, each.type.name) for each in statement.get_attributes()]
    return kinds, [tuple(await statement.fetchrow(n) or ()) for n in range(1, 20)]


@case
async def cursors(connection: asyncpg.Connection) -> object:
    async with connection.transaction():
        streamed = [row["id"] async for row in connection.cursor("select id from people order by id", prefetch=13)]
        cursor = await connection.cursor("select id from people order by id")
        return streamed, await cursor.fetch(5), await cursor.forward(10), await cursor.fetchrow()


@case
async def many(connection: asyncpg.Connection) -> object:
    await connection.execute("create temp table many (n int, s text)")
    await connection.executemany("insert into many values ($1, $2)", [(n, f"s{n}") for n in range(1000)])
    return await connection.fetchrow("select count(*), max(s) from many")


@case
async def copy_in_records(connection: asyncpg.Connection) -> object:
    await connection.execute("create temp table copied (n int, s text, d date)")
    rows = [(n, f"s{n}", datetime.date(2026, 1, 1)) for n in range(2000)]
    said = await connection.copy_records_to_table("copied", records=rows)
    return said, await connection.fetchrow("select count(*), max(d) from copied")


@case
async def copy_out_in_csv(connection: asyncpg.Connection) -> object:
    written = io.BytesIO()
    said = await connection.copy_from_query("select * from people order by id", output=written, format="csv")
    return said, written.getvalue()


@case
async def savepoints(connection: asyncpg.Connection) -> object:
    async with connection.transaction():
        await connection.execute("create temp table saved (n int)")
        for number in range(3):
            try:
                async with connection.transaction():
                    await connection.execute("insert into saved values ($1)", number)
                    await connection.fetchval("select 1 / $1::int", number - 1)
            except asyncpg.DivisionByZeroError:
                continue
        return await connection.fetch("select n from saved order by n")


@case
async def errors(connection: asyncpg.Connection) -> object:
    lines = [
        "select 1 / 0",
        "select * from nowhere",
        "insert into people (id, name) values (1, 'x')",
        "select 'x'::int",
    ]
    return [await failure(connection.execute(line)) for line in lines]


@case
async def timeout(connection: asyncpg.Connection) -> object:
    with pytest.raises(TimeoutError):
        await connection.execute("select pg_sleep(20)", timeout=0.2)
    return await connection.fetchval("select 'after'")


@case
async def cancelled(connection: asyncpg.Connection) -> object:
    waiting = asyncio.ensure_future(connection.execute("select pg_sleep(20)"))
    await asyncio.sleep(0.2)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    return await connection.fetchval("select 'after'")


@case
async def notices_and_notifications(connection: asyncpg.Connection) -> object:
    noted: list[str] = []
    heard: asyncio.Queue[tuple[str, str, bool]] = asyncio.Queue()
    connection.add_log_listener(lambda _, message: noted.append(str(message.message)))
    pid = connection.get_server_pid()
    await connection.add_listener(
        "here", lambda _, by, channel, payload: heard.put_nowait((channel, payload, by == pid))
    )
    await connection.execute("drop table if exists nowhere")
    await connection.execute("notify here, 'payload'")
    async with asyncio.timeout(20):
        return noted, await heard.get()


@case
async def settings(connection: asyncpg.Connection) -> object:
    return connection.get_settings().client_encoding, str(connection.get_server_version())


@case
async def reset(connection: asyncpg.Connection) -> object:
    await connection.execute("set work_mem = '5MB'")
    await connection.reset()
    return await connection.fetchval("show work_mem")


async def _connected(way: ToDatabase, **how: Any) -> asyncpg.Connection:
    tls = ssl.create_default_context(cafile=str(way.ca_file)) if way.ca_file else False
    account = {"user": way.user, "password": way.password, "database": way.database}
    return await asyncpg.connect(host="127.0.0.1", port=way.port, ssl=tls, timeout=20, **account, **how)


@pytest.mark.parametrize("name", CASES)
async def test_same(database: Databases, name: str) -> None:
    seen: list[object] = []
    for way in (database.direct, database.through):
        connection = await _connected(way)
        seen.append(await CASES[name](connection))
        await connection.close()
    assert seen[1] == seen[0]


async def test_pool(database: Databases) -> None:
    way = database.through
    tls = ssl.create_default_context(cafile=str(way.ca_file))
    account: dict[str, Any] = {"user": way.user, "password": way.password, "database": way.database}
    async with asyncpg.create_pool(host="127.0.0.1", port=way.port, ssl=tls, min_size=2, max_size=5, **account) as pool:
        got = await asyncio.gather(*(pool.fetchval("select $1::int", n) for n in range(50)))
    assert got == list(range(50))


async def test_copy_out_in_binary_is_refused(plain: Databases) -> None:
    connection = await _connected(plain.through)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="binary"):
        await connection.copy_from_query("select 1", output=io.BytesIO(), format="binary")
    await connection.close()
