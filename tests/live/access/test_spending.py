"""One approval is for one run, and what made it an approval is asked again when that run begins."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from access.decisions import holds, requests, spending
from access.decisions.request_reviews import review_request
from access.decisions.requests import Ask
from access.decisions.statement_reviews import review_statement
from access.grants import grants
from access.identity import suspension
from access.policy.shapes.statement_rules import StatementRule
from storage.model import (
    EndReason,
    Grant,
    HoldState,
    PolicyInForce,
    PolicyVersion,
    ReviewDecision,
    Session,
    SessionState,
    Statement,
)
from support.access import World
from support.policies import TEAM

APPROVE, DENY = ReviewDecision.APPROVE, ReviewDecision.DENY


@dataclass
class Live:
    """A live session of alice as admin, granted by bob."""

    world: World
    grant: Grant
    session: Session

    def rule(self, name: str = "ddl") -> StatementRule:
        role = self.world.access.policies.current.resources["payments-db"].roles["admin"]
        return next(rule for rule in role.statements if rule.name == name)

    async def hold(self, name: str = "ddl") -> Statement:
        return await holds.hold(self.world.access, self.session, self.grant, "DROP TABLE t", "ddl", self.rule(name))

    async def approved(self, *by: str, name: str = "ddl") -> Statement:
        held = await self.hold(name)
        for who in by or ("bob",):
            assert (await review_statement(self.world.access, held.id, self.world[who], APPROVE)).counted
        return await self.now(held)

    async def now(self, held: Statement) -> Statement:
        found: Statement = await self.world.one(Statement, held.id)
        return found

    async def spend(self, held: Statement) -> str | None:
        return await spending.spend(self.world.access, held.id)

    async def refused(self, held: Statement, words: str) -> None:
        """It is void, says why, is audited, and stays so."""
        why = await self.spend(held)
        assert why is not None
        assert words in why
        now = await self.now(held)
        assert (now.state, now.spent_at, now.void) == (HoldState.APPROVED, None, why)
        assert (await self.world.actions())[-1] == "gatepass proxy:statement:void failure"
        assert await self.spend(held) == why


@pytest.fixture
async def live(world: World) -> Live:
    request = await requests.submit(world.access, world["alice"], Ask("payments-db", "admin", 900))
    outcome = await review_request(world.access, request.id, world["bob"], APPROVE)
    assert outcome.grant is not None
    return Live(world, outcome.grant, await world.session(outcome.grant))


@pytest.mark.finding("H5")
async def test_an_approval_is_spent_once(world: World, live: Live) -> None:
    held = await live.approved()
    assert await live.spend(held) is None
    assert (await live.now(held)).spent_at is not None
    assert (await world.actions())[-1] == "human:alice proxy:statement:spend success"
    assert "for one run" in str(await live.spend(held))


@pytest.mark.finding("H5")
async def test_of_all_who_spend_at_once_one_runs(live: Live) -> None:
    held = await live.approved()
    whys = await asyncio.gather(*(live.spend(held) for _ in range(6)))
    assert whys.count(None) == 1


@pytest.mark.finding("H5")
@pytest.mark.parametrize("state", [HoldState.PENDING, HoldState.DENIED, HoldState.CANCELLED])
async def test_what_nobody_approved_is_never_spent(world: World, live: Live, state: HoldState) -> None:
    held = await live.hold()
    if state is HoldState.DENIED:
        await review_statement(world.access, held.id, world["bob"], DENY, "no")
    elif state is HoldState.CANCELLED:
        await holds.cancel(world.access, held.id, "Ctrl-C")
    assert await live.spend(held) == "Nobody has approved this statement."
    assert (await live.now(held)).spent_at is None


@pytest.mark.finding("M7")
async def test_an_approval_under_a_revoked_grant_is_void(world: World, live: Live) -> None:
    held = await live.approved()
    await grants.revoke(world.access, live.grant.id, world["bob"], "over")
    await live.refused(held, "was revoked by bob")


@pytest.mark.finding("M7")
async def test_an_approval_under_an_expired_grant_is_void(world: World, live: Live) -> None:
    held = await live.approved()
    await world.age("access_grant", live.grant.id, 1000)
    await live.refused(held, "as granted")


@pytest.mark.finding("H5")
async def test_an_approval_is_void_when_its_time_is_over(world: World, live: Live) -> None:
    held = await live.approved()
    await world.age("statement", held.id, 601)
    await live.refused(held, "before it could run")


@pytest.mark.finding("H5")
async def test_an_approval_is_void_when_its_session_has_ended(world: World, live: Live) -> None:
    held = await live.approved()
    async with world.database.transaction() as transaction:
        session = await transaction.get_one(Session, live.session.id)
        session.state, session.end_reason, session.ended_at = SessionState.ENDED, EndReason.CLOSED, datetime.now(UTC)
    await live.refused(held, "has ended")


@pytest.mark.finding("H5")
async def test_an_approval_is_void_under_a_policy_that_is_not_in_force(world: World, live: Live) -> None:
    held = await live.approved()
    async with world.database.transaction() as transaction:
        transaction.add(PolicyVersion(hash="0" * 64, document={}))
        await transaction.flush()
        await transaction.execute(update(PolicyInForce).values(hash="0" * 64))
    await live.refused(held, "another policy than the one in force")


@pytest.mark.finding("H5")
@pytest.mark.parametrize("now", [{"name": "other"}, {"verdict": "deny"}, {"reviewers": ["carol"]}, {"quorum": 2}])
async def test_an_approval_is_void_when_the_rule_would_not_have_led_to_it(
    world: World, live: Live, document: dict[str, Any], now: dict[str, Any]
) -> None:
    held = await live.approved()
    document["resources"]["payments-db"]["roles"]["admin"]["statements"][0].update(now)
    await world.write(document)
    assert await live.spend(held) is not None
    assert (await live.now(held)).spent_at is None


@pytest.mark.finding("M6")
async def test_an_approval_is_void_when_its_giver_left_the_reviewers(
    world: World, live: Live, document: dict[str, Any]
) -> None:
    held = await live.approved("bob", "dave", name="grants")
    document["groups"]["dba"] = ["carol", "dave"]
    await world.write(document)
    await live.refused(held, "Only 1 of 2 approvals still count")


@pytest.mark.finding("M6")
async def test_an_approval_is_void_when_slack_suspended_its_giver(world: World, live: Live) -> None:
    held = await live.approved()
    async with world.database.transaction() as transaction:
        assert await suspension.note(transaction, TEAM, "U0BOB", "Your Slack account is deactivated.") is not None
    await live.refused(held, "Only 0 of 1 approvals still count")


@pytest.mark.finding("H5")
async def test_whoever_withdraws_it_makes_it_void_once(world: World, live: Live) -> None:
    held = await live.approved()
    assert await spending.void(world.access, held.id, "It was withdrawn.")
    assert not await spending.void(world.access, held.id, "It was withdrawn.")
    assert await live.spend(held) == "It was withdrawn."
    spent = await live.approved()
    assert await live.spend(spent) is None
    assert not await spending.void(world.access, spent.id, "too late")


@pytest.mark.finding("M7")
async def test_spending_and_revoking_at_once_come_one_after_the_other(world: World, live: Live) -> None:
    held = await live.approved()
    why, _ = await asyncio.gather(
        live.spend(held), grants.revoke(world.access, live.grant.id, world["bob"], "now"), return_exceptions=True
    )
    now, grant = await live.now(held), await world.one(Grant, live.grant.id)
    assert grant.revoked_at is not None
    assert (now.spent_at is not None) is (why is None)
    # The clock was read under the lock: it ran before the revocation, or not at all.
    assert now.spent_at is None or now.spent_at <= grant.revoked_at + timedelta(0)
