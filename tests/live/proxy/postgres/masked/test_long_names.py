"""Names of statements and portals mean what they mean to the server: it keeps 63 bytes of each, in its own encoding."""

import pytest

from access.context import Access
from proxy.postgres.protocol import messages
from storage.model import ReviewDecision
from support.postgres import Door, Raw
from support.reviews import decide

#: One name to the server.
LONG, SAME = "n" * 63 + "x", "n" * 63 + "y"
NUMBERS, CODES = "select holder from cards order by id", "select cvv from cards order by id"


async def sent(client: Raw, *parts: bytes) -> list[tuple[bytes, bytes]]:
    """What a batch is answered with."""
    client.send(*parts, messages.SYNC)
    return await client.until(b"Z")


async def said(client: Raw, sql: str) -> list[tuple[bytes, bytes]]:
    client.send(messages.query(sql))
    return await client.until(b"Z")


def last(seen: list[tuple[bytes, bytes]]) -> list[bytes | None]:
    return [messages.read_data_row(payload)[-1] for tag, payload in seen if tag == b"D"]


async def test_a_long_name_works(door: Door) -> None:
    client = await door.raw("checked")
    await said(client, "begin")
    parts = [messages.parse(LONG, NUMBERS), messages.bind(LONG, SAME), messages.describe_portal(SAME)]
    assert last(await sent(client, *parts, messages.execute(LONG))) == [b"Ada Lovelace", b"Grace Hopper"]
    assert last(await said(client, f'execute "{SAME}"')) == [b"Ada Lovelace", b"Grace Hopper"]
    await client.close()


async def test_a_statement_is_masked_as_what_its_name_stands_for(door: Door) -> None:
    client = await door.raw("owner")
    await sent(client, messages.parse(LONG, NUMBERS), messages.describe_statement(LONG))
    await sent(client, messages.close("S", SAME), messages.parse(SAME, CODES))
    seen = await sent(client, messages.bind("", LONG), messages.execute(""))
    assert last(seen) == [b"***", b"***"]
    await client.close()


async def test_a_portal_is_masked_as_what_its_name_stands_for(door: Door) -> None:
    client = await door.raw("owner")
    parts = [messages.parse("a", NUMBERS), messages.parse("b", CODES), messages.bind(LONG, "a")]
    parts += [messages.describe_portal(LONG), messages.close("P", SAME), messages.bind(SAME, "b")]
    assert last(await sent(client, *parts, messages.execute(LONG))) == [b"***", b"***"]
    await client.close()


async def test_what_runs_by_a_long_name_is_reviewed(door: Door, access: Access) -> None:
    client = await door.raw("owner-by-review")
    await sent(client, messages.parse(LONG, "select 1"))
    await sent(client, messages.close("S", SAME), messages.parse(SAME, "delete from notes where id = 1"))
    client.send(messages.bind("", LONG), messages.execute(""), messages.SYNC)
    await decide(access, ReviewDecision.DENY, "No.")
    assert b"E" in {tag for tag, _ in await client.until(b"Z")}
    await client.close()


@pytest.mark.parametrize("encoding", ["LATIN1", "UTF8"])
async def test_a_name_that_gatepass_and_the_server_may_read_otherwise_ends_the_session(
    door: Door, encoding: str
) -> None:
    """By SQL it is one name, and by the protocol another one; of a longer one the server keeps a part."""
    client = await door.raw("owner-by-review", parameters={"client_encoding": encoding})
    name = b"\xe9" if encoding == "LATIN1" else "é".encode() * 32
    await said(client, 'prepare "\udce9" as select 1' if encoding == "LATIN1" else "select 1")
    client.send(messages.message(b"P", name + b"\0delete from notes where id = 1\0\0\0"), messages.SYNC)
    [(tag, payload)] = await client.until(b"E")
    assert tag == b"E"
    assert "name" in messages.read_fields(payload)["M"]
    assert (await door.ended()).end_reason is not None


async def test_a_name_in_utf8_works(door: Door) -> None:
    client = await door.raw("checked")
    parts = [messages.parse("é", "select 1"), messages.bind("", "é"), messages.execute("")]
    assert last(await sent(client, *parts)) == [b"1"]
    await client.close()
