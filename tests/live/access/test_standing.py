"""What somebody has or waits for already: asking again tells it, and asks for nothing unless it is meant."""

import asyncio
import itertools
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from access.decisions import requests
from access.decisions.request_reviews import review_request
from access.decisions.requests import Ask
from access.decisions.standing import Standing
from access.grants import grants
from storage.model import AccessRequest, Grant, RequestState, ReviewDecision
from support.access import World

pytestmark = pytest.mark.finding("use-22")

READ = Ask("payments-db", "read", 900, "look")
ADMIN = Ask("payments-db", "admin", 900, "fix")
LONGER = Ask("payments-db", "read", 3600, "still looking")


async def told(world: World, ask: Ask, who: str = "alice") -> Standing:
    with pytest.raises(Standing) as standing:
        await requests.submit(world.access, world[who], ask)
    return standing.value


async def test_what_one_has_is_told_and_not_granted_twice(world: World) -> None:
    await requests.submit(world.access, world["alice"], READ)
    (grant,) = await world.all(Grant)
    standing = await told(world, LONGER)
    assert standing.subject.id == grant.id
    assert str(standing) == (
        f"You have read on payments-db already, until {grant.expires_at:%H:%M} UTC. /access list shows how to connect."
    )
    assert [one.id for one in await world.all(Grant)] == [grant.id]
    assert len(await world.all(AccessRequest)) == 1
    assert (await world.actions())[-1] == "human:alice slack:request:refuse failure"


async def test_what_waits_is_told_and_not_put_to_anybody_twice(world: World) -> None:
    request = await requests.submit(world.access, world["alice"], ADMIN)
    standing = await told(world, replace(ADMIN, duration_s=600))
    assert standing.subject.id == request.id
    assert "You asked for admin on payments-db already, and nobody has decided yet" in str(standing)
    assert len(await world.all(AccessRequest)) == 1


async def test_who_was_told_of_it_asks_all_the_same(world: World) -> None:
    await requests.submit(world.access, world["alice"], READ)
    (first,) = await world.all(Grant)
    asked = await requests.submit(world.access, world["alice"], replace(LONGER, beside=first.id))
    assert (asked.state, asked.context["beside"]) == (RequestState.APPROVED, first.id.hex)
    longest = max(await world.all(Grant), key=lambda grant: grant.expires_at)
    assert longest.request_id == asked.id
    assert (await told(world, replace(LONGER, reason="once more", beside=first.id))).subject.id == longest.id, (
        "they were told of the first alone"
    )


async def test_asking_all_the_same_twice_is_one_request(world: World) -> None:
    await requests.submit(world.access, world["alice"], READ)
    (first,) = await world.all(Grant)
    ask = replace(READ, beside=first.id)
    one, two = await asyncio.gather(*(requests.submit(world.access, world["alice"], ask) for _ in range(2)))
    assert one.id == two.id != first.request_id, "the same words, and asked for on purpose this time"
    assert len(await world.all(Grant)) == 2


@pytest.mark.parametrize("beside", [None, uuid4()])
async def test_of_many_asks_at_once_one_is_put_to_reviewers(world: World, beside: Any) -> None:
    asks = [replace(ADMIN, reason=f"reason {number}", beside=beside) for number in range(8)]
    results = await asyncio.gather(
        *(requests.submit(world.access, world["alice"], ask) for ask in asks), return_exceptions=True
    )
    assert sum(isinstance(one, Standing) for one in results) == 7
    assert len(await world.all(AccessRequest)) == 1


async def test_what_is_approved_meanwhile_is_found_as_one_or_the_other(world: World) -> None:
    """Asked again while a reviewer approves: it waits or it is granted, and never neither."""
    for number in range(8):
        first = await requests.submit(world.access, world["alice"], replace(ADMIN, reason=f"round {number}"))
        results = await asyncio.gather(
            review_request(world.access, first.id, world["bob"], ReviewDecision.APPROVE),
            *(requests.submit(world.access, world["alice"], replace(ADMIN, reason="again")) for _ in range(3)),
            return_exceptions=True,
        )
        assert all(isinstance(one, Standing) for one in results[1:]), results
        grant = next(one for one in await world.all(Grant) if one.request_id == first.id)
        await grants.revoke(world.access, grant.id, world["alice"])


async def test_the_grant_that_lasts_longest_is_told_before_what_waits(world: World) -> None:
    request = await requests.submit(world.access, world["alice"], ADMIN)
    await review_request(world.access, request.id, world["bob"], ReviewDecision.APPROVE)
    (first,) = await world.all(Grant)
    again = await requests.submit(world.access, world["alice"], replace(ADMIN, duration_s=1800, beside=first.id))
    assert (await told(world, replace(ADMIN, reason="more"))).subject.id == first.id
    await review_request(world.access, again.id, world["bob"], ReviewDecision.APPROVE)
    (second,) = [grant for grant in await world.all(Grant) if grant.id != first.id]
    assert (await told(world, replace(ADMIN, reason="more"))).subject.id == second.id


@pytest.mark.parametrize("end", ["revoked", "expired", "cancelled", "lapsed"])
async def test_what_is_over_stands_in_nobodys_way(world: World, end: str) -> None:
    ask = READ if end in ("revoked", "expired") else ADMIN
    request = await requests.submit(world.access, world["alice"], ask)
    grant = next(iter(await world.all(Grant)), None)
    match end:
        case "revoked" if grant is not None:
            await grants.revoke(world.access, grant.id, world["alice"])
        case "expired" if grant is not None:
            await world.age("access_grant", grant.id, 901)
        case "cancelled":
            await requests.cancel(world.access, request.id, world["alice"])
        case _:
            await world.age("access_request", request.id, 1801)
    assert (await requests.submit(world.access, world["alice"], replace(ask, reason=f"after {end}"))).id != request.id


async def test_others_and_other_roles_are_not_meant(world: World) -> None:
    for who, ask in itertools.product(("alice", "erin"), (READ, ADMIN)):
        assert (await requests.submit(world.access, world[who], ask)).id
    assert len(await world.all(AccessRequest)) == 4


async def test_access_that_the_policy_no_longer_allows_is_not_had(world: World, document: dict[str, Any]) -> None:
    """A grant that the policy keeps out is none, and a request that it would deny is denied with why."""
    await requests.submit(world.access, world["alice"], READ)
    await requests.submit(world.access, world["alice"], ADMIN)
    document["policy"][0]["who"] = document["policy"][1]["who"] = ["erin"]
    await world.write(document)
    for ask in (READ, ADMIN):
        denied = await requests.submit(world.access, world["alice"], replace(ask, reason="again"))
        assert denied.state is RequestState.DENIED
        assert "No rule lets alice" in denied.decision_reason
