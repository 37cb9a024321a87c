"""Held statements: put to the right people, decided once, and never by whoever sent them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from access.decisions import holds, requests
from access.decisions.request_reviews import review_request
from access.decisions.requests import Ask
from access.decisions.statement_reviews import review_statement
from access.errors import Refused
from access.policy.resources import StatementRule
from storage.model import (
    EndReason,
    Grant,
    HoldState,
    PostPurpose,
    ReviewDecision,
    Session,
    SessionState,
    Statement,
    VerdictKind,
)
from support.access import World

APPROVE, DENY = ReviewDecision.APPROVE, ReviewDecision.DENY


@dataclass
class Live:
    """A live session of alice as admin, granted by bob."""

    world: World
    grant: Grant
    session: Session

    def rule(self, name: str) -> StatementRule:
        role = self.world.access.policies.current.resources["payments-db"].roles["admin"]
        return next(rule for rule in role.statements if rule.name == name)

    async def hold(self, name: str = "ddl", text: str = "DROP TABLE cards") -> Statement:
        return await holds.hold(self.world.access, self.session, self.grant, text, "ddl", self.rule(name))

    async def state(self, held: Statement) -> HoldState | None:
        async with self.world.database.transaction() as transaction:
            return (await holds.state(transaction, held.id)).state


@pytest.fixture
async def live(world: World) -> Live:
    request = await requests.submit(world.access, world["alice"], Ask("payments-db", "admin", 900))
    outcome = await review_request(world.access, request.id, world["bob"], APPROVE)
    assert outcome.grant is not None
    return Live(world, outcome.grant, await world.session(outcome.grant))


async def test_a_hold_is_put_to_the_grants_reviewers_in_its_thread(world: World, live: Live) -> None:
    held = await live.hold()
    assert (held.state, held.verdict, held.quorum) == (HoldState.PENDING, VerdictKind.REVIEW, 1)
    assert held.reviewers == ["bob", "carol", "dave"]
    assert held.expires_at == held.created_at + timedelta(minutes=10)
    (card,) = await world.posts(held.id)
    parent = next(post for post in await world.posts(live.grant.request_id) if post.purpose is PostPurpose.CARD)
    assert (card.address, card.thread_of) == ("C0ACCESS", parent.id)
    assert (await world.actions())[-1] == "human:alice proxy:statement:hold success"


async def test_a_rule_with_its_own_reviewers_and_channel_asks_those(world: World, live: Live) -> None:
    held = await live.hold("grants")
    assert (held.quorum, held.channel) == (2, "C0DBA")
    (card,) = await world.posts(held.id)
    assert (card.address, card.thread_of) == ("C0DBA", None)


async def test_a_hold_ends_with_its_grant(world: World, live: Live) -> None:
    await world.age("access_grant", live.grant.id, 600)
    grant = await world.one(Grant, live.grant.id)
    held = await holds.hold(world.access, live.session, grant, "DROP TABLE t", "ddl", live.rule("ddl"))
    assert held.expires_at == grant.expires_at


async def test_without_enough_reviewers_a_hold_is_denied_at_once(
    world: World, live: Live, document: dict[str, Any]
) -> None:
    ddl_rule(document)["reviewers"] = ["alice"]
    await world.write(document)
    held = await live.hold()
    assert (held.state, held.decision_reason) == (
        HoldState.DENIED,
        "too few people are left who could review it (0 of 1)",
    )
    assert await world.posts(held.id) == []


def ddl_rule(document: dict[str, Any]) -> dict[str, Any]:
    return document["resources"]["payments-db"]["roles"]["admin"]["statements"][0]


@pytest.mark.parametrize("now", [{"name": "other"}, {"verdict": "deny"}, {"verdict": "allow"}])
async def test_a_rule_that_no_longer_asks_lets_nobody_decide(
    world: World, live: Live, document: dict[str, Any], now: dict[str, str]
) -> None:
    held, before = await live.hold(), live.rule("ddl")
    ddl_rule(document).update(now)
    await world.write(document)
    outcome = await review_statement(world.access, held.id, world["bob"], APPROVE)
    assert "its rule ddl was changed or removed" in outcome.message
    assert (outcome.state, outcome.counted) == (HoldState.PENDING, False)
    again = await holds.hold(world.access, live.session, live.grant, "DROP TABLE t", "ddl", before)
    assert again.state is HoldState.DENIED
    assert "the policy has changed" in again.decision_reason


async def test_a_quorum_that_grew_is_the_one_that_counts(world: World, live: Live, document: dict[str, Any]) -> None:
    held = await live.hold()
    ddl_rule(document)["quorum"] = 2
    await world.write(document)
    first = await review_statement(world.access, held.id, world["bob"], APPROVE)
    assert (first.decided, first.message) == (False, "Your approval counts: 1 of 2.")
    assert (await review_statement(world.access, held.id, world["carol"], APPROVE)).decided


async def test_one_approval_lets_it_run(world: World, live: Live) -> None:
    held = await live.hold()
    outcome = await review_statement(world.access, held.id, world["carol"], APPROVE)
    assert (outcome.state, outcome.decided) == (HoldState.APPROVED, True)
    assert outcome.statement is not None
    assert outcome.statement.decided_by == world["carol"].id
    assert await live.state(held) is HoldState.APPROVED
    assert (await world.actions())[-1] == "human:carol slack:statement:approve success"


async def test_a_denial_says_why(world: World, live: Live) -> None:
    held = await live.hold()
    with pytest.raises(Refused, match="Say why"):
        await review_statement(world.access, held.id, world["carol"], DENY)
    outcome = await review_statement(world.access, held.id, world["carol"], DENY, "use a migration")
    assert outcome.statement is not None
    assert (outcome.state, outcome.statement.decision_reason) == (HoldState.DENIED, "use a migration")
    late = await review_statement(world.access, held.id, world["bob"], APPROVE)
    assert late.message.startswith("This statement was denied by carol at ")


@pytest.mark.parametrize("who", ["alice", "erin", "deployer", "mallory"])
async def test_who_may_not_review_a_statement(world: World, live: Live, who: str) -> None:
    held = await live.hold()
    outcome = await review_statement(world.access, held.id, world[who], APPROVE)
    assert not outcome.counted
    assert await live.state(held) is HoldState.PENDING
    assert (await world.actions())[-1].endswith("slack:statement:approve failure")


async def test_a_quorum_of_two_counts_different_people(world: World, live: Live) -> None:
    held = await live.hold("grants")
    await review_statement(world.access, held.id, world["bob"], APPROVE)
    again = await review_statement(world.access, held.id, world["bob"], APPROVE)
    assert not again.counted
    assert await live.state(held) is HoldState.PENDING
    assert (await review_statement(world.access, held.id, world["dave"], APPROVE)).decided


async def test_only_people_asked_who_still_may_count(world: World, live: Live, document: dict[str, Any]) -> None:
    held = await live.hold()
    document["groups"]["dba"] = ["carol", "dave", "mallory"]
    await world.write(document)
    assert not (await review_statement(world.access, held.id, world["bob"], APPROVE)).counted
    assert not (await review_statement(world.access, held.id, world["mallory"], APPROVE)).counted
    assert (await review_statement(world.access, held.id, world["carol"], APPROVE)).decided


async def test_a_rule_that_is_gone_lets_nobody_approve(world: World, live: Live, document: dict[str, Any]) -> None:
    held = await live.hold()
    del document["resources"]["payments-db"]["roles"]["admin"]["statements"][0]
    await world.write(document)
    outcome = await review_statement(world.access, held.id, world["bob"], APPROVE)
    assert "its rule ddl was changed or removed" in outcome.message


async def test_nothing_runs_after_its_time_or_its_session(world: World, live: Live) -> None:
    expired = await live.hold()
    await world.age("statement", expired.id, 601)
    assert "expired" in (await review_statement(world.access, expired.id, world["bob"], APPROVE)).message
    orphan = await live.hold()
    async with world.database.transaction() as transaction:
        session = await transaction.get_one(Session, live.session.id)
        session.state, session.end_reason = SessionState.ENDED, EndReason.CLOSED
        session.ended_at = datetime.now(UTC)
    assert "has ended" in (await review_statement(world.access, orphan.id, world["bob"], APPROVE)).message


async def test_a_cancelled_hold_is_over(world: World, live: Live) -> None:
    held = await live.hold()
    assert await holds.cancel(world.access, held.id, "Ctrl-C")
    assert not await holds.cancel(world.access, held.id, "Ctrl-C")
    outcome = await review_statement(world.access, held.id, world["bob"], APPROVE)
    assert outcome.message.startswith("This statement was cancelled at ")


async def test_a_denied_statement_is_written_down(world: World, live: Live) -> None:
    denied = await holds.deny(
        world.access, live.session, live.grant, "COPY t TO PROGRAM 'x\x00'", "copy", live.rule("programs")
    )
    assert (denied.verdict, denied.state, denied.message) == (VerdictKind.DENY, None, "Never.")
    assert (await world.actions())[-1] == "human:alice proxy:statement:deny failure"
    outcome = await review_statement(world.access, denied.id, world["bob"], APPROVE)
    assert outcome.message == "There is no such statement to review."


async def test_all_at_once_one_decides(world: World, live: Live) -> None:
    for rule in ("grants", "ddl") * 4:
        held = await live.hold(rule)
        results: Sequence[Any] = await asyncio.gather(
            review_statement(world.access, held.id, world["bob"], APPROVE),
            review_statement(world.access, held.id, world["carol"], APPROVE),
            review_statement(world.access, held.id, world["dave"], DENY, "no"),
            holds.cancel(world.access, held.id, "Ctrl-C"),
        )
        decided = [result is True or getattr(result, "decided", False) for result in results]
        assert sum(decided) == 1
        assert await live.state(held) is not HoldState.PENDING
