"""What cannot be seen is shown: nothing that people type turns round, hides or forges a line."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.visible import visible, visible_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, Ünïcödé and 漢字", "plain text, Ünïcödé and 漢字"),
        ("x\u202eredrum", "x\\u202eredrum"),
        ("a\u200bb\u2060c\ufeffd", "a\\u200bb\\u2060c\\ufeffd"),
        ("\x1b[8mhidden", "\\x1b[8mhidden"),
        ("\x9b8m", "\\x9b8m"),
        ("tab\tcarriage\r", "tab\\tcarriage\\r"),
        ("line\u2028line", "line\\u2028line"),
        ("no\u00a0break", "no\\xa0break"),
        ("\u3164\u115f", "\\u3164\\u115f"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("a\ufe0f", "a\\ufe0f"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_cannot_be_seen_is_shown_as_its_code(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert visible_line(text) == shown


def test_lines_stay_lines_only_where_there_may_be_several() -> None:
    assert visible("a\nb") == "a\nb"
    assert visible_line("a\nb") == "a\\nb"


@given(st.text())
def test_no_control_format_or_separator_is_left(text: str) -> None:
    for each in visible_line(text):
        assert unicodedata.category(each) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
