"""What Slack says of an account decides whether its votes count, from then on and for those before."""

import pytest

from access.decisions import requests
from access.decisions.request_reviews import review_request
from access.decisions.requests import Ask
from access.identity import suspension
from storage.model import AccessRequest, ReviewDecision
from support.access import World
from support.policies import TEAM

APPROVE = ReviewDecision.APPROVE


async def says(world: World, member: str, why: str | None) -> bool:
    async with world.database.transaction() as transaction:
        return await suspension.note(transaction, TEAM, member, why) is not None


async def asked(world: World) -> AccessRequest:
    return await requests.submit(world.access, world["alice"], Ask("payments-db", "write", 900))


@pytest.mark.finding("M6")
async def test_a_vote_given_before_a_suspension_never_counts_again(world: World) -> None:
    request = await asked(world)
    assert (await review_request(world.access, request.id, world["bob"], APPROVE)).counted
    assert await says(world, "U0BOB", "Your Slack account is deactivated.")
    assert await says(world, "U0BOB", None)
    outcome = await review_request(world.access, request.id, world["carol"], APPROVE)
    assert outcome.message == "Your approval counts: 1 of 2: @bob's approval no longer counts."
    assert (await review_request(world.access, request.id, world["dave"], APPROVE)).decided


@pytest.mark.finding("M6")
async def test_a_suspended_account_reviews_nothing(world: World) -> None:
    request = await asked(world)
    assert await says(world, "U0BOB", "Guests of the workspace cannot review.")
    outcome = await review_request(world.access, request.id, world["bob"], APPROVE)
    assert (outcome.counted, "cannot review" in outcome.message) == (False, True)
    assert await says(world, "U0BOB", None)
    assert (await review_request(world.access, request.id, world["bob"], APPROVE)).counted


async def test_only_a_change_is_written_down(world: World) -> None:
    assert not await says(world, "U0BOB", None)
    assert await says(world, "U0BOB", "no")
    assert not await says(world, "U0BOB", "no")
    assert await says(world, "U0BOB", None)
    assert not await says(world, "U0NOBODY", "no")
    assert [action for action in await world.actions() if "identity" in action] == [
        "gatepass slack:identity:suspend success",
        "gatepass slack:identity:restore success",
    ]
