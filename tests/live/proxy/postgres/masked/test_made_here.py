"""What a session made in its transaction has an origin that no catalogue has: its masked columns keep their names."""

import pytest

from proxy.postgres.protocol import messages
from support.postgres import Door, Raw

SECRETS = (b"737", b"248")
_VIEW = "create view made_here as select id, cvv from cards"


async def said(client: Raw, sql: str) -> tuple[list[bytes | None], bool]:
    """The last values of all rows, and whether it was refused."""
    client.send(messages.query(sql))
    seen = await client.until(b"Z")
    rows = [messages.read_data_row(payload)[-1] for tag, payload in seen if tag == b"D"]
    return rows, any(tag == b"E" for tag, _ in seen)


@pytest.mark.parametrize(
    "statements",
    [
        ["begin", _VIEW, "select cvv as y from made_here"],
        ["; ".join([_VIEW, "select cvv as y from made_here"])],
        ["begin", _VIEW, "select y from (select cvv as y from made_here) s"],
        ["begin", _VIEW, "with q as (select cvv as y from made_here) select * from q"],
        ["begin", _VIEW, "select q.y from made_here q (x, y)"],
        ["begin", _VIEW, "declare c cursor for select cvv as y from made_here"],
        ["begin", _VIEW, "create view over as select * from made_here", "select cvv as y from over"],
    ],
)
async def test_not_under_another_name(door: Door, statements: list[str]) -> None:
    client = await door.raw("owner")
    *before, last = statements
    for sql in before:
        assert await said(client, sql) == ([], False)
    rows, refused = await said(client, last)
    assert refused
    assert not rows
    await client.close()


async def test_under_their_own_they_are_masked(door: Door) -> None:
    client = await door.raw("owner")
    for sql in ("begin", _VIEW):
        await said(client, sql)
    assert await said(client, "select id as x, cvv from made_here") == ([b"***", b"***"], False)
    assert await said(client, "select * from made_here") == ([b"***", b"***"], False)
    assert await said(client, "select id as x from made_here order by id") == ([b"1", b"2"], False)
    await client.close()


async def test_what_a_transaction_made_stays_known_in_it_whatever_was_read_anew(door: Door) -> None:
    """Its first rows have the catalogue read, which does not have it."""
    client = await door.raw("owner")
    for sql in ("begin", "create temp table mine on commit drop as select id, holder as h from cards"):
        await said(client, sql)
    for _ in range(2):
        assert await said(client, "select upper(h) as u, id as x from mine order by id") == ([b"1", b"2"], False)
    assert await said(client, "select id as x, cvv as y from cards where false") == ([], False)
    await said(client, "rollback")
    await client.close()
