"""A replayed terminal draws and does nothing else, whatever the recorded program wrote."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.recordings.screen import Screen

pytestmark = pytest.mark.finding("M9")

#: Every sequence that may come out, spelt independently of the product's own lists.
_ALLOWED = re.compile(
    r"\x1b\[(?:[\d;:]*m|(?:\d{0,4}(?:;\d{0,4})*)[ABCDEFGHIJKLMPSTXZ@`adefr]|[su]"
    r"|4[hl]|\?(?:7|12|25|47|1047|1048|1049)(?:;(?:7|12|25|47|1047|1048|1049))*[hl])"
    r"|\x1b[78DEM]|\x1b[()][0B]"
)


def replayed(*parts: str) -> str:
    screen = Screen()
    return "".join(map(screen.feed, parts))


@pytest.mark.parametrize(
    "drawing",
    [
        "plain text, Ünïcödé 漢字\r\n\tand a tab\b",
        "\x1b[1;31mred\x1b[0m",
        "\x1b[38;5;8mgrey\x1b[48;2;8;8;8mdark",
        "\x1b[38:2::8:8:8mcolons",
        "\x1b[2J\x1b[H\x1b[10;20H\x1b[K\x1b[1A\x1b[3;20r",
        "\x1b[?25l\x1b[?1049h\x1b[?7l\x1b[4h",
        "\x1b7saved\x1b8\x1b[s\x1b[u\x1bD\x1bM",
        "\x1b(0lqqk\x1b(B\x0eqq\x0f",
        Screen().reset,
    ],
)
def test_what_draws_is_let_through(drawing: str) -> None:
    assert replayed(drawing) == drawing
    assert replayed(*drawing) == drawing


@pytest.mark.parametrize(
    ("sequence", "left"),
    [
        ("\x1b]52;c;cm0gLXJm\x07", ""),
        ("\x1b]0;title\x1b\\", ""),
        ("\x1b]8;;http://evil\x07link\x1b]8;;\x07", "link"),
        ("\x1b]1337;File=inline=1:AAAA\x07", ""),
        ('\x1bP$q"p\x1b\\', ""),
        ("\x1bPtmux;\x1b\x1b]52;c;x\x07\x1b\\", ""),
        ("\x1b_Ga=T;AAAA\x1b\\", ""),
        ("\x1b^privacy\x1b\\", ""),
        ("\x1bXstart of string\x1b\\", ""),
        ("\x1b[6n", ""),
        ("\x1b[c", ""),
        ("\x1b[>c", ""),
        ("\x1b[=c", ""),
        ("\x1b[0c", ""),
        ("\x1b[?6n", ""),
        ("\x1b[5n", ""),
        ("\x1b[x", ""),
        ("\x1b[18t", ""),
        ("\x1b[21t", ""),
        ("\x1b[?1$p", ""),
        ("\x1b[>q", ""),
        ("\x1b[?u", ""),
        ("\x1b[>1u", ""),
        ("\x1bZ", ""),
        ("\x1bc", ""),
        ("\x1b#8", ""),
        ("\x1b%G", ""),
        ("\x1b[!p", ""),
        ("\x1b[3J", ""),
        ("\x1b[2;3J", ""),
        ("\x1b[03J", ""),
        ("\x1b[?1000h\x1b[?1006h\x1b[?2004h\x1b[?1004h", ""),
        ("\x1b[?25;1000h", "\x1b[?25h"),
        ("\x1b[1;1;1;1;1T", ""),
        ("\x1b[99999b", ""),
        ("\x1b[999999999C", ""),
        ("\x1b[8mhidden\x1b[1;08;31mtoo", "hidden\x1b[1;31mtoo"),
        ("\x1b[i\x1b[5i\x1b[4i", ""),
        ("\x1b[20h", ""),
        ("\x9b6n", "\\x9b6n"),
        ("\x9d52;c;x\x9c", "\\x9d52;c;x\\x9c"),
        ("\x90q\x9c", "\\x90q\\x9c"),
        ("\x05", "\\x05"),
        ("x\u202egnp.exe", "x\\u202egnp.exe"),
        ("a\u200bb", "a\\u200bb"),
        ("\x07\x00\x7f", ""),
        ("\x1b\x1b[6n", ""),
        ("\x1b[3\x1b[6n1mred", "1mred"),
        ("\x1b[6\x18n", "n"),
        ("\x1b]0;ti\x1b[31mred", "\x1b[31mred"),
        ("\x1b]0;never ends\nseen again", "\nseen again"),
    ],
)
def test_what_does_anything_else_is_dropped(sequence: str, left: str) -> None:
    assert replayed(sequence) == left
    assert replayed(*sequence) == left, "cut between any two characters"


@pytest.mark.parametrize(
    ("written", "in_alternate"),
    [("", False), ("\x1b[?1049h", True), ("\x1b[?7;47h", True), ("\x1b[?1049h\x1b[?1049l", False)],
)
def test_an_alternate_screen_that_was_left_open_is_closed(written: str, *, in_alternate: bool) -> None:
    screen = Screen()
    screen.feed(written)
    assert ("\x1b[?1049l" in screen.reset) is in_alternate


def test_a_string_without_an_end_does_not_swallow_the_rest() -> None:
    """A terminal might; whoever looks at evidence must not."""
    shown = replayed("\x1bP" + "x" * 10_000 + "the end")
    assert shown.endswith("the end")
    assert len(shown) < 7_000


_PIECES = st.one_of(
    st.text(max_size=5),
    st.sampled_from(["\x1b", "[", "]", "?", ";", "52", "6n", "m", "h", "P", "\\", "\x07", "\x9b", "(", "0", "8", "\n"]),
)


@settings(max_examples=500)
@given(st.lists(_PIECES, max_size=30), st.integers(0, 60))
def test_nothing_outside_the_list_comes_out(pieces: list[str], cut: int) -> None:
    text = "".join(pieces)
    shown = replayed(text[:cut], text[cut:])
    rest = _ALLOWED.sub("", shown)
    assert all(each.isprintable() or each in "\n\r\t\b\x0e\x0f" for each in rest), repr(shown)
    assert shown == replayed(text)
