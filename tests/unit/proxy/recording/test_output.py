"""What every stream on its way back does: batches, the moment after, and the end."""

import asyncio
import math

import pytest

from proxy.errors import Fault, PolicyFault
from proxy.recording.output import MAX_WAITING_BYTES, PIECE_BYTES, TURN_S, Output


class Plain(Output):
    def __init__(self, wait_s: float | None = None, took_s: float = 0) -> None:
        self.did: list[str] = []
        self.faults: list[Fault] = []
        self.wait_s = wait_s
        #: How long each piece takes, by the clock of the test.
        self.took_s = took_s
        self.now = 0.0
        super().__init__(self.faults.append, lambda: self.now)

    def _take(self, data: bytes) -> None:
        if data == b"break":
            raise ValueError("inside")
        self.now += self.took_s
        self.did.append(f"take {len(data)}")

    def _flush(self) -> None:
        self.did.append("flush")
        self.wait_s = None

    def _end(self) -> None:
        self.did.append("end")

    def _waits_s(self) -> float | None:
        return self.wait_s


async def test_what_arrives_together_is_taken_together() -> None:
    output = Plain()
    output.feed(b"a")
    output.feed(b"bc")
    await asyncio.sleep(0)
    assert output.did == ["take 3"]


async def test_a_turn_takes_no_more_than_its_time_allows() -> None:
    """The others wait for the loop; nothing is flushed in between, for something follows."""
    output = Plain(wait_s=0, took_s=TURN_S)
    piece = f"take {PIECE_BYTES}"
    output.feed(b"x" * (MAX_WAITING_BYTES - 1))
    await asyncio.sleep(0)
    assert output.did == [piece]
    output.feed(b"yz")
    assert output.did == [piece]
    while "flush" not in output.did:
        await asyncio.sleep(0)
    assert output.did == [piece, piece, "take 1", "flush"]


async def test_quick_pieces_are_taken_in_one_turn() -> None:
    output = Plain()
    output.feed(b"x" * (MAX_WAITING_BYTES - 1))
    await asyncio.sleep(0)
    assert output.did == [f"take {PIECE_BYTES}", f"take {PIECE_BYTES - 1}"]


async def test_what_waits_is_bounded() -> None:
    output = Plain(took_s=TURN_S)
    output.feed(b"x" * (3 * MAX_WAITING_BYTES))
    waiting = 3 * MAX_WAITING_BYTES - len(output.did) * PIECE_BYTES
    assert 0 < waiting < MAX_WAITING_BYTES
    output.finish()
    assert output.did == [f"take {PIECE_BYTES}"] * (3 * MAX_WAITING_BYTES // PIECE_BYTES) + ["end"]


async def test_what_was_taken_at_once_is_no_echo() -> None:
    output = Plain(wait_s=math.inf)
    output.feed(b"x" * MAX_WAITING_BYTES)
    output.feed(b"x" * PIECE_BYTES)
    await asyncio.sleep(0)
    assert output.did == [f"take {PIECE_BYTES}"] * 3


async def test_the_echo_of_much_that_was_typed_waits_for_nothing() -> None:
    output = Plain(wait_s=math.inf, took_s=TURN_S)
    output.typed(PIECE_BYTES + 2)
    output.feed(b"x" * (PIECE_BYTES + 2))
    while len(output.did) < 3:
        await asyncio.sleep(0)
    assert output.did == [f"take {PIECE_BYTES}", "take 2", "flush"]
    output.feed(b"late")
    await asyncio.sleep(0)
    assert output.did[3:] == ["take 4"]


async def test_what_waits_is_flushed_when_nothing_follows() -> None:
    output = Plain(wait_s=0)
    output.feed(b"a")
    while "flush" not in output.did:
        await asyncio.sleep(0)
    assert output.did == ["take 1", "flush"]


async def test_an_echo_waits_for_nothing() -> None:
    output = Plain(wait_s=math.inf)
    output.typed(2)
    output.feed(b"ab")
    await asyncio.sleep(0)
    assert output.did == ["take 2", "flush"]


async def test_the_end_takes_what_arrived_first_and_comes_once() -> None:
    output = Plain()
    output.feed(b"a")
    output.finish()
    output.finish()
    output.feed(b"late")
    await asyncio.sleep(0)
    assert output.did == ["take 1", "end"]


@pytest.mark.parametrize("follows", [b"more", b""])
async def test_nothing_leaves_after_a_failure(follows: bytes) -> None:
    output = Plain()
    output.feed(b"break")
    await asyncio.sleep(0)
    output.feed(follows)
    output.finish()
    await asyncio.sleep(0)
    assert output.did == []
    (fault,) = output.faults
    assert isinstance(fault, PolicyFault)
    assert "ValueError" in str(fault)
