"""The unnamed portal is what the last Bind made, until a Query takes it."""

import pytest

from proxy.postgres.protocol import messages
from support.postgres import Door

_LONG = "delete from notes where id = (select min(id) from notes) returning id"


def _missing(seen: list[tuple[bytes, bytes]]) -> bool:
    [error] = [messages.read_fields(payload) for tag, payload in seen if tag == b"E"]
    return (error["C"], error["M"]) == ("34000", 'portal "" does not exist')


@pytest.mark.parametrize("role", ["owner", "owner-by-review"])
@pytest.mark.parametrize("bound", [b"", messages.parse("s", "select 1") + messages.bind("", "s") + messages.SYNC])
async def test_what_a_failed_query_leaves_is_not_run(door: Door, role: str, bound: bytes) -> None:
    """PostgreSQL 18 crashes there, with all sessions: of that portal it has freed the statement."""
    client = await door.raw(role)
    client.send(messages.query("begin"), bound, messages.query("rollback to unknown"))
    await client.until(b"Z", 3 if bound else 2)
    client.send(messages.parse("n", _LONG), messages.SYNC)
    assert await client.tags() == "EZ"
    client.send(messages.execute(""), messages.SYNC)
    assert _missing(await client.until(b"Z"))
    client.send(messages.query("rollback"))
    assert await client.tags() == "CZ"
    await client.close()


async def test_a_query_takes_the_unnamed_portal(door: Door) -> None:
    client = await door.raw("checked")
    client.send(messages.query("begin"), messages.parse("", "select 7"), messages.bind("", ""), messages.SYNC)
    assert await client.tags(times=2) == "CZ12Z"
    client.send(messages.query("select 1"))
    assert await client.tags() == "TDCZ"
    client.send(messages.execute(""), messages.SYNC)
    assert _missing(await client.until(b"Z"))
    await client.close()
