"""Cursors of SQL, run by the protocol: judged as FETCH, masked by the columns that they show now."""

from typing import Any

import pytest

from access.context import Access
from proxy.postgres.protocol import messages
from storage.model import ReviewDecision
from support.postgres import Door, Raw
from support.reviews import decide

DECLARE = "declare c cursor for select id, cvv as x from cards order by id"


@pytest.fixture
def more_roles() -> dict[str, Any]:
    """Roles whose rules are about FETCH."""
    owner = {"username": "app_owner", "password": "env:OWNER_PASSWORD"}
    ask = {"name": "ask", "match": ["fetch"], "verdict": "review", "reviewers": ["reviewers"]}
    return {
        "no-fetch": {**owner, "statements": [{"name": "no-fetch", "match": ["fetch"], "verdict": "deny"}]},
        "asks": {**owner, "statements": [ask]},
    }


async def sent(client: Raw, *parts: bytes) -> list[tuple[bytes, bytes]]:
    client.send(*parts)
    return await client.until(b"Z")


async def begun(door: Door, role: str) -> Raw:
    client = await door.raw(role)
    for sql in ("begin", DECLARE):
        assert (await sent(client, messages.query(sql)))[-1] == (b"Z", b"T")
    return client


def rows(seen: list[tuple[bytes, bytes]]) -> list[list[bytes | None]]:
    return [messages.read_data_row(payload) for tag, payload in seen if tag == b"D"]


def sentence(seen: list[tuple[bytes, bytes]]) -> str:
    [payload] = [payload for tag, payload in seen if tag == b"E"]
    return messages.read_fields(payload)["M"]


@pytest.mark.finding("pg-F16")
@pytest.mark.parametrize("role", ["owner", "checked"])
async def test_a_cursor_of_sql_runs_by_the_protocol(door: Door, role: str) -> None:
    client = await begun(door, role)
    seen = await sent(client, messages.describe_portal("c"), messages.execute("c"), messages.SYNC)
    assert b"".join(tag for tag, _ in seen) == b"TDDCZ"
    assert rows(seen) == [[b"1", b"***"], [b"2", b"***"]]
    await sent(client, messages.query("close c"))
    assert "does not know what this portal runs" in sentence(await sent(client, messages.execute("c"), messages.SYNC))
    await client.close()


@pytest.mark.finding("pg-F16")
async def test_it_is_judged_as_fetch(door: Door, access: Access) -> None:
    client = await begun(door, "no-fetch")
    assert "no-fetch" in sentence(await sent(client, messages.execute("c"), messages.SYNC))
    await client.close()
    client = await begun(door, "asks")
    client.send(messages.execute("c"), messages.SYNC)
    assert (await decide(access, ReviewDecision.APPROVE)).text == 'fetch all from "c"'
    assert len(rows(await client.until(b"Z"))) == 2
    await client.close()


@pytest.mark.finding("pg-F16")
async def test_a_portal_that_sql_replaced_is_masked_as_what_it_is_now(door: Door) -> None:
    """It was bound and described with a column without a mask; its name is another cursor's by now."""
    client = await door.raw("owner")
    await sent(client, messages.query("begin"))
    bound = [messages.parse("", "select holder from cards"), messages.bind("p", ""), messages.describe_portal("p")]
    await sent(client, *bound, messages.SYNC)
    again = messages.query("close p; declare p cursor for select cvv from cards order by id")
    client.send(again, messages.execute("p"), messages.SYNC)
    seen = await client.until(b"Z", 2)
    assert rows(seen) == [[b"***"], [b"***"]]
    await client.close()
