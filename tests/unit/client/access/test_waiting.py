"""The line that is shown while reviewers are waited for."""

import pytest

from client.access.waiting import clipped, words

REQUEST = {
    "role": "read",
    "resource": "db",
    "reviewers": ["bob", "carol"],
    "approvals": [],
    "quorum": 1,
    "created_at": "2026-11-30T12:01:30+00:00",
}


def test_it_says_who_may_and_since_when() -> None:
    assert words(REQUEST, 75) == "Waiting for bob, carol to approve read on db. Asked at 12:01 UTC, 1:15 ago."


def test_it_says_how_many_have() -> None:
    line = words(REQUEST | {"quorum": 2, "approvals": ["bob"]}, 0)
    assert line.startswith("Waiting for carol to approve read on db, 1 of 2 have approved.")
    many = words(REQUEST | {"reviewers": [f"r{number}" for number in range(9)]}, 0)
    assert "r3 and 5 others to approve" in many


def test_names_cannot_steer_the_terminal() -> None:
    assert "\x1b" not in words(REQUEST | {"reviewers": ["\x1b[2Jbob"]}, 0)


@pytest.mark.parametrize(
    ("width", "shown"), [(80, "Waiting for bob"), (16, "Waiting for bob"), (15, "Waiting for b…"), (1, "…")]
)
def test_a_line_takes_one_row(width: int, shown: str) -> None:
    assert clipped("Waiting for bob", width) == shown
