"""One stream on its way back: what is written down is what is sent, in order, and nothing after a failure."""

import asyncio
import base64
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import Fault, PolicyFault, RecorderFailed
from proxy.masking.rules import DEFAULT_RULES, Masker
from proxy.recording.asciicast import STDERR, STDOUT, Cast, json_string
from proxy.recording.masked_output import MaskedOutput, whole_characters
from proxy.recording.output import MAX_WAITING_BYTES, PIECE_BYTES
from proxy.recording.recorder import Recorder
from storage.recordings.formats import Format

PAN = b"4111111111111111"


class Taken:
    """An output and everything that it did, in order."""

    def __init__(self, masker: Masker | None = None, *, flush_after_s: float = 3600) -> None:
        self.did: list[tuple[str, bytes]] = []
        self.faults: list[Fault] = []
        self.output = MaskedOutput(
            masker or Masker(DEFAULT_RULES),
            record=lambda data: self.did.append(("record", data)),
            send=lambda data: self.did.append(("send", data)),
            fail=self.faults.append,
            flush_after_s=flush_after_s,
        )

    def all(self, what: str) -> bytes:
        return b"".join(data for kind, data in self.did if kind == what)


async def settle() -> None:
    """Let everything run that is due."""
    for _ in range(3):
        await asyncio.sleep(0)


