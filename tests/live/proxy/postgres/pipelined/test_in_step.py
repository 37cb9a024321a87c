"""Each answer stays that of its question: rows of a COPY that fails, and batches that fail between their messages."""

import asyncio

import pytest

from proxy.postgres.protocol import messages
from support.postgres import Door, Raw

_COPY_DONE = messages.message(b"c")
_MASKED, _PLAIN = "copy cards (cvv) to stdout", "copy cards (holder) to stdout"
_TIMEOUT = "57014"


def row(line: bytes) -> bytes:
    return messages.message(b"d", line + b"\n")


async def copied(client: Raw, times: int) -> list[bytes]:
    """Rows of COPYs up to so many ReadyForQuery."""
    return [payload for tag, payload in await client.until(b"Z", times=times) if tag == b"d"]


_HOLDERS, _CODES = [b"Ada Lovelace\n", b"Grace Hopper\n"], [b"***\n", b"***\n"]


@pytest.mark.parametrize("ahead", [True, False])
async def test_a_sync_among_the_rows_of_a_copy_that_fails(door: Door, ahead: bool) -> None:
    """The server answers it, for the COPY has failed by then; of one that goes on it would not."""
    client = await door.raw("owner")
    client.send(messages.query("copy notes from stdin"))
    if not ahead:
        await client.until(b"G")
    client.send(row(b"bad"), messages.SYNC, _COPY_DONE, messages.query(_MASKED), messages.query(_PLAIN))
    assert await copied(client, 3) == _CODES + _HOLDERS
    await client.close()


async def test_a_trigger_that_fails_a_copy_before_its_rows(door: Door) -> None:
    """Some drivers send the Sync with the Execute, before the COPY has begun; the error may overtake it or not."""
    client = await door.raw("owner")
    made = (
        "create temp table t (a int); create function pg_temp.no() returns trigger language plpgsql as "
        "$$begin raise 'no'; end$$; create trigger no before insert on t execute function pg_temp.no()"
    )
    client.send(messages.query(made))
    assert "E" not in await client.tags()
    client.send(messages.parse("", "copy t from stdin"), messages.bind("", ""), messages.execute(""), messages.SYNC)
    assert await client.tags(b"E") == "12GE"
    client.send(row(b"1"), _COPY_DONE, messages.SYNC, messages.query("select 1"))
    assert "TDC" in await client.tags(b"C")
    await client.close()


async def test_a_copy_by_messages_that_are_sent_ahead(door: Door) -> None:
    client = await door.raw("owner")
    client.send(messages.query("create temp table t (a int)"))
    await client.until(b"Z")
    parts = [messages.parse("", "copy t from stdin"), messages.bind("", ""), messages.execute(""), messages.SYNC]
    client.send(*parts, row(b"1"), messages.SYNC, row(b"2"), _COPY_DONE, messages.SYNC, messages.query("table t"))
    assert await client.tags(times=2) == "12GCZTDDCZ"
    client.send(row(b"3"), _COPY_DONE, messages.query("copy t from stdin; copy t from stdin; select 1"))
    client.send(row(b"4"), _COPY_DONE, row(b"5"), _COPY_DONE, messages.query("select count(*) from t"))
    assert await client.tags(times=2) == "GCGCTDCZTDCZ"
    await client.close()


@pytest.mark.parametrize(
    "last", [messages.FLUSH, row(b"stray"), _COPY_DONE, b""], ids=["Flush", "CopyData", "CopyDone", "nothing"]
)
async def test_a_batch_that_fails_between_its_messages(door: Door, last: bytes) -> None:
    """A statement_timeout goes on after Parse, and what the server reads next gets its error."""
    client = await door.raw("owner")
    client.send(messages.query("set statement_timeout = 100"))
    await client.until(b"Z")
    client.send(messages.parse("s", "select 1"), messages.FLUSH)
    await client.until(b"1")
    await asyncio.sleep(0.3)  # the timeout is the server's
    client.send(last, messages.query(_MASKED), messages.query(_PLAIN), messages.SYNC, messages.query(_MASKED))
    seen = await client.until(b"Z", times=4)
    assert _TIMEOUT in {messages.read_fields(payload)["C"] for tag, payload in seen if tag == b"E"}
    assert [payload for tag, payload in seen if tag == b"d"] == _CODES + _HOLDERS + _CODES
    await client.close()


async def test_a_batch_that_failed_while_nothing_was_asked_is_discarded(door: Door) -> None:
    client = await door.raw("owner")
    client.send(messages.query("set statement_timeout = 100"))
    await client.until(b"Z")
    client.send(messages.parse("s", "select 1"), messages.FLUSH)
    await client.until(b"1")
    await asyncio.sleep(0.3)  # the timeout is the server's
    client.send(messages.FLUSH)
    await client.until(b"E")
    client.send(messages.bind("", "s"), messages.execute(""), messages.query(_PLAIN), messages.SYNC)
    assert await client.tags() == "Z"
    client.send(messages.query(_MASKED))
    assert await copied(client, 1) == _CODES
    await client.close()


async def test_a_query_in_a_batch_is_answered_as_direct(door: Door) -> None:
    client = await door.raw("owner")
    client.send(messages.parse("", "select 1"), messages.bind("", ""), messages.execute(""), messages.query("select 2"))
    assert await client.tags() == "12DCTDCZ"
    client.send(messages.parse("s", "select 1"), messages.query("execute s"), messages.SYNC)
    assert await client.tags(times=2) == "1TDCZZ"
    await client.close()
