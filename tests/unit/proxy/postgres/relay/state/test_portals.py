"""A portal's columns are its own, or its statement's in the formats of Bind; what has which name, and waits."""

import pytest

from proxy.postgres.protocol.frames import ProtocolViolation
from proxy.postgres.protocol.messages import Column
from proxy.postgres.relay.state import portals
from proxy.postgres.relay.state.connection_state import ConnectionState
from proxy.postgres.relay.state.portals import Portal
from proxy.postgres.relay.state.prepared import Prepared
from proxy.postgres.sql.texts.query import QueryAnalysis

TWO = (Column("a", 1, 1, 25, 0), Column("b", 1, 2, 20, 0))
OTHER = (Column("z", 0, 0, 25, 0),)


def prepared(*, columns: tuple[Column, ...] | None = TWO, failed: bool = False) -> Prepared:
    return Prepared(QueryAnalysis(()), columns=columns, failed=failed)


@pytest.mark.parametrize(("formats", "expected"), [((), [0, 0]), ((1,), [1, 1]), ((1, 0), [1, 0])])
def test_formats_of_bind(formats: tuple[int, ...], expected: list[int]) -> None:
    assert [column.format for column in Portal((prepared(),), formats).result_columns()] == expected


def test_its_own_description_goes_first() -> None:
    assert Portal((prepared(),), (1,), columns=OTHER).result_columns() == OTHER


def test_another_number_of_formats_than_columns() -> None:
    with pytest.raises(ProtocolViolation, match="another number of result formats"):
        Portal((prepared(),), (1, 1, 1)).result_columns()


@pytest.mark.parametrize(
    "portal",
    [
        Portal(()),
        Portal((prepared(), prepared())),
        Portal((prepared(columns=None),)),
        Portal((prepared(failed=True),)),
        Portal((prepared(),), columns=TWO, failed=True),
    ],
    ids=["nothing", "two candidates", "never described", "failed statement", "failed portal"],
)
def test_rows_that_nobody_described(portal: Portal) -> None:
    with pytest.raises(ProtocolViolation, match=r"never described|could not be made"):
        portal.result_columns()


def bound(state: ConnectionState, name: str, statement: bytes = b"") -> None:
    state.bind(name, "", (), payload=statement)


def test_names_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portals, "MAX_PORTALS", 2)
    state = ConnectionState()
    for name in ("a", "b", "a"):
        bound(state, name)
    with pytest.raises(ProtocolViolation, match="too many portals"):
        bound(state, "c")


def test_those_that_wait_for_a_review_are_told_once_something_else_runs() -> None:
    state = ConnectionState()
    for name in ("a", "b", "c"):
        bound(state, name, b"payload")
    bound(state, "c")
    assert state.kept == 2 * len(b"payload")
    assert state.take_waiting(state.portal("a")) == ["b"]
    assert state.take_waiting(None) == []
