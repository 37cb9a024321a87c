"""A stream that passes as it is, or ends before what must not leave."""

import asyncio
import os
from typing import Any

import pytest

from proxy.errors import Fault
from proxy.masking.rules import DEFAULT_RULES, Masker
from proxy.masking.stream import StreamMasker
from proxy.recording import passed_output
from proxy.recording.passed_output import PassedOutput

PAN = b"4111111111111111"


@pytest.fixture(autouse=True)
def _no_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is flushed by the mere passing of time, unless a test says so."""
    monkeypatch.setattr(passed_output, "FLUSH_S", 3600.0)


class Passed:
    def __init__(self, *, looks: bool = True) -> None:
        self.sent = b""
        self.found: list[str] = []
        self.faults: list[Fault] = []
        stream = StreamMasker(Masker(DEFAULT_RULES)) if looks else None
        self.output = PassedOutput(stream, send=self._send, found=self.found.append, fail=self.faults.append)

    def _send(self, data: bytes) -> None:
        self.sent += data


async def settle() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


@pytest.mark.finding("ssh-F3")
@pytest.mark.parametrize("step", [1, 7, 4096])
async def test_what_holds_nothing_passes_byte_for_byte(step: int) -> None:
    data = os.urandom(2000) + b"\x04\xff" * 100 + b" 4111 1111 rows \xe2\x82"
    passed = Passed()
    for at in range(0, len(data), step):
        passed.output.feed(data[at : at + step])
        await settle()
    passed.output.finish()
    assert (passed.sent, passed.found, passed.faults) == (data, [], [])


@pytest.mark.finding("ssh-F3")
@pytest.mark.parametrize("cut", range(1, 16))
async def test_a_value_does_not_leave_and_nothing_behind_it_does(cut: int) -> None:
    passed = Passed()
    for piece in (b"\0before ", PAN[:cut], PAN[cut:], b" behind"):
        passed.output.feed(piece)
        await settle()
    passed.output.finish()
    assert passed.found == ["pan"]
    assert passed.sent == b"\0before "


async def test_a_value_at_the_very_end_does_not_leave_either() -> None:
    passed = Passed()
    passed.output.feed(b"\0 " + PAN)
    await settle()
    passed.output.finish()
    assert (passed.sent, passed.found) == (b"\0 ", ["pan"])


@pytest.mark.finding("ssh-F1")
async def test_digits_wait_for_a_moment_and_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passed_output, "FLUSH_S", 0.0)
    monkeypatch.setattr(passed_output, "PATIENCE_S", 0.0)
    passed = Passed()
    passed.output.feed(b"4111111111")
    while passed.sent != b"4111111111":
        await asyncio.sleep(0)
    passed.output.feed(PAN[10:] + b"\n")
    await settle()
    assert (passed.sent, passed.found) == (b"4111111111", ["pan"])


async def test_where_nothing_is_looked_for_all_passes_at_once() -> None:
    passed = Passed(looks=False)
    passed.output.feed(PAN)
    await settle()
    assert passed.sent == PAN
    passed.output.finish()
    assert passed.found == []


async def test_a_failure_ends_it() -> None:
    passed = Passed()
    broken: Any = passed.output
    broken._send = lambda _: 1 / 0
    passed.output.feed(b"x\n")
    await settle()
    assert len(passed.faults) == 1
