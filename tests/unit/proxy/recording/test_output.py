"""What every stream on its way back does: batches, the moment after, and the end."""

import asyncio
import math

import pytest

from proxy.errors import Fault, PolicyFault
from proxy.recording.output import BATCH_BYTES, Output


class Plain(Output):
    def __init__(self, wait_s: float | None = None) -> None:
        self.did: list[str] = []
        self.faults: list[Fault] = []
        self.wait_s = wait_s
        super().__init__(self.faults.append)

    def _take(self, data: bytes) -> None:
        if data == b"break":
            raise ValueError("inside")
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
    output.feed(b"x" * BATCH_BYTES)
    assert output.did == ["take 3", f"take {BATCH_BYTES}"]


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
