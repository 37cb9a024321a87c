"""A question of the gateway's own is one object, whatever its answers: two that look alike are not the same."""

from proxy.postgres.relay.state.pending_reply import Kind, PendingReply, Question


def test_replies_and_questions_are_told_apart_by_what_they_are() -> None:
    assert Question() != Question()
    assert PendingReply(Kind.SYNC) != PendingReply(Kind.SYNC)


def test_answers_are_not_shared() -> None:
    one, other = Question(), Question()
    one.cells.append("first")
    assert other.cells == []
