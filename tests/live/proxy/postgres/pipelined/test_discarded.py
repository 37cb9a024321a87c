"""What a failed batch discarded gives no name another meaning, however far ahead the client sends."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from access.context import Access
from proxy.postgres.protocol import messages
from storage.model import ReviewDecision
from support.postgres import Door, Raw, Target
from support.reviews import decide, statements

_DELETE, _HARMLESS = "delete from pipelined", "select 1"
_FAILS = messages.describe_statement("nothing of this name")
_RUN = messages.execute("") + messages.SYNC


@pytest.fixture
async def table(target: Target) -> AsyncIterator[asyncpg.Connection]:
    owner = await target.connect()
    await owner.execute("set role app_owner; create table pipelined (id int); insert into pipelined values (1)")
    yield owner
    await owner.execute("drop table pipelined")
    await owner.close()


async def answered(client: Raw, *parts: bytes, times: int = 1) -> str:
    client.send(*parts)
    return await client.tags(times=times)


async def test_a_discarded_parse_leaves_the_unnamed_statement(
    door: Door, access: Access, table: asyncpg.Connection
) -> None:
    client = await door.raw("owner-by-review")
    assert await answered(client, messages.parse("", _DELETE), messages.SYNC) == "1Z"
    client.send(_FAILS, messages.parse("", _HARMLESS), messages.SYNC, messages.bind("", ""), _RUN)
    assert (await decide(access, ReviewDecision.DENY, "No.")).text == _DELETE
    assert "E" in await client.tags(times=2)
    assert await table.fetchval("select count(*) from pipelined") == 1
    await client.close()


async def test_a_discarded_bind_leaves_the_portal(door: Door, table: asyncpg.Connection) -> None:
    """What runs by it then is not recorded as what the Bind was of."""
    client = await door.raw("owner")
    await answered(client, messages.query("begin"))
    prepared = messages.parse("a", _DELETE) + messages.parse("b", _HARMLESS)
    assert await answered(client, prepared, messages.bind("p", "a"), messages.SYNC) == "112Z"
    await answered(client, messages.query("savepoint s"))
    client.send(messages.bind("p", "b"), messages.SYNC, messages.query("rollback to s"))
    client.send(messages.execute("p"), messages.SYNC)
    await client.until(b"Z", times=3)
    await answered(client, messages.query("commit"))
    await client.close()
    await door.ended()
    assert _HARMLESS.removesuffix("1") not in door.recorded()


async def test_what_is_sent_ahead_without_errors_runs_as_before(door: Door, access: Access) -> None:
    client = await door.raw("owner-by-review")
    one = messages.parse("", _HARMLESS) + messages.bind("", "") + _RUN
    assert await answered(client, one * 200, times=200) == "12DCZ" * 200
    ahead = [messages.parse("", _HARMLESS), messages.SYNC, messages.bind("", ""), messages.SYNC, _RUN]
    assert await answered(client, messages.query("begin"), *ahead, times=4) == "CZ1Z2ZDCZ"
    assert await statements(access) == []
    await client.close()
