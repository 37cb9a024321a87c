"""Values of a database's own types, in binary: masked where they hold something, and else as they were."""

import random
from collections.abc import AsyncIterator

import asyncpg
import pytest

from support.postgres import Door, Target

PAN, CVV = "4111111111111111", "737"
#: Values of each type.
COUNT = 1_000

_TYPES = """
drop schema if exists own cascade;
create schema own;
set search_path = own, public;
create type pair as (x int, y text);
create type triple as (a int, b int, c text);
create type moment as (at timestamptz, f float8, n int);
create type deep as (p pair, many pair[], big int8, during int8range);
create type card as (holder text, cvv text, code int);
create type mood as enum ('sad', 'fine', '4111111111111111');
create domain small as int8 check (value <> 0);
create type sized as (s small, many small[]);
create type floats as range (subtype = float8);
create table whole (id int primary key, a text, b numeric, ts timestamptz default '2024-01-01', f float8);
insert into whole select n, 'row' || n, n * 1.5, now(), n / 7.0 from generate_series(1, 1000) n;
create table parent (id int8, note text);
alter table parent add dropped int;
alter table parent drop dropped;
alter table parent add later float8;
grant usage on schema own to app_owner, app_read;
grant select on all tables in schema own to app_owner, app_read;
"""

#: Type -> an expression of n that gives one of its values.
VALUES = {
    "pair": "row(n * 7919, 'x' || n)::pair",
    "pair[]": "array[row(n, 'x')::pair, null, row(n * 31, null)::pair]",
    "triple": "row(n, n * 20011, md5(n::text))::triple",
    "moment": "row(now() + n * interval '1 hour', n / 7.0, n)::moment",
    "deep": "row(row(n, 'a')::pair, array[row(n, 'b')::pair], n::int8 << 30, int8range(n, n + 9))::deep",
    "whole row": "(select w from whole w where id = n)",
    "rows": "array(select w from whole w where id between n and n + 2)",
    "record": "row(n, 'x', n::int8 << 20)",
    "int8range": "int8range(n * 1000000000::int8, n * 1000000000::int8 + 5000000)",
    "int8multirange": "int8multirange(int8range(n, n + 5), int8range(n * 10000 + 7, n * 10000 + 9))",
    "int8range[]": "array[int8range(n, n * 100), 'empty', null]",
    "int4range": "int4range(n * 1000, n * 1000 + 99)",
    "numrange": "numrange(n * 12345.678, n * 12345.678 + 9)",
    "tstzrange": "tstzrange(now(), now() + n * interval '1 minute', '[]')",
    "floats": "floats(n / 7.0, n)",
    "point": "point(n / 7.0, n * 123.456)",
    "polygon": "polygon(box(point(n, n / 3.0), point(n * 2, n * 1.7)))",
    "path": "path(polygon(box(point(n, n / 3.0), point(n * 2, n * 1.7))))",
    "circle": "circle(point(n / 9.0, n), n / 11.0 + 1)",
    "point[]": "array[point(n / 7.0, n), point(n, n / 13.0)]",
    "mood": "(array['sad', 'fine'])[n % 2 + 1]::mood",
    "mood[]": "array['sad', 'fine']::mood[]",
    "small": "(n::int8 << 34)::small",
    "small[]": "array[(n::int8 << 34)::small, n::small]",
    "sized": "row((n::int8 << 33)::small, array[n::small])::sized",
    "parent": "row(n, 'x', n / 3.0)::parent",
    "bit": "n::bit(32)",
    "inet": "('10.0.0.0'::inet + n)",
    "int8[]": "array[n::int8 << 30, n]",
}


@pytest.fixture
async def owner(target: Target) -> AsyncIterator[asyncpg.Connection]:
    connection = await target.connect()
    try:
        await connection.execute(_TYPES)
        yield connection
    finally:
        await connection.close()


async def values(door: Door, sql: str, *, binary: bool) -> list[bytes | None]:
    connection = await door.libpq("owner")
    await connection.execute(b"set search_path = own, public")
    cursor = connection.cursor(binary=binary)
    await cursor.execute(sql.encode())
    result = cursor.pgresult
    assert result is not None
    found = [result.get_value(row, 0) for row in range(result.ntuples)]
    await connection.close()
    return found


@pytest.mark.finding("pg-F4")
@pytest.mark.parametrize("name", VALUES)
async def test_what_holds_nothing_comes_through(door: Door, owner: asyncpg.Connection, name: str) -> None:
    """No value is NULL in binary that text would not mask: a thousand of each type, from all over its range."""
    numbers = random.Random(name).sample(range(1, 100_000), COUNT)
    if name in {"whole row", "rows"}:
        numbers = [*range(1, COUNT + 1)]
    listed = ",".join(f"({number})" for number in numbers)
    sql = f"select {VALUES[name]} from (values {listed}) v(n)"  # noqa: S608 - constants
    in_text = await values(door, sql, binary=False)
    in_binary = await values(door, sql, binary=True)
    assert len(in_binary) == COUNT
    lost = [n for n, text, value in zip(numbers, in_text, in_binary, strict=True) if value is None and text is not None]
    assert not lost, f"{len(lost)} of {COUNT}, such as {lost[0]}"


@pytest.mark.finding("pg-F4")
@pytest.mark.parametrize(
    ("expression", "shows"),
    [
        (f"row(1, 'pay {PAN}')::pair", [(1, "pay ************1111")]),
        (f"array[row(1, '{PAN}')::pair, row(2, 'fine')::pair]", [[(1, "************1111"), (2, "fine")]]),
        (f"row(row(1, '{PAN}')::pair, '{{}}', {PAN}, null)::deep", [((1, "************1111"), [], None, None)]),
        (f"row(row(1, 'a')::pair, null, 1, int8range({PAN}, null))::deep", [((1, "a"), None, 1, None)]),
        (f"int8range({PAN}, null)", [None]),
        (f"int8multirange(int8range(1, 2), int8range({PAN}, null))", [None]),
        (f"array[int8range(1, 2), int8range({PAN}, null)]", [[(1, 2), None]]),
        (f"numrange(1, {PAN})", [None]),
        (f"point(1, {PAN})", [None]),
        (f"{PAN}::small", [None]),
        (f"row({PAN}, array[1, {PAN}]::small[])::sized", [(None, [1, None])]),
        (f"'{PAN}'::mood", [None]),
        (f"row('Ada', '{CVV}', {CVV})::card", [("Ada", "***", int(CVV))]),
    ],
)
async def test_what_holds_something_is_masked_inside(
    door: Door, owner: asyncpg.Connection, expression: str, shows: list[object]
) -> None:
    connection = await door.connect("owner")
    await connection.execute("set search_path = own, public")
    # Prepared, so that asyncpg asks for the types itself.
    assert [plain(row[0]) for row in await connection.fetch(f"select {expression}")] == shows
    await connection.close()
    in_text = await values(door, f"select {expression}", binary=False)
    for value in in_text:
        assert PAN.encode() not in (value or b"")
    assert PAN not in door.recorded()


def plain(value: object) -> object:
    """asyncpg's records and ranges as tuples."""
    if isinstance(value, asyncpg.Record):
        return tuple(plain(each) for each in value.values())
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, asyncpg.Range):
        return (value.lower, value.upper)
    return value
