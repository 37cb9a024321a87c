r"""With standard_conforming_strings off a plain string has escapes: '\047' is a quote, and what is judged is not that.

The server tells of the setting, as it does of client_encoding.
"""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from proxy.postgres.protocol import messages
from support.postgres import Door, Raw, Target

_RULES: dict[str, list[dict[str, Any]]] = {
    "all-rows": [{"name": "no", "match": ["delete_without_where"], "verdict": "deny", "message": "Not all."}],
    "path": [{"name": "no", "match": ["set:search_path"], "verdict": "deny", "message": "No path."}],
}
_OFF = messages.query("set standard_conforming_strings = off")


@pytest.fixture
def more_roles() -> dict[str, Any]:
    login = {"username": "app_owner", "password": "env:OWNER_PASSWORD"}
    return {name: {**login, "statements": rules} for name, rules in _RULES.items()}


@pytest.fixture
async def owner(target: Target) -> AsyncIterator[asyncpg.Connection]:
    connection = await target.connect()
    await connection.execute("set role app_owner; create table kept (a text); insert into kept values ('a'), ('b')")
    yield connection
    assert await connection.fetchval("select count(*) from kept") == 2
    await connection.execute("drop table kept")
    await connection.close()


async def said(client: Raw, *parts: bytes, times: int = 1) -> bytes:
    client.send(*parts)
    return b"".join(payload for _, payload in await client.until(b"Z", times))


@pytest.mark.usefixtures("owner")
@pytest.mark.parametrize("at_once", [False, True])
async def test_a_pattern_that_an_escape_makes(door: Door, *, at_once: bool) -> None:
    client = await door.raw("all-rows")
    assert b"Not all" in await said(client, messages.query("delete from kept where a like '%'"))
    delete = messages.query(r"delete from kept where a like '\045'")
    if at_once:
        assert b"could not parse" in await said(client, _OFF, delete, times=2)
    else:
        await said(client, _OFF)
        assert b"could not parse" in await said(client, delete)
    assert b"DELETE 0" in await said(client, messages.query(r"delete from kept where a like E'\\045'"))
    await client.close()


@pytest.mark.usefixtures("owner")
async def test_in_one_batch(door: Door) -> None:
    client = await door.raw("all-rows")
    off = messages.parse("", "set standard_conforming_strings = off") + messages.bind("", "") + messages.execute("")
    delete = messages.parse("", r"delete from kept where a like '\045'") + messages.bind("", "") + messages.execute("")
    assert b"could not parse" in await said(client, off, delete, messages.SYNC)
    await client.close()


async def test_a_setting_that_an_escape_names(door: Door) -> None:
    client = await door.raw("path")
    assert b"No path" in await said(client, messages.query("select set_config('search_path', 'x', false)"))
    await said(client, _OFF)
    await said(client, messages.query(r"select set_config('search\137path', 'x', false)"))
    assert b"public" in await said(client, messages.query("show search_path"))
    await client.close()


@pytest.mark.parametrize("options", [r"header 'o\146f'", r"format csv, header 'o\146f'", r"delimiter '\054'"])
async def test_options_of_copy(door: Door, options: str) -> None:
    client = await door.raw("owner")
    await said(client, _OFF)
    seen = await said(client, messages.query(f"copy cards (cvv, holder) to stdout ({options})"))
    assert b"could not parse" in seen
    await client.close()


async def test_what_is_on_is_read(door: Door) -> None:
    client = await door.raw("owner")
    assert b"a\\045" in await said(client, _OFF, messages.query(r"select E'a\\045'"), times=2)
    on = messages.query("set standard_conforming_strings = on")
    assert b"a\\045" in await said(client, on, messages.query(r"select 'a\045'"), times=2)
    await client.close()
