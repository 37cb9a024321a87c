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
from access.grants import grants
from access.policy.shapes.statement_rules import StatementRule
from access.visible import MAX_SHOWN_CHARS
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


@pytest.mark.finding("M7")
@pytest.mark.parametrize("over", ["revoked", "expired"])
async def test_nothing_is_approved_or_held_under_a_grant_that_is_over(world: World, live: Live, over: str) -> None:
    held = await live.hold()
    if over == "revoked":
        await grants.revoke(world.access, live.grant.id, world["bob"], "over")
    else:
        await world.age("access_grant", live.grant.id, 1000)
    outcome = await review_statement(world.access, held.id, world["carol"], APPROVE)
    assert outcome.message.startswith("The access that this statement was sent under is over.")
    assert (outcome.counted, outcome.state) == (False, HoldState.PENDING)
    again = await live.hold()
    assert again.state is HoldState.DENIED
    assert ("was revoked by bob" if over == "revoked" else "as granted") in again.decision_reason
    assert await world.posts(again.id) == []
    assert (await world.actions())[-1] == "human:alice proxy:statement:hold failure"


@pytest.mark.finding("L13")
async def test_a_decision_is_about_what_was_seen(world: World, live: Live) -> None:
    held = await live.hold("grants")
    first = await review_statement(world.access, held.id, world["bob"], APPROVE, revision=held.revision)
    assert first.counted
    stale = await review_statement(world.access, held.id, world["dave"], APPROVE, revision=held.revision)
    assert (stale.counted, stale.state) == (False, HoldState.PENDING)
    assert "changed since you saw it" in stale.message
    assert (await world.actions())[-1] == "human:dave slack:statement:approve failure"
    assert first.statement is not None
    seen = await review_statement(world.access, held.id, world["dave"], APPROVE, revision=first.statement.revision)
    assert seen.decided


@pytest.mark.finding("L9")
async def test_no_more_wait_than_people_can_read(world: World, live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holds, "MAX_HOLDS_PER_SESSION", 2)
    monkeypatch.setattr(holds, "MAX_HOLDS_PER_PRINCIPAL", 3)
    pending = await asyncio.gather(*(live.hold() for _ in range(5)))
    assert [each.state for each in pending].count(HoldState.PENDING) == 2
    denied = next(each for each in pending if each.state is HoldState.DENIED)
    assert "2 statements of this session wait for review already" in denied.decision_reason
    other = Live(world, live.grant, await world.session(live.grant))
    assert [(await other.hold()).state for _ in range(2)] == [HoldState.PENDING, HoldState.DENIED]
    waiting = next(each for each in pending if each.state is HoldState.PENDING)
    assert await holds.cancel(world.access, waiting.id, "Ctrl-C")
    assert (await other.hold()).state is HoldState.PENDING


@pytest.mark.finding("H2")
async def test_a_held_text_is_never_cut(world: World, live: Live) -> None:
    text = "x" * (MAX_SHOWN_CHARS - 2) + "\N{GRINNING FACE}"
    assert (await live.hold(text=text)).text == text
    with pytest.raises(ValueError, match="shown whole"):
        await live.hold(text=text + "x")


@pytest.mark.finding("H2")
async def test_a_denied_text_that_is_cut_says_so(world: World, live: Live) -> None:
    text = "x" * (holds.MAX_DENIED_CHARS + 1)
    denied = await holds.deny(world.access, live.session, live.grant, text, "copy", live.rule("programs"))
    assert denied.text.endswith("… (cut: 20,001 characters in all; the recording has them)")


async def test_reviewers_are_told_what_stands_around_it(world: World, live: Live) -> None:
    told = holds.Circumstances("removes table cards", "about 12 rows", "payments", '"$user", public')
    held = await holds.hold(world.access, live.session, live.grant, "DROP …", "ddl", live.rule("ddl"), told)
    row = await world.one(Statement, held.id)
    assert holds.Circumstances(row.why, row.estimate, row.database, row.search_path) == told


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
