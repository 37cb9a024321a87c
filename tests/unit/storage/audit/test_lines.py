"""What a log line says of an event: the names and ids that an operator looks for, and nothing that people typed."""

from uuid import UUID

import pytest

from storage.audit.lines import fields

ID = UUID("12345678-1234-5678-1234-567812345678")
TYPED = "hunter2"


@pytest.mark.finding("use-14")
def test_a_line_names_person_door_request_and_session() -> None:
    detail = {"request": str(ID), "rule": "database", "protocol": "ssh", "client": "10.0.0.7:5022"}
    assert fields("human:alice", "proxy:session:open", "web-1/deploy", "success", ID, ID, detail) == {
        "actor": "human:alice",
        "resource": "web-1/deploy",
        "outcome": "success",
        "session": str(ID),
        "grant": str(ID),
        **detail,
    }


@pytest.mark.finding("use-14")
@pytest.mark.parametrize(
    ("action", "resource", "detail"),
    [
        ("slack:grant:revoke", "db/read", {"reason": TYPED}),
        ("slack:request:submit", "db/read", {"ticket": TYPED, "why": TYPED, "text": TYPED}),
        ("slack:request:refuse", TYPED, {"why": TYPED}),
        ("proxy:session:refuse", TYPED, {"why": TYPED}),
        ("slack:identity:refuse", TYPED, {"slack_user": TYPED}),
    ],
)
def test_nothing_that_people_typed_is_in_a_line(action: str, resource: str, detail: dict[str, object]) -> None:
    line = fields("human:alice", action, resource, "failure", None, None, detail)
    assert line is not None
    assert TYPED not in str(line)


def test_why_a_session_ended_is_the_programs_own_word() -> None:
    line = fields(
        "human:alice", "proxy:session:end", "db/read", "success", ID, ID, {"reason": "revoked", "segments": 2}
    )
    assert line is not None
    assert (line["reason"], line["segments"]) == ("revoked", 2)


def test_what_an_operator_does_at_a_terminal_gets_no_line() -> None:
    assert fields("operator:root", "cli:session:replay", str(ID), "success", ID, ID, {}) is None
