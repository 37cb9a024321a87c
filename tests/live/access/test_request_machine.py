"""Requests and reviews as a state machine: whatever people do, in whatever order, on the real database.

The model beside it is ten lines of set arithmetic; the rules must agree with it after every step.
"""

import asyncio
import copy
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import yaml
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select, text
from sqlmodel import col

from access.context import Access
from access.deadlines import Deadlines
from access.decisions import requests
from access.decisions.request_reviews import review_request
from access.decisions.requests import Ask
from access.errors import Refused
from access.grants import grants
from access.identity.adoption import adopt
from access.policy.file import PolicyFile
from access.tokens import TokenKeys
from storage.database import Database
from storage.model import AccessRequest, AuditEvent, Grant, Principal, RequestState, Review, ReviewDecision
from storage.notices import Notices
from support.access import ask_anyway

Result = TypeVar("Result")
PEOPLE = ("alice", "bob", "carol", "dave")
QUORUM = {"one": 1, "two": 2}
who = st.sampled_from([*PEOPLE, "robot"])
which = st.integers(min_value=0, max_value=100)

DOCUMENT: dict[str, Any] = {
    "version": 1,
    "resources": {
        "db": {
            "type": "postgres",
            "upstream": {"host": "db"},
            "roles": {role: {"username": role, "password": "env:P"} for role in QUORUM},
        }
    },
    "people": {**{name: {} for name in PEOPLE}, "robot": {"kind": "agent"}},
    "groups": {"reviewers": list(PEOPLE)},
    "policy": [
        {
            "name": role,
            "who": [*PEOPLE, "robot"],
            "resources": ["db"],
            "roles": [role],
            "decision": "reviewed",
            "reviewers": ["reviewers"],
            "quorum": quorum,
            "channel": "C0ACCESS",
        }
        for role, quorum in QUORUM.items()
    ],
}


@dataclass
class Expected:
    """What the model knows of one request."""

    id: UUID
    requester: str
    quorum: int
    state: RequestState = RequestState.PENDING
    approvals: set[str] = field(default_factory=set[str])


