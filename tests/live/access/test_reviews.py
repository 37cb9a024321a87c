"""Deciding on requests: once, by the right people, under the policy in force when they decide."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from access.decisions import requests
from access.decisions.request_reviews import review_request
from access.decisions.requests import Ask
from access.errors import Refused
from storage.model import AccessRequest, Grant, RequestState, Review, ReviewDecision
from support.access import World, ask_anyway

APPROVE, DENY = ReviewDecision.APPROVE, ReviewDecision.DENY


async def ask(world: World, role: str = "admin", who: str = "alice", duration_s: int = 900) -> AccessRequest:
    return await ask_anyway(world.access, world[who], Ask("payments-db", role, duration_s))


async def test_one_approval_makes_the_grant_from_that_moment(world: World) -> None:
    request = await ask(world)
    await world.age("access_request", request.id, 600)
    outcome = await review_request(world.access, request.id, world["bob"], APPROVE)
    assert (outcome.state, outcome.decided) == (RequestState.APPROVED, True)
    assert outcome.grant is not None
    assert outcome.request is not None
    assert outcome.grant.not_before == outcome.request.decided_at
    assert outcome.grant.expires_at - outcome.grant.not_before == timedelta(seconds=900)
    assert (outcome.request.decided_by, outcome.request.revision) == (world["bob"].id, 2)
    assert (await world.actions())[-2:] == [
        "human:bob slack:request:approve success",
        "human:bob policy:grant:make success",
    ]
    assert all(post.wanted_revision > 2 for post in await world.posts(request.id))


async def test_one_denial_ends_it_with_a_redacted_reason(world: World) -> None:
    request = await ask(world, "write")
    outcome = await review_request(world.access, request.id, world["bob"], DENY, "not with 4111111111111111")
    assert (outcome.state, outcome.decided, outcome.grant) == (RequestState.DENIED, True, None)
    assert outcome.request is not None
    assert outcome.request.decision_reason == "not with [pan]"
    late = await review_request(world.access, request.id, world["carol"], APPROVE)
    assert not late.counted
    assert late.message.startswith("This request was denied by bob at ")


async def test_a_denial_needs_a_reason(world: World) -> None:
    request = await ask(world)
    for reason in ("", "  \n"):
        with pytest.raises(Refused, match="Say why"):
            await review_request(world.access, request.id, world["bob"], DENY, reason)
    with pytest.raises(Refused, match="10000 characters"):
        await review_request(world.access, request.id, world["bob"], DENY, "x" * 10_000)
    assert (await world.one(AccessRequest, request.id)).state is RequestState.PENDING


@pytest.mark.parametrize(
    ("who", "sentence"),
    [
        ("alice", "This is your own request"),
        ("erin", "The policy does not let you review this request. Who may: bob, carol, dave."),
        ("mallory", "The policy does not let you review"),
        ("deployer", "deployer is an agent"),
    ],
)
async def test_who_may_not_review_changes_nothing_and_is_audited(world: World, who: str, sentence: str) -> None:
    request = await ask(world)
    outcome = await review_request(world.access, request.id, world[who], APPROVE)
    assert sentence in outcome.message
    assert (outcome.state, outcome.decided, outcome.counted) == (RequestState.PENDING, False, False)
    assert await world.all(Review) == []
    assert (await world.actions())[-1].endswith("slack:request:approve failure")


async def test_a_reviewer_does_not_review_their_own(world: World) -> None:
    request = await ask(world, who="bob")
    assert request.reviewers == ["carol", "dave"]
    outcome = await review_request(world.access, request.id, world["bob"], APPROVE)
    assert "your own" in outcome.message


async def test_a_quorum_counts_different_people(world: World) -> None:
    request = await ask(world, "write")
    first = await review_request(world.access, request.id, world["bob"], APPROVE)
    assert (first.state, first.counted, first.message) == (
        RequestState.PENDING,
        True,
        "Your approval counts: 1 of 2.",
    )
    again = await review_request(world.access, request.id, world["bob"], APPROVE)
    assert "reviewed this request already (approve)" in again.message
    assert await world.all(Grant) == []
    second = await review_request(world.access, request.id, world["dave"], APPROVE)
    assert second.decided
    assert len(await world.all(Grant)) == 1


async def test_an_approval_stops_counting_when_its_giver_leaves(world: World, document: dict[str, Any]) -> None:
    request = await ask(world, "write")
    await review_request(world.access, request.id, world["bob"], APPROVE)
    document["groups"]["dba"] = ["carol", "dave"]
    await world.write(document)
    second = await review_request(world.access, request.id, world["carol"], APPROVE)
    assert second.message == "Your approval counts: 1 of 2: @bob's approval no longer counts."
    assert (await review_request(world.access, request.id, world["dave"], APPROVE)).decided


async def test_the_policy_in_force_decides_who_and_how_long(world: World, document: dict[str, Any]) -> None:
    request = await ask(world, duration_s=3600)
    document["groups"]["dba"] = ["carol", "dave"]
    document["policy"][1]["maximum_duration"] = "10m"
    await world.write(document)
    assert "does not let you" in (await review_request(world.access, request.id, world["bob"], APPROVE)).message
    outcome = await review_request(world.access, request.id, world["carol"], APPROVE)
    assert outcome.grant is not None
    assert outcome.grant.expires_at - outcome.grant.not_before == timedelta(minutes=10)


async def test_what_the_policy_denies_by_now_is_not_approved(world: World, document: dict[str, Any]) -> None:
    request = await ask(world)
    del document["policy"][1]
    document["resources"]["payments-db"]["roles"]["admin"]["statements"] = []
    await world.write(document)
    outcome = await review_request(world.access, request.id, world["bob"], APPROVE)
    assert outcome.message.startswith("The policy has changed since this was asked. No rule lets alice")
    assert await world.all(Grant) == []


async def test_nothing_is_approved_after_its_time(world: World) -> None:
    request = await ask(world)
    await world.age("access_request", request.id, 1801)
    outcome = await review_request(world.access, request.id, world["bob"], APPROVE)
    assert "expired" in outcome.message
    assert await world.all(Grant) == []


async def test_a_reviewer_who_left_is_refused(world: World, document: dict[str, Any]) -> None:
    request = await ask(world)
    del document["people"]["bob"]
    for group in document["groups"].values():
        if "bob" in group:
            group.remove("bob")
    await world.write(document)
    outcome = await review_request(world.access, request.id, world["bob"], APPROVE)
    assert "no longer in Gatepass's policy" in outcome.message


async def test_an_unknown_request_is_told(world: World) -> None:
    outcome = await review_request(world.access, world["bob"].id, world["bob"], APPROVE)
    assert (outcome.state, outcome.message) == (None, "There is no such request.")


async def test_reviewers_at_once_make_one_grant(world: World) -> None:
    for role, votes in [("admin", 1), ("write", 2)] * 8:
        request = await ask(world, role)
        outcomes = await asyncio.gather(
            *(review_request(world.access, request.id, world[who], APPROVE) for who in ("bob", "carol", "dave", "bob"))
        )
        assert sum(outcome.decided for outcome in outcomes) == 1
        assert [grant.request_id for grant in await world.all(Grant)].count(request.id) == 1
        counted = [vote.reviewer_id for vote in await world.all(Review) if vote.request_id == request.id]
        assert len(counted) == len(set(counted)) == votes


async def test_approve_deny_and_cancel_at_once_have_one_winner(world: World) -> None:
    for _ in range(8):
        request = await ask(world)
        results = await asyncio.gather(
            review_request(world.access, request.id, world["bob"], APPROVE),
            review_request(world.access, request.id, world["carol"], DENY, "no"),
            requests.cancel(world.access, request.id, world["alice"]),
            return_exceptions=True,
        )
        final = await world.one(AccessRequest, request.id)
        winners = [isinstance(result, AccessRequest) or getattr(result, "decided", False) for result in results]
        assert sum(winners) == 1
        granted = [grant for grant in await world.all(Grant) if grant.request_id == request.id]
        assert len(granted) == (final.state is RequestState.APPROVED)


@pytest.mark.finding("L13")
async def test_a_decision_is_about_the_request_that_was_seen(world: World) -> None:
    request = await ask(world, "write")
    assert (await review_request(world.access, request.id, world["bob"], APPROVE, revision=request.revision)).counted
    for decision in (APPROVE, DENY):
        stale = await review_request(
            world.access, request.id, world["carol"], decision, "no", revision=request.revision
        )
        assert not stale.counted
        assert "changed since you saw it" in stale.message
