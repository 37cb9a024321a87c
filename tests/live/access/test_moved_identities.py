"""A Slack account that becomes somebody else's decides nothing about what it asked for before."""

import copy
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from access.decisions import requests
from access.decisions.request_reviews import review_request
from access.decisions.requests import Ask
from access.identity import people
from storage.model import AccessRequest, Grant, Identity, Principal, RequestState, ReviewDecision
from support.access import World

APPROVE = ReviewDecision.APPROVE


@pytest.fixture
def moved(document: dict[str, Any]) -> dict[str, Any]:
    """U0ALICE is bob now; alice has no Slack account."""
    changed = copy.deepcopy(document)
    changed["people"]["bob"]["slack"] = changed["people"]["alice"].pop("slack")
    return changed


async def test_what_it_asked_for_and_holds_ends(world: World, moved: dict[str, Any]) -> None:
    await requests.submit(world.access, world["alice"], Ask("payments-db", "read", 900))
    pending = await requests.submit(world.access, world["alice"], Ask("payments-db", "admin", 900))
    others = await requests.submit(world.access, world["erin"], Ask("payments-db", "admin", 900))
    await world.write(moved)
    assert (await world.one(AccessRequest, pending.id)).state is RequestState.CANCELLED
    assert (await world.one(AccessRequest, others.id)).state is RequestState.PENDING
    assert [grant.revoked_at is not None for grant in await world.all(Grant)] == [True]
    outcome = await review_request(world.access, pending.id, world["bob"], APPROVE)
    assert not outcome.counted
    actions = await world.actions()
    assert "gatepass policy:request:cancel success" in actions
    assert "gatepass policy:grant:revoke success" in actions


async def test_linking_the_workspace_ends_it_too(world: World, document: dict[str, Any]) -> None:
    del document["slack"]
    await world.write(document)
    pending = await requests.submit(world.access, world["alice"], Ask("payments-db", "admin", 900))
    await people.link_slack(world.access, "T0TEAM")
    assert (await world.one(AccessRequest, pending.id)).state is RequestState.PENDING
    await people.link_slack(world.access, "T0OTHER")
    assert (await world.one(AccessRequest, pending.id)).state is RequestState.CANCELLED


async def test_the_account_that_asked_is_written_down_and_reviews_nothing_of_it(world: World) -> None:
    pending = await requests.submit(world.access, world["alice"], Ask("payments-db", "admin", 900))
    assert pending.context == {"source": "slack", "slack": "T0TEAM/U0ALICE"}
    await _hand_over(world, "U0ALICE", world["bob"])
    outcome = await review_request(world.access, pending.id, world["bob"], APPROVE)
    assert "Your Slack account asked for this request itself, when it was alice's." in outcome.message
    assert (outcome.state, outcome.counted) == (RequestState.PENDING, False)


async def _hand_over(world: World, member: str, to: Principal) -> None:
    """Past every rule of ours, as a hand in the database would."""
    async with world.database.transaction() as transaction:
        theirs = (await transaction.scalars(select(Identity).where(col(Identity.principal_id) == to.id))).one()
        theirs.retired_at = theirs.created_at
        await transaction.flush()
        moved = (await transaction.scalars(select(Identity).where(col(Identity.subject) == member))).one()
        moved.principal_id = to.id


async def test_one_account_does_not_make_a_quorum_under_two_names(world: World, document: dict[str, Any]) -> None:
    pending = await requests.submit(world.access, world["alice"], Ask("payments-db", "write", 900))
    assert (await review_request(world.access, pending.id, world["bob"], APPROVE)).counted
    swapped = copy.deepcopy(document)
    swapped["people"]["carol"]["slack"] = swapped["people"]["bob"].pop("slack")
    await world.write(swapped)
    outcome = await review_request(world.access, pending.id, world["carol"], APPROVE)
    assert (outcome.decided, outcome.message) == (
        False,
        "Your approval counts: 1 of 2: @bob's approval no longer counts.",
    )
    assert (await review_request(world.access, pending.id, world["dave"], APPROVE)).decided