async def test_everything_is_recorded_before_it_is_sent() -> None:
    taken = Taken()
    for piece in (b"one ", b"two ", PAN, b" three\n"):
        taken.output.feed(piece)
        await settle()
    taken.output.finish()
    assert [kind for kind, _ in taken.did] == ["record", "send"] * (len(taken.did) // 2)
    assert taken.all("record") == taken.all("send") == b"one two ************1111 three\n"


@pytest.mark.parametrize("seed", range(20))
async def test_any_split_of_text_gives_the_same_text_in_whole_characters(seed: int) -> None:
    chance = random.Random(seed)
    text = ("kůň 𝄞 \u2028 card 4111 1111 1111 1111, " * 20).encode()
    taken = Taken()
    at = 0
    while at < len(text):
        step = chance.randint(1, 9)
        taken.output.feed(text[at : at + step])
        at += step
        if chance.random() < 0.7:
            await settle()
    taken.output.finish()
    assert taken.all("send") == text.replace(b"4111 1111 1111 1111", b"**** **** **** 1111")
    for _, data in taken.did:
        data.decode()


async def test_bytes_that_are_no_text_go_through_unchanged() -> None:
    taken = Taken()
    data = random.Random(1).randbytes(100_000)
    for at in range(0, len(data), 777):
        taken.output.feed(data[at : at + 777])
    taken.output.finish()
    assert taken.all("send") == data


async def test_what_is_held_goes_when_nothing_follows() -> None:
    taken = Taken(flush_after_s=0)
    prompt, half = b"alice", "ň".encode()
    taken.output.feed(prompt + half[:1])
    async with asyncio.timeout(60):
        while not taken.all("send").startswith(prompt):
            await asyncio.sleep(0)
    taken.output.feed(half[1:])
    taken.output.finish()
    assert taken.all("send") == prompt + half


async def test_an_echo_is_not_held_back() -> None:
    taken = Taken()
    for letter in (b"a", b"l", b"i"):
        taken.output.typed(1)
        taken.output.feed(letter)
        await settle()
    assert taken.all("send") == b"ali"
    taken.output.feed(b"ce")
    await settle()
    assert taken.all("send") == b"ali"


async def test_large_input_does_not_wait_for_the_loop() -> None:
    taken = Taken()
    taken.output.feed(b"x\n" * MAX_WAITING_BYTES)
    assert taken.all("send")


@pytest.mark.parametrize("error", [RecorderFailed("The disk is full."), ValueError("broken")])
async def test_after_a_failure_nothing_is_sent(error: Exception) -> None:
    taken = Taken()

    def fail(_: bytes) -> None:
        raise error

    taken.output._record = fail
    taken.output.feed(b"line\n")
    await settle()
    taken.output.feed(b"line\n")
    await settle()
    taken.output.finish()
    assert taken.did == []
    (fault,) = taken.faults
    assert fault is error or isinstance(fault, PolicyFault)


async def test_who_takes_over_is_given_all_that_arrived() -> None:
    turned: list[bytes] = []
    output = MaskedOutput(
        Masker(DEFAULT_RULES),
        record=lambda _: None,
        send=lambda _: None,
        fail=lambda _: None,
        flush_after_s=3600,
        turned=lambda _stream, before, data: turned.append(before + data),
    )
    data = b"\0" + bytes(PIECE_BYTES) + b"end"
    output.feed(data)
    output.finish()
    assert turned == [data]


async def test_a_stopped_output_is_silent() -> None:
    taken = Taken(flush_after_s=0)
    taken.output.feed(b"secret")
    taken.output.stop()
    await settle()
    taken.output.finish()
    assert taken.did == []


@given(st.text(), st.integers(0, 12))
def test_a_cut_falls_between_characters(text: str, missing: int) -> None:
    data = text.encode()[: max(0, len(text.encode()) - missing)]
    cut = whole_characters(data)
    assert len(data) - cut <= 3
    data[:cut].decode()


@given(st.binary())
def test_a_cut_is_found_in_anything(data: bytes) -> None:
    assert len(data) - 3 <= whole_characters(data) <= len(data)


@given(st.text())
def test_text_is_escaped_as_json_wants_it(text: str) -> None:
    assert json.loads(json_string(text.encode())) == text


@pytest.fixture
def cast_of(tmp_path: Path) -> Callable[[Callable[[Cast], None]], list[list[object]]]:
    """Records by a function, and reads it back."""

    def read(write: Callable[[Cast], None]) -> list[list[object]]:
        recorder = Recorder(tmp_path, uuid4(), datetime.now(UTC), Format.ASCIICAST, redact=str)
        write(Cast(recorder))
        recorder.close()
        (segment,) = tmp_path.rglob("*.cast")
        return [json.loads(line) for line in segment.read_bytes().split(b"\n") if line]

    return read


def test_the_recording_is_asciicast_with_more_channels(
    cast_of: Callable[[Callable[[Cast], None]], list[list[object]]],
) -> None:
    def write(cast: Cast) -> None:
        cast.begin(100, 40, "xterm")
        cast.stream(0, STDOUT)(b'say "hi"\r\n\x1b[0m\x00')
        cast.stream(0, STDERR)(b"\xff")
        cast.stream(3, STDOUT)(b"\xfe\n")
        cast.resize(0, 80, 24)
        cast.resize(3, 81, 25)

    lines: list[Any] = cast_of(write)
    header, *events = lines
    assert header["version"] == 2
    assert (header["width"], header["height"], header["env"]) == (100, 40, {"TERM": "xterm"})
    assert [event[1:] for event in events] == [
        ["o", 'say "hi"\r\n\x1b[0m\x00'],
        ["eb", base64.b64encode(b"\xff").decode()],
        ["b.3", base64.b64encode(b"\xfe\n").decode()],
        ["r", "80x24"],
        ["r.3", "81x25"],
    ]
    assert all(isinstance(event[0], float) for event in events)


@pytest.mark.finding("ssh-F12")
@pytest.mark.parametrize("behind", [b"\n", b" done", b": "])
async def test_digits_that_may_be_a_card_wait_and_a_mark_behind_them_is_enough(behind: bytes) -> None:
    taken = Taken(flush_after_s=0)
    taken.output.feed(b"build 4100000001")
    while taken.all("send") != b"build 410000":
        await asyncio.sleep(0)
    await settle()
    assert taken.all("send") == b"build 410000"
    taken.output.feed(behind)
    while taken.all("send") != b"build 4100000001" + behind:
        await asyncio.sleep(0)
