"""The lists of functions, held against a real server: each function that a client can call is on one of them."""

import asyncpg
import pytest

from proxy.postgres.sql.effects.calls.function_effects import FUNCTION_EFFECTS
from proxy.postgres.sql.effects.calls.harmless import HARMLESS, INFORMATION_SCHEMA, UNCHANGING
from proxy.syntax.sql import parse
from support.postgres import Target

#: Functions of pg_catalog with whether any of that name is volatile; those of the server's own plumbing left out.
_CALLABLE = """
select proname::text as name, bool_or(provolatile = 'v') as is_volatile
from pg_proc
where pronamespace = 'pg_catalog'::regnamespace
group by proname
having not bool_and(
    prorettype in ('internal'::regtype, 'trigger'::regtype, 'event_trigger'::regtype, 'cstring'::regtype,
        'index_am_handler'::regtype, 'table_am_handler'::regtype, 'fdw_handler'::regtype, 'tsm_handler'::regtype,
        'language_handler'::regtype)
    or 'internal'::regtype = any (proargtypes::oid[]) or 'cstring'::regtype = any (proargtypes::oid[]))
"""


@pytest.mark.finding("pg-F13")
async def test_every_function_of_the_server_is_on_one_list(target: Target) -> None:
    connection = await target.connect()
    try:
        functions = {row["name"]: row["is_volatile"] for row in await connection.fetch(_CALLABLE)}
    finally:
        await connection.close()
    assert functions.keys() - HARMLESS - FUNCTION_EFFECTS.keys() == set()
    assert HARMLESS - functions.keys() == set()
    assert {name for name in UNCHANGING if functions[name]} == set(), "PostgreSQL lets volatile functions write"


async def test_every_function_of_the_information_schema_is_listed(target: Target) -> None:
    connection = await target.connect()
    try:
        rows = await connection.fetch(
            "select proname::text, provolatile = 'v' as is_volatile from pg_proc"
            " where pronamespace = 'information_schema'::regnamespace"
        )
    finally:
        await connection.close()
    assert {row["proname"] for row in rows} == INFORMATION_SCHEMA
    assert not any(row["is_volatile"] for row in rows)


@pytest.mark.parametrize(
    "sql",
    [
        r"select 'a' like 'b' escape '\'",
        r"select 1 where 'a' like 'b' escape '\' or 'c' like 'd' escape '\' or 'e' like 'f' escape '\'",
        r"select 'C:\'",
        r"select '\' , E'\'; select 1; --'",
    ],
)
async def test_what_has_one_reading_is_no_sql_in_the_other(target: Target, sql: str) -> None:
    assert parse(sql.encode())[1].stmts
    connection = await target.connect()
    try:
        await connection.execute("set standard_conforming_strings = off")
        with pytest.raises(asyncpg.PostgresSyntaxError):
            await connection.execute(sql)
    finally:
        await connection.close()