class Requests(RuleBasedStateMachine):
    """One policy, one database for all examples; each example looks at its own requests."""

    runner: asyncio.Runner
    access: Access

    def __init__(self) -> None:
        super().__init__()
        self.expected: list[Expected] = []
        self.reviewers = set(PEOPLE)

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self.runner.run(asyncio.wait_for(work, 30))

    @initialize()
    def everybody_reviews(self) -> None:
        self.run(self._set_reviewers(PEOPLE))
        self.people = self.run(self._people())

    @rule(person=who, role=st.sampled_from(sorted(QUORUM)))
    def ask(self, person: str, role: str) -> None:
        reason = str(len(self.expected))
        request = self.run(ask_anyway(self.access, self.people[person], Ask("db", role, 600, reason)))
        quorum = QUORUM[role]
        possible = len(self.reviewers - {person}) >= quorum
        assert request.state is (RequestState.PENDING if possible else RequestState.DENIED)
        self.expected.append(Expected(request.id, person, quorum, request.state))

    @precondition(lambda self: self.expected)
    @rule(index=which, people=st.lists(who, min_size=1, max_size=4))
    def approve(self, index: int, people: list[str]) -> None:
        """One after the other in the model, all at once in the rules."""
        request = self._pick(index)
        outcomes = self.run(self._review_all(request.id, people, ReviewDecision.APPROVE))
        able = self.reviewers - {request.requester}
        counting = set(people) & able if len(able) >= request.quorum else set[str]()
        was_pending = request.state is RequestState.PENDING
        if was_pending:
            enough = len((request.approvals | counting) & able) >= request.quorum
            if enough and counting - request.approvals:
                request.state = RequestState.APPROVED
            else:
                request.approvals |= counting
        assert sum(outcome.decided for outcome in outcomes) == (was_pending and request.state is RequestState.APPROVED)

    @precondition(lambda self: self.expected)
    @rule(index=which, person=who)
    def deny(self, index: int, person: str) -> None:
        request = self._pick(index)
        (outcome,) = self.run(self._review_all(request.id, [person], ReviewDecision.DENY))
        able = self.reviewers - {request.requester}
        may = person in able - request.approvals and len(able) >= request.quorum
        assert outcome.decided == (may and request.state is RequestState.PENDING)
        if outcome.decided:
            request.state = RequestState.DENIED

    @precondition(lambda self: self.expected)
    @rule(index=which, person=who)
    def cancel(self, index: int, person: str) -> None:
        request = self._pick(index)
        try:
            self.run(requests.cancel(self.access, request.id, self.people[person]))
        except Refused:
            assert person != request.requester or request.state is not RequestState.PENDING
        else:
            assert (person, request.state) == (request.requester, RequestState.PENDING)
            request.state = RequestState.CANCELLED

    @precondition(lambda self: self.expected)
    @rule(index=which)
    def time_passes(self, index: int) -> None:
        request = self._pick(index)
        self.run(self._expire(request.id))
        if request.state is RequestState.PENDING:
            request.state = RequestState.EXPIRED

    @precondition(lambda self: self.expected)
    @rule(index=which, person=who)
    def revoke(self, index: int, person: str) -> None:
        """Whoever revokes, the request stays approved and gets no second grant."""
        request = self._pick(index)
        grant_id = self.run(self._grant_id(request.id))
        if grant_id is None:
            return
        try:
            self.run(grants.revoke(self.access, grant_id, self.people[person]))
        except Refused:
            pass
        else:
            assert person in self.reviewers | {request.requester}

    @rule(people=st.sets(st.sampled_from(PEOPLE), min_size=2))
    def reviewers_change(self, people: set[str]) -> None:
        self.run(self._set_reviewers(sorted(people)))
        self.reviewers = people

    @invariant()
    def storage_agrees_with_the_model(self) -> None:
        for request in self.expected:
            row, grant_count, voters = self.run(self._look(request.id))
            assert row.state is request.state
            assert (row.decided_at is None) == (row.state is RequestState.PENDING)
            assert grant_count == (row.state is RequestState.APPROVED)
            assert request.requester not in voters
            assert "robot" not in voters
            assert len(voters) == len(set(voters))

    def _pick(self, index: int) -> Expected:
        return self.expected[index % len(self.expected)]

    async def _people(self) -> dict[str, Principal]:
        async with self.access.database.transaction() as transaction:
            return {person.name: person for person in (await transaction.scalars(select(Principal))).all()}

    async def _set_reviewers(self, people: Iterable[str]) -> None:
        document = copy.deepcopy(DOCUMENT)
        document["groups"]["reviewers"] = list(people)
        self.access.policies.path.write_text(yaml.safe_dump(document))
        self.access.policies.reload()
        await adopt(self.access)

    async def _review_all(self, request_id: UUID, people: list[str], decision: ReviewDecision) -> list[Any]:
        return await asyncio.gather(
            *(review_request(self.access, request_id, self.people[name], decision, "why") for name in people)
        )

    async def _expire(self, request_id: UUID) -> None:
        async with self.access.database.transaction() as transaction:
            await transaction.execute(
                text("UPDATE access_request SET expires_at = now() WHERE id = :id"), {"id": request_id}
            )
        await Deadlines(self.access, Notices(self.access.database)).meet()

    async def _grant_id(self, request_id: UUID) -> UUID | None:
        async with self.access.database.transaction() as transaction:
            return await transaction.scalar(select(col(Grant.id)).where(col(Grant.request_id) == request_id))

    async def _look(self, request_id: UUID) -> tuple[AccessRequest, int, list[str]]:
        async with self.access.database.transaction() as transaction:
            row = await transaction.get_one(AccessRequest, request_id)
            count = await transaction.scalar(
                select(func.count()).select_from(Grant).where(col(Grant.request_id) == request_id)
            )
            voters = await transaction.scalars(
                select(col(Principal.name))
                .join(Review, col(Review.reviewer_id) == col(Principal.id))
                .where(col(Review.request_id) == request_id)
            )
            return row, count or 0, list(voters.all())


def test_whatever_people_do_a_request_is_decided_once(dsn: str, tmp_path: Path) -> None:
    path = tmp_path / "gatepass.yml"
    path.write_text(yaml.safe_dump(DOCUMENT))
    with asyncio.Runner() as runner:
        database = Database(dsn)
        access = Access(database, PolicyFile(path), lambda typed: typed, TokenKeys(tmp_path / "keys"))
        runner.run(adopt(access))
        machine = type("Machine", (Requests,), {"runner": runner, "access": access})
        try:
            run_state_machine_as_test(
                machine,
                settings=settings(
                    max_examples=20,
                    stateful_step_count=20,
                    deadline=None,
                    derandomize=True,
                    # Shrinking would replay hundreds of stories on the database; the steps of one are short enough.
                    phases=(Phase.explicit, Phase.generate),
                    suppress_health_check=list(HealthCheck),  # pyright: ignore[reportArgumentType]
                ),
            )
            decided = runner.run(_audited(database))
        finally:
            runner.run(database.close())
    assert decided


async def _audited(database: Database) -> int:
    async with database.transaction() as transaction:
        return await transaction.scalar(select(func.count()).select_from(AuditEvent)) or 0
