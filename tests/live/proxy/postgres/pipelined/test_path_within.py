"""What names mean is settled before a statement is judged: nothing that it runs itself changes that."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from proxy.postgres.protocol import messages
from support.postgres import Door, Raw, Target

DATABASE = "names"


@pytest.fixture
def place(target: Target) -> dict[str, Any]:
    """A database without masked columns, which have reasons of their own against code."""
    return target.place(DATABASE)


@pytest.fixture
async def client(door: Door, target: Target) -> AsyncIterator[Raw]:
    """By a role to which the schema prod is closed; twins stands there and in public."""
    schema = (
        "create schema prod; create table prod.twins (a text); create table public.twins (a text);"
        "insert into prod.twins values ('closed'); insert into public.twins values ('open');"
        "create function set_tenant(v text) returns text language plpgsql as "
        "$$begin perform set_config('search_path', v, false); return v; end$$"
    )
    async with target.database(DATABASE, schema):
        client = await door.raw("by-schema", parameters={"database": DATABASE})
        yield client
        await client.close()


async def said(client: Raw, *parts: bytes) -> bytes:
    client.send(*parts)
    return b"".join(payload for _, payload in await client.until(b"Z"))


async def test_the_arguments_of_an_execute(client: Raw) -> None:
    assert b"Not prod" in await said(client, messages.query("select * from prod.twins"))
    await said(client, messages.parse("n", "select a from twins where $1::text <> ''"), messages.SYNC)
    assert b"open" in await said(client, messages.query("execute n('x')"))
    for changed in ("set_config('search_path', 'prod', false)", "public.set_tenant('prod')"):
        assert b"Not prod" in await said(client, messages.query(f"execute n({changed})"))


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
