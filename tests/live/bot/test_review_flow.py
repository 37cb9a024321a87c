"""Who may decide, at the click; what the others are told; and that a decision happens once."""

from collections.abc import Callable
from typing import Any

import pytest
import yaml
from sqlalchemy import select
from sqlmodel import col

from access.decisions import requests
from access.decisions.requests import Ask
from access.identity.adoption import adopt
from bot.blocks.action_ids import Action
from slack_simulator.client import SimulatorClient
from slack_simulator.delivery.connections import Connection
from slack_simulator.delivery.sockets import Sockets
from storage.model import AccessRequest, Grant, Identity, RequestState, Review
from support.bot.stage import Stage

ASK = "/access payments-db read 15m INC-42 fix stuck migration"


async def asked(stage: Stage, line: str = ASK, user: str = "alice") -> dict[str, Any]:
    await stage.slack.command(user, "incidents", line)
    return await stage.card()


async def state_of_request(stage: Stage) -> RequestState:
    (request,) = await stage.rows(AccessRequest)
    return request.state


async def test_nobody_approves_their_own_request(stage: Stage) -> None:
    card = await asked(stage, user="bob")
    await stage.tap("bob", card, Action.APPROVE)
    await stage.told("bob", "your own request")
    assert await state_of_request(stage) is RequestState.PENDING
    await stage.tap("carol", card, Action.APPROVE)
    await stage.card("Approved")


@pytest.mark.parametrize(
    ("user", "words"),
    [
        ("alice", "your own request"),
        ("gina", "Guests of the workspace cannot review"),
        ("sam", "another Slack workspace"),
        ("uma", "not confirmed"),
        ("nora", "does not know you"),
    ],
)
async def test_whoever_may_not_decide_is_told_why(stage: Stage, user: str, words: str) -> None:
    card = await asked(stage)
    await stage.tap(user, card, Action.APPROVE)
    await stage.told(user, words)
    assert await state_of_request(stage) is RequestState.PENDING
    assert await stage.rows(Review) == []
    refused = [event for event in await stage.audit() if event["outcome"] in ("denied", "failure")]
    assert len(refused) == 1
    assert words in refused[0]["detail"]["why"]


async def test_a_stranger_learns_it_in_the_modal_too(stage: Stage) -> None:
    card = await asked(stage)
    await stage.tap("sam", card, Action.DENY)
    modal = await stage.slack.wait_for_view("sam", "another Slack workspace")
    assert "deny_reason" not in str(modal["blocks"])


async def test_whoever_may_not_deny_learns_nothing_from_the_modal(stage: Stage) -> None:
    card = await asked(stage)
    await without_carol(stage)
    await stage.tap("carol", card, Action.DENY)
    modal = await stage.slack.wait_for_view("carol", "does not let you review this request")
    assert "deny_reason" not in str(modal["blocks"])
    assert "@alice" not in modal["plain"]
    refused = [event for event in await stage.audit() if event["outcome"] == "failure"]
    assert [(event["actor"], event["action"]) for event in refused] == [("human:carol", "slack:request:deny")]


async def test_whoever_reviews_no_longer_reads_no_more_in_their_home(stage: Stage) -> None:
    await asked(stage)
    await stage.slack.open_home("carol")
    await stage.slack.wait_for_home("carol", "fix stuck migration")
    await without_carol(stage)
    await stage.slack.open_home("carol")
    home = await stage.slack.wait_for_home("carol", "Nothing waits for your review")
    assert "fix stuck migration" not in home["plain"]


async def without_carol(stage: Stage) -> None:
    """The policy that no longer asks carol."""
    await with_policy(stage, lambda document: document["groups"]["oncall"].remove("carol"))


async def with_policy(stage: Stage, change: Callable[[dict[str, Any]], object]) -> None:
    """The policy in force, changed."""
    path = stage.access.policies.path
    document = yaml.safe_load(path.read_text())
    change(document)
    path.write_text(yaml.safe_dump(document))
    stage.access.policies.reload()
    await adopt(stage.access)


async def refused(stage: Stage, user: str, card: dict[str, Any], words: str) -> None:
    """Neither button of the card is theirs: both tell them why, and nothing comes of it."""
    await stage.tap(user, card, Action.APPROVE)
    await stage.told(user, words)
    await stage.tap(user, card, Action.DENY)
    modal = await stage.slack.wait_for_view(user, words)
    assert "deny_reason" not in str(modal["blocks"])
    assert await state_of_request(stage) is RequestState.PENDING
    assert await stage.rows(Review) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"deleted": True}, "deactivated"),
        ({"is_bot": True}, "Bots neither ask"),
        ({"is_restricted": True}, "Guests of the workspace"),
        ({"is_ultra_restricted": True}, "Guests of the workspace"),
        ({"is_stranger": True}, "another Slack workspace"),
        ({"is_email_confirmed": False}, "not confirmed"),
        ({"team_id": "T0ELSEWHERE"}, "another Slack workspace"),
    ],
    ids=["deactivated", "bot", "guest", "single-channel guest", "stranger", "unconfirmed e-mail", "foreign team"],
)
async def test_a_reviewer_whose_account_is_unfit_is_refused(stage: Stage, changes: dict[str, Any], words: str) -> None:
    card = await asked(stage)
    await stage.slack.change_person("carol", **changes)
    await refused(stage, "carol", card, words)


