"""What the client says of an input before the app hears of it."""

from typing import Any

import pytest

from slack_simulator.blocks.filled import problem_of
from slack_simulator.blocks.state import state_of

NUMBER = {"type": "number_input", "is_decimal_allowed": False, "min_value": "-3", "max_value": "10"}


DECIMAL = {"type": "number_input", "is_decimal_allowed": True, "min_value": "0.5"}


MAIL, URL = {"type": "email_text_input"}, {"type": "url_text_input"}


TEXT = {"type": "plain_text_input", "min_length": 2, "max_length": 4}


SEVERAL = {"type": "multi_users_select", "max_selected_items": 2}


FILES = {"type": "file_input", "max_files": 1}


@pytest.mark.parametrize(
    ("element", "value", "said"),
    [
        (NUMBER, "7", None),
        (NUMBER, 7, None),
        (NUMBER, "-3", None),
        (NUMBER, "-4", "at least -3"),
        (NUMBER, "10.5", "whole number"),
        (NUMBER, "11", "at most 10"),
        (NUMBER, "seven", "Please enter a number."),
        (NUMBER, "1e3", "Please enter a number."),
        (NUMBER, "٣", "Please enter a number."),
        (NUMBER, "9" * 5000, "at most 3000 characters"),
        (DECIMAL, "0.5", None),
        (DECIMAL, "0.49", "at least 0.5"),
        (MAIL, "alice@example.com", None),
        (MAIL, "alice@example", "e-mail address"),
        (MAIL, "alice at example.com", "e-mail address"),
        (MAIL, "<!channel>@example.com", "e-mail address"),
        (URL, "https://example.com/a?b=c", None),
        (URL, "example.com", "http"),
        (URL, "javascript:alert(1)", "http"),
        (TEXT, "abc", None),
        (TEXT, "a", "at least 2"),
        (TEXT, "abcde", "at most 4"),
        (SEVERAL, ["U1", "U2"], None),
        (SEVERAL, ["U1", "U2", "U3"], "at most 2"),
        (FILES, [{"id": "F1"}, {"id": "F2"}], "at most 1"),
        (TEXT, "", "complete this required field"),
        (SEVERAL, [], "complete this required field"),
    ],
)
def test_what_is_said(element: dict[str, Any], value: Any, said: str | None) -> None:
    problem = problem_of({"type": "input"}, element, state_of(element, value))
    assert (problem is None) if said is None else said in (problem or "")
    assert problem_of({"type": "input", "optional": True}, element, state_of(element, "")) is None
