"""No string of a client's is recorded as it came: it is masked, bounded, and shows what it holds."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.masking.rules import DEFAULT_RULES, Masker
from proxy.recording.asciicast import Cast
from proxy.recording.gate import MAX_CHARS, MAX_TERMINAL, UNKNOWN_TERMINAL, Gate, terminal_size, terminal_type
from proxy.recording.recorder import Recorder
from storage.recordings.formats import Format

PAN = "4111111111111111"
#: Card numbers in the disguises that one string can have.
DISGUISED = (PAN, "4111-1111-1111-1111", "4111.1111.1111.1111", f"xterm-{PAN}", "41111111a11111111")

GATE = Gate(Masker(DEFAULT_RULES).redact)


@pytest.mark.finding("M11")
@pytest.mark.parametrize(
    "term", ["xterm-256color", "screen.xterm-256color", "vt220", "rxvt-unicode", "dumb", "xterm+256"]
)
def test_a_terminal_that_could_be_is_recorded(term: str) -> None:
    assert terminal_type(term) == term


@pytest.mark.finding("M11")
@pytest.mark.parametrize(
    "term", [*DISGUISED, "x" * 33, "", "xterm\x1b]0;x\x07", "xterm\n", "vt é", "a\u202eb", "x" * 10**6]
)
def test_any_other_terminal_is_unknown(term: str) -> None:
    assert terminal_type(term) == UNKNOWN_TERMINAL


@pytest.mark.finding("M11")
def test_a_terminals_size_has_no_room_for_a_card_number() -> None:
    assert terminal_size(80, 24) == (80, 24)
    assert terminal_size(41111111, 11111111) == (MAX_TERMINAL, MAX_TERMINAL)
    assert terminal_size(-1, 2**32) == (0, MAX_TERMINAL)


@pytest.mark.finding("M11")
def test_strings_are_masked_in_every_place_of_a_value() -> None:
    cleaned = json.dumps(GATE.value({PAN: {"a": [PAN, (PAN, 7, None, True)], "b": f"mail ada@example.com {PAN}"}}))
    assert PAN not in cleaned
    assert "ada@example.com" not in cleaned
    assert cleaned.count("1111") == 4


@pytest.mark.finding("M11")
def test_a_string_is_bounded_and_visible() -> None:
    shown = GATE.value("x\x1b[31m\n\u202e" + "y" * 10_000)
    assert shown.startswith(r"x\x1b[31m\n\u202e")
    assert shown.endswith("… (10008 characters)")
    assert len(shown) < MAX_CHARS + 30


def test_what_is_not_json_is_refused() -> None:
    with pytest.raises(TypeError, match="a bytes is nothing to record"):
        GATE.value({"raw": b"\x00"})


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_every_value_stays_json_of_its_shape(value: Any) -> None:
    cleaned = GATE.value(value)
    assert type(cleaned) is type(value)
    json.dumps(cleaned).encode()


@pytest.mark.finding("M11")
def test_nothing_that_a_client_says_of_its_channel_is_recorded_raw(tmp_path: Path) -> None:
    """Every call by which a protocol records a client's own words, with a card number in each of them."""
    recorder = Recorder(
        tmp_path, uuid4(), datetime.now(UTC), Format.ASCIICAST, redact=Masker(DEFAULT_RULES).redact, segment_bytes=1
    )
    cast = Cast(recorder)
    cast.begin(41111111, 11111111, PAN)
    cast.channel(0, event="open", type=PAN, reason=f"no subsystem {PAN}")
    cast.resize(0, 41111111, 11111111)
    recorder.describe(software=PAN, env={"LC_CARD": PAN, PAN: "x"})
    recorder.write({"t": 1, "type": "parameters", "application_name": PAN})
    recorder.write([1, "m", PAN])
    recorder.close()
    kept = "".join(path.read_text() for path in tmp_path.rglob("*.cast"))
    assert kept.count("\n") > 6
    assert PAN not in kept
    assert "41111111" not in kept
    for line in kept.splitlines():
        json.loads(line)
    events = [json.loads(line) for line in kept.splitlines() if line.startswith("[")]
    assert json.loads(next(event[2] for event in events if event[1] == "c"))["type"] == "************1111"
