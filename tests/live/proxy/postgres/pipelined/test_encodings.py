"""A change of client_encoding in the same write as what it changes the meaning of."""

import asyncio

import pytest

from proxy.postgres.protocol import messages
from support.postgres import Door, Target

#: Read as UTF-8 it is one statement with a text. In SJIS 81 5C is one character, so the text ends before the second.
_HIDDEN = messages.message(b"Q", b"select E'\xc3\x81\\'; delete from notes; --'\0")
_SET = "set client_encoding to 'SJIS'"


@pytest.mark.parametrize(
    "ahead",
    [
        messages.query(_SET),
        messages.parse("", _SET) + messages.bind("", "") + messages.execute("") + messages.SYNC,
        messages.query("select set_config('client_encoding', 'SJIS', false)"),
    ],
)
async def test_no_quote_hides_behind_a_character_that_the_server_reads_otherwise(
    door: Door, target: Target, ahead: bytes
) -> None:
    client = await door.raw("checked")
    client.send(ahead, _HIDDEN)
    with pytest.raises(asyncio.IncompleteReadError):
        while True:
            await client.message()
    await door.ended()
    owner = await target.connect()
    assert await owner.fetchval("select count(*) from notes") == 1000
    await owner.close()
