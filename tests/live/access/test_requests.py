"""Asking for access: what is stored, what is refused, and what the requester and the reviewers get to see."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from access.decisions import requests
from access.decisions.requests import MAX_PENDING, Ask
from access.errors import Refused
from storage.model import AccessRequest, Decision, Grant, PostPurpose, RequestState
from support.access import World, ask_anyway


async def test_a_reviewed_request_waits_with_a_card_and_a_reply(world: World) -> None:
    request = await requests.submit(
        world.access, world["alice"], Ask("payments-db", "admin", 900, "fix 4111111111111111 ", "INC-42")
    )
    stored = await world.one(AccessRequest, request.id)
    assert (stored.state, stored.decision, stored.rule) == (RequestState.PENDING, Decision.REVIEWED, "admin-by-one")
    assert stored.reviewers == ["bob", "carol", "dave"]
    assert stored.expires_at - stored.created_at == timedelta(minutes=30)
    assert stored.reason == "fix [pan]"
    assert stored.policy_hash == world.access.policies.current.hash
    posts = [(post.purpose, post.address) for post in await world.posts(request.id)]
    assert posts == [(PostPurpose.CARD, "C0ACCESS"), (PostPurpose.REPLY, "U0ALICE")]
    assert (await world.actions())[-1] == "human:alice slack:request:submit success"
    assert await world.all(Grant) == []


async def test_an_automatic_request_is_granted_at_once(world: World) -> None:
    request = await requests.submit(world.access, world["alice"], Ask("payments-db", "read", 900))
    assert request.state is RequestState.APPROVED
    (grant,) = await world.all(Grant)
    assert grant.expires_at - grant.not_before == timedelta(minutes=15)
    assert [post.purpose for post in await world.posts(request.id)] == [PostPurpose.CARD, PostPurpose.REPLY]
    assert (await world.actions())[-3:] == [
        "human:alice slack:request:submit success",
        "gatepass policy:request:approve success",
        "gatepass policy:grant:make success",
    ]


async def test_an_agent_asks_under_its_own_name(world: World) -> None:
    request = await requests.submit(world.access, world["deployer"], Ask("payments-db", "read", 60, source="api"))
    assert request.state is RequestState.APPROVED
    assert "agent:deployer api:request:submit success" in await world.actions()


async def test_what_the_policy_denies_is_stored_and_told(world: World) -> None:
    request = await requests.submit(world.access, world["mallory"], Ask("web-1", "deploy", 600))
    assert (request.state, request.rule) == (RequestState.DENIED, "no-deploys-by-mallory")
    assert "denies mallory" in request.decision_reason
    assert [post.purpose for post in await world.posts(request.id)] == [PostPurpose.REPLY]
    assert (await world.actions())[-1] == "gatepass policy:request:deny failure"


async def test_what_no_rule_speaks_of_is_denied(world: World) -> None:
    request = await requests.submit(world.access, world["alice"], Ask("web-1", "deploy", 600))
    assert request.state is RequestState.DENIED
    assert request.decision_reason == "No rule lets alice have deploy on web-1."


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (Ask("payment-db", "read", 60), "Did you mean payments-db?"),
        (Ask("4111111111111111", "read", 60), "There is no resource [pan] that you may ask for."),
        (Ask("payments-db", "4111111111111111", 60), "payments-db has no role [pan] that you may ask for."),
        (Ask("payments-db", "reed", 60), "Did you mean read? You may ask for: admin, read, write."),
        (Ask("payments-db", "read", 0), "lasts for some time"),
        (Ask("payments-db", "read", -3600), "lasts for some time"),
        (Ask("payments-db", "read", 7201), "2h1s is too long: payments-db read is granted for 2h at most"),
        (Ask("payments-db", "read", 9999 * 86400), "is granted for 2h at most"),
        (Ask("web-1", "deploy", 9999 * 86400), "is granted for 1d at most"),
        (Ask("payments-db", "read", 60, "x" * 10_000), "10000 characters; 3000 are the most"),
        (Ask("payments-db", "read", 60, "", "x" * 129), "Your ticket has 129 characters; 128"),
    ],
)
async def test_what_cannot_be_asked_is_refused_and_leaves_no_row(world: World, ask: Ask, sentence: str) -> None:
    with pytest.raises(Refused) as refused:
        await requests.submit(world.access, world["alice"], ask)
    assert sentence in str(refused.value)
    assert await world.all(AccessRequest) == []


async def test_a_stranger_to_every_rule_learns_no_resource(world: World) -> None:
    with pytest.raises(Refused) as refused:
        await requests.submit(world.access, world["mallory"], Ask("payment-db", "read", 60))
    assert "payments-db" not in str(refused.value)


async def test_text_that_storage_cannot_hold_is_made_fit(world: World) -> None:
    request = await requests.submit(
        world.access, world["alice"], Ask("payments-db", "read", 60, "a\x00b\ud800c <!channel>`")
    )
    assert (await world.one(AccessRequest, request.id)).reason == "a\ufffdb?c <!channel>`"


@pytest.mark.finding("L9")
async def test_a_flood_is_refused_and_audited(world: World) -> None:
    for number in range(MAX_PENDING):
        await ask_anyway(world.access, world["alice"], Ask("payments-db", "admin", 60, f"reason {number}"))
    with pytest.raises(Refused, match="20 requests waiting"):
        await requests.submit(world.access, world["alice"], Ask("payments-db", "admin", 60, "one more"))
    assert (await world.actions())[-1] == "human:alice slack:request:refuse failure"
    await requests.submit(world.access, world["erin"], Ask("payments-db", "admin", 60, "another person"))


async def test_a_flood_at_once_stops_at_the_limit(world: World, document: dict[str, Any]) -> None:
    roles = document["resources"]["payments-db"]["roles"]
    roles |= {f"admin-{number}": roles["write"] for number in range(MAX_PENDING + 5)}
    document["policy"][1]["roles"] = ["admin*"]
    await world.write(document)
    asks = [Ask("payments-db", f"admin-{number}", 60) for number in range(MAX_PENDING + 5)]
    results = await asyncio.gather(
        *(requests.submit(world.access, world["alice"], ask) for ask in asks), return_exceptions=True
    )
    assert sum(isinstance(result, Refused) for result in results) == 5
    assert len(await world.all(AccessRequest)) == MAX_PENDING


async def test_the_same_ask_delivered_twice_is_one_request(world: World) -> None:
    ask = Ask("payments-db", "admin", 600, "double click")
    first, second = await asyncio.gather(*(requests.submit(world.access, world["alice"], ask) for _ in range(2)))
    assert first.id == second.id
    assert len(await world.all(AccessRequest)) == 1


async def test_who_left_the_policy_asks_for_nothing(world: World, document: dict[str, Any]) -> None:
    del document["people"]["erin"]
    document["groups"]["engineers"].remove("erin")
    await world.write(document)
    with pytest.raises(Refused):
        await requests.submit(world.access, world["erin"], Ask("payments-db", "read", 60))


async def test_the_requester_cancels_their_own(world: World) -> None:
    request = await requests.submit(world.access, world["alice"], Ask("payments-db", "admin", 600))
    with pytest.raises(Refused, match="no such request of yours"):
        await requests.cancel(world.access, request.id, world["bob"])
    cancelled = await requests.cancel(world.access, request.id, world["alice"], "found another way")
    assert (cancelled.state, cancelled.decided_by) == (RequestState.CANCELLED, world["alice"].id)
    assert cancelled.revision == request.revision + 1
    with pytest.raises(Refused, match="cancelled already"):
        await requests.cancel(world.access, request.id, world["alice"])
