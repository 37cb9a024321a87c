"""What a name of a prepared statement may stand for, and how many."""

import pytest

from proxy.postgres.protocol.frames import ProtocolViolation
from proxy.postgres.relay.state import prepared
from proxy.postgres.relay.state.prepared import MAX_CANDIDATES, Prepared, PreparedStatements
from proxy.postgres.sql.texts.query import QueryAnalysis


def statement(sql: bytes = b"") -> Prepared:
    return Prepared(QueryAnalysis(()), sql)


def named(*names: str) -> tuple[PreparedStatements, list[Prepared]]:
    statements, made = PreparedStatements(), [statement(b"text") for _ in names]
    for name, each in zip(names, made, strict=True):
        statements.parsed(name, each)
    return statements, made


def test_a_name_stands_for_all_that_may_have_it() -> None:
    statements, made = named("s", "s", "s")
    assert statements.of("s") == tuple(made)
    statements.completed("s", made[1])
    assert statements.of("s") == tuple(made[1:])
    statements.failed("s", made[2])
    assert (statements.of("s"), made[2].failed) == ((made[1],), True)
    statements.closed("s", (made[1],))
    assert statements.of("s") == ()


def test_the_unnamed_statement_is_the_last_one() -> None:
    statements, made = named("", "")
    assert statements.of("") == (made[1],)


def test_what_is_closed_keeps_what_took_the_name_since() -> None:
    statements, made = named("s")
    last = statement()
    statements.parsed("s", last)
    statements.closed("s", (made[0],))
    assert statements.of("s") == (last,)


def test_names_and_what_they_stand_for_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepared, "MAX_PREPARED", 2)
    statements, _ = named("a", "b")
    with pytest.raises(ProtocolViolation, match="too many prepared statements"):
        statements.parsed("c", statement())
    for _ in range(MAX_CANDIDATES - 1):
        statements.parsed("a", statement())
    with pytest.raises(ProtocolViolation, match="too many statements under one name"):
        statements.parsed("a", statement())


def test_texts_that_are_kept_are_counted() -> None:
    statements, made = named("a", "b", "b")
    assert statements.kept == 3 * len(b"text")
    statements.failed("b", made[1])
    assert statements.kept == 2 * len(b"text")