async def test_whoever_reviews_no_longer_approves_no_more(stage: Stage) -> None:
    card = await asked(stage)
    await without_carol(stage)
    await refused(stage, "carol", card, "does not let you review this request")


async def test_an_agent_does_not_review(stage: Stage) -> None:
    def is_agent(document: dict[str, Any]) -> None:
        document["groups"]["oncall"].remove("carol")
        document["people"]["carol"]["kind"] = "agent"

    card = await asked(stage)
    await with_policy(stage, is_agent)
    await refused(stage, "carol", card, "carol is an agent: only people review")


async def test_being_in_the_channel_is_no_authority(stage: Stage) -> None:
    """Slack's admins and owners can enter any channel; the policy asks alice for nothing."""
    card = await asked(stage, user="bob")
    await stage.slack.change_person("alice", is_admin=True, is_owner=True, is_primary_owner=True)
    await refused(stage, "alice", card, "does not let you review this request")


async def test_an_e_mail_address_makes_nobody_a_reviewer(stage: Stage) -> None:
    """Neither the one that Slack has of bob nor the one that the policy has of him; his account alone does."""
    await with_policy(stage, lambda document: document["people"]["bob"].update(email="bob@example.com"))
    card = await asked(stage)
    await stage.slack.change_person("nora", email="bob@example.com")
    await refused(stage, "nora", card, "does not know you")


async def test_whoever_asked_by_another_door_asked(stage: Stage) -> None:
    ask = Ask("payments-db", "read", 900, "fix", None, source="api")
    await requests.submit(stage.access, await stage.principal("bob"), ask)
    await refused(stage, "bob", await stage.card(), "your own request")


async def test_the_account_that_asked_reviews_under_no_other_name(stage: Stage) -> None:
    """U0BOB asked as bob and is carol's now, past every rule of ours, as a hand in the database would have it."""
    card = await asked(stage, user="bob")
    carol = await stage.principal("carol")
    async with stage.database.transaction() as transaction:
        theirs = (await transaction.scalars(select(Identity).where(col(Identity.principal_id) == carol.id))).one()
        theirs.retired_at = theirs.created_at
        await transaction.flush()
        moved = (await transaction.scalars(select(Identity).where(col(Identity.subject) == "U0BOB"))).one()
        moved.principal_id = carol.id
    await stage.tap("bob", card, Action.APPROVE)
    await stage.told("bob", "Your Slack account asked for this request itself, when it was bob's")
    assert await state_of_request(stage) is RequestState.PENDING


async def test_nothing_is_read_back_out_of_a_message(stage: Stage) -> None:
    """A card that says something else than storage decides what storage says; its button alone counts."""
    card = await asked(stage)
    message = stage.in_slack(card)
    (row,) = (block for block in message.blocks if block["type"] == "actions")
    lie = "<@U0BOB> asks for `payments-db` · `admin` for 24h, request 00000000"
    message.text, message.blocks = lie, [{"type": "section", "text": {"type": "mrkdwn", "text": lie}}, row]
    row["block_id"] = "decision:request:00000000000000000000000000000000:9"
    await stage.tap("bob", card, Action.APPROVE)
    await stage.card("Approved: @alice has payments-db · read for 15m")
    (grant,) = await stage.rows(Grant)
    (request,) = await stage.rows(AccessRequest)
    assert (grant.request_id, grant.role) == (request.id, "read")
    assert (grant.expires_at - grant.not_before).total_seconds() == 900


async def test_the_second_tap_is_told_who_decided(stage: Stage) -> None:
    card = await asked(stage)
    await stage.tap("carol", card, Action.DENY)
    await stage.slack.wait_for_view("carol", "Why?")
    await stage.tap("bob", card, Action.APPROVE)
    await stage.card("Approved")
    late = await stage.slack.submit("carol", {"deny_reason": "too late"})
    assert not late["view_closed"]
    told = await stage.slack.wait_for_view("carol", "bob")
    assert "approved" in told["plain"]
    assert len(await stage.rows(Grant)) == 1


async def test_two_must_approve(stage: Stage) -> None:
    card = await asked(stage, "/access payments-db write 15m")
    await stage.tap("bob", card, Action.APPROVE)
    counted = await stage.card("1 of 2: @bob")
    await stage.tap("bob", counted, Action.APPROVE)
    await stage.told("bob", "reviewed this request already")
    await stage.tap("carol", counted, Action.APPROVE)
    decided = await stage.card("Approved")
    assert "@bob, @carol" in decided["plain"]


async def test_an_account_that_changed_is_looked_at_anew(stage: Stage) -> None:
    card = await asked(stage)
    await stage.slack.change_person("bob", is_restricted=True)
    await stage.tap("bob", card, Action.APPROVE)
    await stage.told("bob", "Guests of the workspace")
    await stage.slack.change_person("bob", is_restricted=False)
    await stage.tap("bob", card, Action.APPROVE)
    await stage.card("Approved")


