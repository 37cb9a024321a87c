"""What an element may hold; nobody can choose what it does not offer."""

from typing import Any

import pytest

from slack_simulator.blocks.state import UnfitValue, state_of


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("plain_text_input", {"a": 1}),
        ("plain_text_input", True),
        ("users_select", 5),
        ("users_select", {"id": "U1"}),
        ("multi_users_select", [["U1"]]),
        ("datepicker", "2026-02-30"),
        ("datepicker", 20260201),
        ("timepicker", "25:00"),
        ("datetimepicker", "1800000000"),
        ("datetimepicker", 1),
        ("rich_text_input", "words"),
        ("rich_text_input", {"type": "rich_text", "elements": [{"type": "marquee"}]}),
        ("file_input", ["report.pdf"]),
        ("external_select", {"text": "x", "value": "x"}),
        ("external_select", "typed"),
    ],
)
def test_what_nobody_could_choose(kind: str, value: Any) -> None:
    """A script is told at once, rather than the app."""
    with pytest.raises(UnfitValue):
        state_of({"type": kind}, value)
