"""The same ask handed over twice is one request, also where the policy grants it at once."""

import asyncio

from sqlalchemy import select

from access.decisions import requests
from access.decisions.requests import Ask
from access.grants import grants
from access.policy.policy import Policy
from storage.model import Grant, RequestState
from support.access import World


async def automatic(world: World) -> Ask:
    """An ask that the policy of these tests grants at once."""
    policy: Policy = world.access.policies.current
    offer = next(each for each in policy.what_may("alice") if each.requirement.decision == "automatic")
    return Ask(offer.resource, offer.role, 600, "to look something up")


async def live(world: World) -> list[Grant]:
    async with world.database.transaction() as transaction:
        return list((await transaction.scalars(select(Grant))).all())


async def test_what_is_granted_at_once_is_granted_once(world: World) -> None:
    ask = await automatic(world)
    first, second = await asyncio.gather(*(requests.submit(world.access, world["alice"], ask) for _ in range(2)))
    assert (first.id, first.state) == (second.id, RequestState.APPROVED)
    assert len(await live(world)) == 1


async def test_a_grant_given_back_can_be_asked_for_again(world: World) -> None:
    ask = await automatic(world)
    first = await requests.submit(world.access, world["alice"], ask)
    [grant] = await live(world)
    await grants.revoke(world.access, grant.id, world["alice"])
    assert (await requests.submit(world.access, world["alice"], ask)).id != first.id