async def test_an_expired_request_cannot_be_approved(stage: Stage) -> None:
    card = await asked(stage)
    (request,) = await stage.rows(AccessRequest)
    await stage.age("access_request", request.id, 1800)
    # Slack still shows the old card to a client that has not heard of the update.
    stale = next(block for block in card["blocks"] if block["type"] == "actions")
    assert stale["elements"][0]["value"].endswith(":1")
    await stage.card("Expired")
    assert await stage.rows(Grant) == []


async def test_a_token_is_for_its_own_person_only(stage: Stage) -> None:
    card = await asked(stage)
    await stage.tap("bob", card, Action.APPROVE)
    granted = await stage.told("alice", "You have access", ephemeral=False)
    (grant,) = await stage.rows(Grant)
    # Another person cannot see alice's message; a forged click would name her grant all the same.
    await stage.slack.command("bob", "incidents", "/access web-1 deploy 5m")
    own = await stage.told("bob", "You have access", ephemeral=False)
    message = stage.in_slack(own)
    row = next(block for block in message.blocks if block["type"] == "actions")
    row["elements"][0]["value"] = grant.id.hex
    await stage.tap("bob", own, Action.GET_TOKEN)
    await stage.slack.wait_for_view("bob", "somebody else's")
    denied = [event for event in await stage.audit() if event["action"] == "slack:token:issue"]
    assert [(event["actor"], event["outcome"]) for event in denied] == [("human:bob", "denied")]

    await stage.slack.command("alice", "incidents", f"/access revoke {grant.id.hex}")
    await stage.told("alice", "ended: payments-db")
    await stage.tap("alice", granted, Action.GET_TOKEN)
    await stage.slack.wait_for_view("alice", "revoked by alice")


async def test_whoever_leaves_slack_loses_their_grants(stage: Stage) -> None:
    card = await asked(stage)
    await stage.tap("bob", card, Action.APPROVE)
    await stage.card("Approved")
    await stage.slack.change_person("alice", deleted=True)
    revoked = await stage.card("Access revoked")
    assert "Slack account was deactivated" in revoked["plain"]
    assert "the gateway" in revoked["plain"]


@pytest.fixture
def delivered_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A workspace that hands over every envelope twice, as a failing network does."""
    send = Sockets._send

    async def send_twice(self: Sockets, connection: Connection, envelope: dict[str, Any]) -> dict[str, Any]:
        await connection.socket.send_json(envelope)
        return await send(self, connection, envelope)

    monkeypatch.setattr(Sockets, "_send", send_twice)


@pytest.mark.usefixtures("delivered_twice")
async def test_an_envelope_that_comes_twice_counts_once(stage: Stage) -> None:
    card = await asked(stage)
    await stage.tap("bob", card, Action.APPROVE)
    await stage.card("Approved")
    await stage.slack.command("alice", "incidents", "/access list")
    await stage.told("alice", "You have 1 grant and no pending request.")
    assert len(await stage.rows(AccessRequest)) == 1
    assert len(await stage.rows(Review)) == 1
    assert len(await stage.rows(Grant)) == 1
    lists = [one for one in await stage.slack.messages(user="alice") if "You have 1 grant" in one["plain"]]
    assert len(lists) == 1


async def test_two_reviewers_at_once_make_one_grant(stage: Stage) -> None:
    import asyncio

    card = await asked(stage)

    async def tap(slack: SimulatorClient, user: str) -> None:
        await slack.action(user, Action.APPROVE, channel=card["channel"], ts=card["ts"])

    await asyncio.gather(tap(stage.slack, "bob"), tap(stage.slack, "carol"))
    await stage.card("Approved")
    assert len(await stage.rows(Grant)) == 1


@pytest.mark.finding("use-31")
async def test_what_the_card_shows_is_not_said_in_private_too(stage: Stage) -> None:
    """Approved, given back, withdrawn: it shows where it was tapped. Only in a list for one person it would not."""
    card = await asked(stage)
    await stage.tap("bob", card, Action.APPROVE)
    await stage.card("Approved")
    granted = await stage.told("alice", "You have access", ephemeral=False)
    await stage.tap("alice", granted, Action.REVOKE)
    await stage.card("Access revoked")
    await asked(stage, "/access payments-db write 15m")
    waiting = await stage.told("alice", "You asked for payments-db · write", ephemeral=False)
    await stage.tap("alice", waiting, Action.CANCEL)
    await stage.card("Cancelled")
    private = [one["plain"] for one in await stage.slack.messages() if one["ephemeral"]]
    assert all("Asked for" in one for one in private), "what alice typed is answered, and nothing else"
    await asked(stage, "/access payments-db read 20m again")
    await stage.slack.command("bob", "incidents", "/access waiting")
    listed = await stage.told("bob", "1 wait for your review")
    await stage.tap("bob", listed, Action.APPROVE)
    await stage.told("bob", "Approved. The access ends at")
