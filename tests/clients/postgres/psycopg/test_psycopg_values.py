"""psycopg 3: values of every type in and out, in text and binary, and how large they may be."""

import datetime
import uuid
from decimal import Decimal
from ipaddress import ip_address
from typing import Any

import pytest
from psycopg import sql
from psycopg.types.composite import CompositeInfo, register_composite
from psycopg.types.enum import EnumInfo, register_enum
from psycopg.types.json import Jsonb
from psycopg.types.multirange import Multirange
from psycopg.types.range import Range, RangeInfo

from support.clients.psycopg_cases import Cases, Connection, failure, rows
from support.clients.ways import Databases

CASES = Cases()
EVERY = "select * from every_type where a is not null"
#: The types of `every_type` that psycopg can write in binary as well.
VALUES: list[Any] = [
    7,
    2**40,
    1.5,
    Decimal("12.50"),
    "text ü €",
    b"\x00\x01\xff",
    True,
    None,
    datetime.date(2026, 1, 2),
    datetime.time(3, 4, 5),
    datetime.datetime(2026, 1, 2, 3, 4, 5),  # noqa: DTZ001 - a timestamp without time zone
    datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC),
    datetime.timedelta(days=3, seconds=5),
    uuid.UUID("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
    ip_address("10.1.2.3"),
    Jsonb({"a": [1, None]}),
    ["a", None, "b"],
    [[1, 2], [3, 4]],
    Range(1, 5),
    Multirange([Range(1, 3), Range(5, 8)]),
]


@CASES.case
def every_type_in_text(connection: Connection) -> object:
    return rows(connection, EVERY)


@CASES.case
def every_type_in_binary(connection: Connection) -> object:
    names = [column.name for column in connection.execute(EVERY).description or () if column.name != "aj"]
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    query = sql.SQL("select {} from every_type where a is not null").format(columns)
    return rows(connection, query, binary=True)


@CASES.case
def bytes_of_every_type(connection: Connection) -> object:
    cursor = connection.execute(EVERY, binary=True)
    assert cursor.pgresult is not None
    return [cursor.pgresult.get_value(0, column) for column in range(cursor.pgresult.nfields)]


@CASES.case
def description(connection: Connection) -> object:
    columns = connection.execute(EVERY).description or ()
    return [(each.name, each.type_code, each.internal_size, each.precision, each.scale) for each in columns]


@CASES.case
def parameters_in_text(connection: Connection) -> object:
    return [rows(connection, "select %t", [value]) for value in VALUES]


@CASES.case
def parameters_in_binary(connection: Connection) -> object:
    written = VALUES[:-2]
    return [rows(connection, "select %b", [value], binary=True) for value in written]


@CASES.case
def composites(connection: Connection) -> object:
    info = CompositeInfo.fetch(connection, "spot")
    assert info is not None
    register_composite(info, connection)
    got = [rows(connection, "select ah, ai from every_type order by a", binary=binary) for binary in (False, True)]
    return str(got), str(rows(connection, "select %s::spot", [info.python_type(4, "four")]))  # type: ignore[misc]


@CASES.case
def enums(connection: Connection) -> object:
    info = EnumInfo.fetch(connection, "mood")
    assert info is not None
    register_enum(info, connection)
    return str(rows(connection, "select distinct mood from people")), info.labels


@CASES.case
def ranges(connection: Connection) -> object:
    info = RangeInfo.fetch(connection, "int4range")
    return info and info.subtype_oid, rows(connection, "select ab, ac, am from every_type order by a", binary=True)


@CASES.case
def whole_rows(connection: Connection) -> object:
    return [rows(connection, "select p from people p order by id limit 50", binary=binary) for binary in (False, True)]


@CASES.case
def json_documents(connection: Connection) -> object:
    return rows(connection, "select doc, doc->'list' from people order by id")


@CASES.case
def large_text_both_ways(connection: Connection) -> object:
    text = "0123456789abcdef ü" * 600_000
    [[back, length]] = rows(connection, "select %s::text, length(%s)", [text, text])
    return back == text, length


@CASES.case
def large_bytes_both_ways(connection: Connection) -> object:
    data = bytes(range(256)) * 40_000
    [[back]] = rows(connection, "select %b::bytea", [data], binary=True)
    return back == data


@CASES.case
def two_thousand_parameters(connection: Connection) -> object:
    places = sql.SQL(", ").join([sql.Placeholder()] * 2000)
    return rows(connection, sql.SQL("select count(*) from people where id in ({})").format(places), list(range(2000)))


@CASES.case
def as_many_parameters_as_there_may_be(connection: Connection) -> object:
    places = sql.SQL(", ").join([sql.Placeholder()] * 65_535)
    return rows(connection, sql.SQL("select count(*) from people where id in ({})").format(places), [1] * 65_535)


@CASES.case
def one_parameter_too_many(connection: Connection) -> object:
    places = sql.SQL(", ").join([sql.Placeholder()] * 65_536)
    return failure(lambda: connection.execute(sql.SQL("select {}").format(places), [1] * 65_536))


@CASES.case
def sixteen_hundred_columns(connection: Connection) -> object:
    return rows(connection, sql.SQL("select ") + sql.SQL(", ").join(map(sql.Literal, range(1600))))


@CASES.case
def five_thousand_rows_of_values(connection: Connection) -> object:
    lines = ", ".join(f"({n}, 'v{n}')" for n in range(5000))
    return rows(connection, f"select count(*), max(b) from (values {lines}) v (a, b)".encode())


@CASES.case
def a_literal_of_seven_megabytes(connection: Connection) -> object:
    return rows(connection, ("select length('" + "x" * 7_000_000 + "')").encode())


@CASES.case
def dates_as_set(connection: Connection) -> object:
    connection.execute("set datestyle = 'SQL, DMY'")
    connection.execute("set intervalstyle = 'iso_8601'")
    return rows(connection, "select l::text, p::text, q::text from every_type order by a")


@CASES.case
def time_zone(connection: Connection) -> object:
    connection.execute("set timezone = 'America/New_York'")
    return rows(connection, "select p, p::text from every_type order by a"), str(connection.info.timezone)


@CASES.case
def latin1(connection: Connection) -> object:
    connection.execute("set client_encoding = 'latin1'")
    return rows(connection, "select 'gr\u00fcn', chr(228), %s::text", ["caf\u00e9"]), connection.info.encoding


@CASES.case
def plain_backslashes(connection: Connection) -> object:
    return rows(connection, r"select E'a\nb', 'a\nb', '\' || 'x'")


@pytest.mark.parametrize("name", CASES.by_name)
def test_same(database: Databases, name: str) -> None:
    CASES.compare(database, name)
