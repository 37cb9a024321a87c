"""A batch that fails between the arrival of a message and the work that it starts."""

import pytest

from proxy.postgres.protocol import messages
from proxy.postgres.protocol.frames import Frame
from proxy.postgres.relay.held_bind import HeldBind
from proxy.postgres.relay.requests import Requests
from support.postgres import Door


async def test_a_bind_that_waits_is_not_sent_where_its_batch_has_failed(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error comes in the same turn of the loop as what comes in place of the Execute, in about one of 20 tries."""
    take_after = Requests._take_after  # pyright: ignore[reportPrivateUsage]

    async def late(self: Requests, held: HeldBind, chunk: bytes, frame: Frame) -> bytes:
        await self._link.send(b"")  # pyright: ignore[reportPrivateUsage]
        await self._link.until(lambda: self._state.discarding)  # pyright: ignore[reportPrivateUsage]
        return await take_after(self, held, chunk, frame)

    monkeypatch.setattr(Requests, "_take_after", late)
    client = await door.raw("owner-by-review")
    client.send(messages.query("begin"), messages.query("select 1 / 0"))
    await client.until(b"Z", times=2)
    client.send(messages.parse("s", "delete from notes"), messages.bind("p", "s"), messages.SYNC)
    assert await client.tags() == "EZ"
    await client.close()
