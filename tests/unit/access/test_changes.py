"""How the audit log names those who act, and what a change writes into a row."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from access import changes
from storage.model import HoldState, Principal, PrincipalKind, RequestState


@pytest.mark.parametrize(
    ("principal", "name"),
    [
        (Principal(name="alice", kind=PrincipalKind.HUMAN), "human:alice"),
        (Principal(name="deployer", kind=PrincipalKind.AGENT), "agent:deployer"),
        (None, "gatepass"),
    ],
)
def test_an_actor_is_named_by_kind_and_name(principal: Principal | None, name: str) -> None:
    assert changes.actor(principal) == name


@pytest.mark.parametrize("state", [RequestState.DENIED, HoldState.EXPIRED])
def test_what_is_settled_says_when_by_whom_and_why(state: RequestState | HoldState) -> None:
    now, by = datetime(2026, 11, 22, tzinfo=UTC), uuid4()
    settled = changes.settled(state, now, why="no", by=by)
    assert settled == {"state": state, "decided_at": now, "decided_by": by, "decision_reason": "no"}
    assert changes.settled(state, now, why="no")["decided_by"] is None


def test_every_row_that_is_decided_about_says_when_it_is_open() -> None:
    assert changes.STILL_OPEN.keys() == set(changes.RowT.__constraints__)
