"""What names mean is settled before a statement is judged: nothing that it runs itself changes that."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from proxy.postgres.protocol import messages
from support.postgres import Door, Raw, Target


@pytest.fixture
async def client(door: Door, target: Target) -> AsyncIterator[Raw]:
    """By a role to which the schema prod is closed; twins stands there and in public."""
    owner: asyncpg.Connection = await target.connect()
    await owner.execute("set role app_owner")
    await owner.execute(
        "create schema prod; create table prod.twins (a text); create table public.twins (a text);"
        "insert into prod.twins values ('closed'); insert into public.twins values ('open')"
    )
    client = await door.raw("by-schema")
    yield client
    await client.close()
    await owner.execute("drop schema prod cascade; drop table public.twins")
    await owner.close()


async def said(client: Raw, *parts: bytes) -> bytes:
    client.send(*parts)
    return b"".join(payload for _, payload in await client.until(b"Z"))


async def test_the_arguments_of_an_execute(client: Raw) -> None:
    assert b"Not prod" in await said(client, messages.query("select * from prod.twins"))
    await said(client, messages.parse("n", "select a from twins where $1::text <> ''"), messages.SYNC)
    assert b"open" in await said(client, messages.query("execute n('x')"))
    seen = await said(client, messages.query("execute n(set_config('search_path', 'prod', false))"))
    assert b"C42501" in seen
    assert b"closed" not in seen


@pytest.mark.parametrize(
    "sql",
    [
        "create function f() returns text language sql as $$select set_config('search_path', 'prod', false)$$",
        "create function f() returns int language sql set search_path = x as $$select set_config('role', 'y', false)$$",
        "create function f() returns void language sql as $$set search_path = prod$$",
        "create domain d as int check (set_config('search_path', 'prod', false) is not null)",
        "create table t (a text default set_config('role', 'none', false))",
        "create view v as select set_config(lower('search_path'), 'prod', false)",
    ],
)
async def test_code_that_changes_them_is_not_made(client: Raw, sql: str) -> None:
    """A domain's check runs while a literal or a parameter is read, and what is immutable while a Bind is planned."""
    assert b"rule settled-names" in await said(client, messages.query(sql))


async def test_a_setting_for_a_functions_own_time_is_fine(client: Raw) -> None:
    made = "create function own_path() returns int language sql set search_path = public as $$select 1$$"
    assert b"CREATE FUNCTION" in await said(client, messages.query(made))
    assert b"DROP FUNCTION" in await said(client, messages.query("drop function own_path"))
