"""Where a rule asks for a touch, Slack's buttons say where it can be given; a tap alone counts for nothing."""

from dataclasses import replace
from typing import Any

import pytest

from access.context import Access
from access.decisions.request_reviews import review_request
from access.identity import acts, security_keys
from bot.blocks.action_ids import Action
from storage.model import AccessRequest, AskDraft, RequestState, Review, ReviewDecision
from support.access import World
from support.bot.stage import Stage, policy_document
from support.identity.touching import ISSUER, Owner, owner

PAGES = "https://gate.example.com"
ASK = "/access payments-db read 15m INC-42 fix stuck migration"


@pytest.fixture
async def access(access: Access) -> Access:
    return replace(access, pages=PAGES)


async def world_of(stage: Stage, *rules: str) -> World:
    """The people, with a policy in which these rules take a touch."""
    world = World(stage.access, {name: await stage.principal(name) for name in ("alice", "bob", "carol")})
    document = policy_document()
    document["providers"] = {"corp": {"issuer": ISSUER, "client_id": "g"}}
    for rule in document["policy"]:
        if rule["name"] in rules:
            rule["requires"] = {"sign_in": "8h", "present": True}
    await world.write(document)
    return world


def link_of(message: dict[str, Any]) -> str:
    """The address of the one button."""
    [url] = [
        element["url"]
        for block in message["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
        if "url" in element
    ]
    return url


async def test_approve_leads_to_the_page_and_counts_there(stage: Stage) -> None:
    await stage.slack.command("alice", "incidents", ASK)
    card = await stage.card()
    world = await world_of(stage, "read-by-one")
    await owner(world, "bob")
    await stage.tap("bob", card, Action.APPROVE)
    told = await stage.told("bob", "This takes a touch of your security key")
    [request] = await stage.rows(AccessRequest)
    assert link_of(told) == f"{PAGES}/present/request/{request.id}"
    assert request.state is RequestState.PENDING
    assert await stage.rows(Review) == []
    [refused] = [event for event in await stage.audit() if event["action"] == "slack:request:approve"]
    assert (refused["outcome"], refused["actor"]) == ("failure", "human:bob")


async def test_the_card_says_what_was_proven(stage: Stage) -> None:
    await stage.slack.command("alice", "incidents", ASK)
    await stage.card()
    world = await world_of(stage, "read-by-one")
    bob = await owner(world, "bob")
    [request] = await stage.rows(AccessRequest)
    touch = await bob.touch(acts.approve(request))
    outcome = await review_request(
        world.access,
        request.id,
        world["bob"],
        ReviewDecision.APPROVE,
        source="web",
        revision=request.revision,
        touch=touch,
    )
    assert outcome.counted
    card = await stage.card("Approved")
    assert "bob approved with a sign-in at corp" in card["plain"]
    assert "Blue key" in card["plain"]


async def test_asking_leads_to_the_page_that_asks(stage: Stage) -> None:
    world = await world_of(stage, "read-by-one")
    await owner(world, "alice")
    await stage.slack.command("alice", "incidents", ASK)
    told = await stage.told("alice", "This takes a touch of your security key")
    [draft] = await stage.rows(AskDraft)
    assert link_of(told) == f"{PAGES}/present/ask/{draft.id}"
    assert (draft.reason, draft.ticket) == ("fix stuck migration", "INC-42")
    assert await stage.rows(AccessRequest) == []


async def test_the_owner_is_told_of_their_keys(stage: Stage) -> None:
    world = await world_of(stage)
    alice: Owner = await owner(world, "alice")
    await stage.told("alice", "was added to your account", ephemeral=False)
    assert alice.known is not None
    touch = await alice.touch(acts.end_key(alice.known.id))
    await security_keys.end(world.access, alice.me, alice.known.id, touch)
    await stage.told("alice", "You ended it, with a touch", ephemeral=False)
