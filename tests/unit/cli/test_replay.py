"""A replay tells what happened and does nothing to the terminal it is told on."""

import base64
import json
from typing import Any

import pytest

from cli.replay import play, player
from storage.recordings.formats import Format

pytestmark = pytest.mark.finding("M9")


def replayed(capsysbinary: pytest.CaptureFixture[bytes], kind: Format, *records: Any, raw: bool = False) -> str:
    play(records, player(kind, raw=raw), 0)
    return capsysbinary.readouterr().out.decode()


def opened(channel: int = 0, *, terminal: bool) -> list[Any]:
    return [0.0, "c", json.dumps({"channel": channel, "event": "open", "type": "shell", "terminal": terminal})]


def test_a_terminal_is_drawn_and_left_as_it_was(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    shown = replayed(
        capsysbinary,
        Format.ASCIICAST,
        opened(terminal=True),
        [0.1, "o", "\x1b[31mred\x1b]52;c;cm0"],
        [0.2, "o", "=\x07 and\x1b[6n on"],
    )
    drawn, _, reset = shown.partition("\x1b7")
    assert drawn == "\x1b[31mred and on"
    assert "\x1b[0m" in reset


def test_a_command_without_a_terminal_is_printed(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    shown = replayed(
        capsysbinary,
        Format.ASCIICAST,
        opened(terminal=False),
        [0.1, "o", "a\tb\x1b[31mred\x9b6n\r\n"],
        [0.2, "eb", base64.b64encode(b"\xff\x1b]0;x\x07\n").decode()],
    )
    assert shown == "a\tb\\x1b[31mred\\x9b6n\n\ufffd\\x1b]0;x\\x07\n"


def test_what_was_asked_for_is_printed_and_draws_nothing(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    marker = [0.1, "m", "exec (deny): $(echo\nreboot)\x1b[2J"]
    assert replayed(capsysbinary, Format.ASCIICAST, opened(terminal=False), marker) == (
        "# exec (deny): $(echo\\nreboot)\\x1b[2J\n"
    )
    assert "reboot" not in replayed(capsysbinary, Format.ASCIICAST, opened(terminal=True), marker)


def test_each_channel_is_drawn_or_printed_by_itself(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    shown = replayed(
        capsysbinary,
        Format.ASCIICAST,
        opened(0, terminal=True),
        opened(1, terminal=False),
        [0.1, "o", "\x1b[1mbold\x1b]0;"],
        [0.2, "o.1", "\x1b[1mplain"],
        [0.3, "o", "title\x07end"],
    )
    assert shown.startswith("\x1b[1mbold\\x1b[1mplainend")


def test_raw_gives_the_recorded_bytes(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    play(
        [opened(terminal=True), [0.1, "o", "\x1b]0;x\x07"], [0.2, "b", base64.b64encode(b"\xff\x9b").decode()]],
        player(Format.ASCIICAST, raw=True),
        0,
    )
    assert capsysbinary.readouterr().out == b"\x1b]0;x\x07\xff\x9b"


def test_a_terminal_is_put_right_when_the_recording_is_damaged(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    with pytest.raises(ValueError, match="could not convert"):
        replayed(capsysbinary, Format.ASCIICAST, opened(terminal=True), [0.1, "o", "\x1b[?1049h"], ["damaged", "o", ""])
    assert "\x1b[?1049l" in capsysbinary.readouterr().out.decode()


def test_no_name_forges_a_line(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """A quoted name may hold newlines and a line that looks like another statement's."""
    shown = replayed(
        capsysbinary,
        Format.JSON_LINES,
        {"t": 1.0, "type": "statement", "text": 'select 1 as "\n    9.999  > drop table x', "verdict": "allow"},
        {"t": 1.5, "type": "rows", "rows": [["\x9b6n", "x\u202ey", "a\nb", None, 5]]},
        {"t": 2.0, "type": "notice", "message": "\x1b]0;x\x07\x9d"},
    )
    assert shown.splitlines() == [
        '    1.000  > select 1 as "\\n    9.999  > drop table x  [allow]',
        '           ["\\x9b6n", "x\\u202ey", "a\\nb", null, 5]',
        '    2.000  notice {"message": "\\u001b]0;x\\u0007\\x9d"}',
    ]


def test_no_pause_is_longer_than_an_hour_however_slowly_it_is_played(
    capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    play([[0.0, "o", "a"], [1e8, "o", "b"]], player(Format.ASCIICAST), 5e-324)
    assert waited == [0, 3600]
    assert capsysbinary.readouterr().out == b"ab"
