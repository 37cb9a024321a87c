"""The playbook itself: a play that goes another way fails, and says where and how."""

import pytest

from support.playbook import client, now, play, server
from support.playbook_messages import CommandComplete, Parse, ParseComplete, Query, ReadyForQuery, Sync

LINES = (
    client >> Parse("s", "delete from t where id = 1"),
    client >> Sync(),
    server << ParseComplete(),
)


def test_a_play_that_goes_as_written_returns_the_state() -> None:
    assert play(*LINES, server << ReadyForQuery("T")).status == b"T"


def test_a_difference_is_shown_in_its_place() -> None:
    with pytest.raises(AssertionError) as failure:
        play(*LINES, now(candidates={"s": ["select 1"]}), server << ReadyForQuery("I"))
    assert str(failure.value).splitlines() == [
        "the conversation went another way:",
        "",
        "    client >> Parse('s', 'delete from t where id = 1')",
        "    client >> Sync()",
        "    server << ParseComplete()",
        "    now(candidates={'s': ['select 1']})",
        "  -           statement 's': ['select ‹number›']",
        "  +           statement 's': ['delete from t where id = ‹number›']",
        "  . server << ReadyForQuery('I')",
    ]


def test_a_violation_that_nobody_expected_is_a_difference() -> None:
    with pytest.raises(AssertionError, match=r"(?m)^  \+ +ProtocolViolation: an answer to nothing that was asked$"):
        play(*LINES, server << ParseComplete())


def test_a_violation_that_does_not_come_is_a_difference() -> None:
    with pytest.raises(AssertionError, match=r"(?m)^  \+ +no ProtocolViolation$"):
        play(client >> Query("select 1").is_violation("too many"))


def test_another_violation_than_expected_is_a_difference() -> None:
    with pytest.raises(AssertionError, match="ProtocolViolation: … too many …"):
        play(server << CommandComplete().is_violation("too many"))


def test_another_statement_is_completed() -> None:
    with pytest.raises(AssertionError, match=r"(?m)^  - +it completes delete from t\n  \+ +it completes select ‹"):
        play(client >> Query("select 1"), server << CommandComplete(of="delete from t"))
