"""Two acts are the same only if everything that they are bound to is."""

from uuid import UUID

from access.identity import acts
from storage.model import AccessRequest, Decision, Statement, VerdictKind

A, B = UUID(int=1), UUID(int=2)


def request(revision: int = 1, row_id: UUID = A) -> AccessRequest:
    return AccessRequest(
        id=row_id,
        principal_id=B,
        resource="db",
        role="read",
        duration_s=60,
        decision=Decision.REVIEWED,
        rule="r",
        policy_hash="h",
        revision=revision,
    )  # pyright: ignore[reportCallIssue]


def statement(row_id: UUID = A) -> Statement:
    return Statement(id=row_id, session_id=B, text="", kind="ddl", verdict=VerdictKind.REVIEW, rule="r")


def test_an_approval_is_of_one_thing_in_one_revision() -> None:
    abouts = {
        acts.approve(each).about for each in (request(), request(2), request(row_id=B), statement(), statement(B))
    }
    assert len(abouts) == 5
    assert acts.approve(request()) == acts.approve(request())
    assert acts.approve(request()).page == f"/present/request/{A}"
    assert acts.approve(statement()).page == f"/present/statement/{A}"


def test_a_question_is_of_every_word() -> None:
    words = ("db", "read", 900, "why", None, None)
    others = [
        ("db", "read", 901, "why", None, None),
        ("db", "readwhy", 900, "", None, None),
        ("db", "read", 900, "why", "None", None),
        ("db", "read", 900, "why", None, A),
    ]
    assert len({acts.ask(each).about for each in (words, *others)}) == 5
    assert acts.ask(words, A).about == acts.ask(words, B).about
    assert acts.ask(words).page == ""


def test_what_changes_keys() -> None:
    each = [acts.add_key(), acts.register(None), acts.register(A), acts.end_key(A), acts.end_key(B), acts.take_token(A)]
    assert len({(act.purpose, act.about) for act in each}) == len(each)
    assert all(len(act.about) <= 200 for act in each)
