"""Asking for what one has or waits for already: told, with what to do, and asked for again on purpose alone."""

from typing import Any

import pytest

from bot.blocks.action_ids import Action
from storage.model import AccessRequest, Grant, RequestState
from support.bot.stage import Stage

pytestmark = pytest.mark.finding("use-22")

ASK = "/access payments-db read 15m INC-42 fix stuck migration"
AGAIN = "/access payments-db read 30m INC-43 it takes longer"


async def granted(stage: Stage) -> dict[str, Any]:
    await stage.slack.command("alice", "incidents", ASK)
    await stage.tap("bob", await stage.card(), Action.APPROVE)
    return await stage.told("alice", "You have access", ephemeral=False)


async def test_a_typed_request_for_what_one_has_gives_the_token_instead(stage: Stage) -> None:
    await granted(stage)
    await stage.slack.command("alice", "incidents", AGAIN)
    form = await stage.slack.wait_for_view("alice", "You have read on payments-db until")
    assert "Nothing more was asked for" in form["plain"]
    assert "[Ask anyway]" in form["plain"]
    assert len(await stage.rows(AccessRequest)) == 1
    await stage.slack.action("alice", Action.GET_TOKEN, view_id=form["id"])
    modal = await stage.slack.wait_for_view("alice", "Copy this token")
    token = next(line for line in modal["plain"].splitlines() if line.startswith("ey"))
    (grant,) = await stage.rows(Grant)
    assert stage.access.keys.verify(token).grant_id == grant.id


async def test_who_needs_it_longer_asks_anyway(stage: Stage) -> None:
    await granted(stage)
    await stage.slack.command("alice", "incidents", AGAIN)
    form = await stage.slack.wait_for_view("alice", "You have read on payments-db until")
    assert (await stage.slack.submit("alice", {}, view=form["id"]))["view_closed"]
    card = await stage.card("asks for payments-db · read for 30m")
    (grant,) = await stage.rows(Grant)
    assert f"asked beside {grant.id.hex[:8]}" in card["plain"]
    assert "INC-43" in card["plain"]
    assert "it takes longer" in card["plain"]
    await stage.tap("bob", card, Action.APPROVE)
    await stage.card("Approved: @alice has payments-db · read for 30m")
    assert len(await stage.rows(Grant)) == 2


async def test_the_form_tells_it_too_and_asks_about_each_door_anew(stage: Stage) -> None:
    """What one was told of `read` is no leave to ask twice for `write`."""
    await granted(stage)
    await stage.slack.command("alice", "incidents", "/access payments-db write 15m")
    await stage.card("asks for payments-db · write")
    await stage.slack.command("alice", "incidents", "/access")
    await stage.slack.wait_for_view("alice", "What do you need?")
    values = {"door": "payments-db/read", "duration": "30m"}
    assert not (await stage.slack.submit("alice", values))["view_closed"]
    form = await stage.slack.wait_for_view("alice", "You have read on payments-db until")
    values = {"door": "payments-db/write", "duration": "30m"}
    assert not (await stage.slack.submit("alice", values, view=form["id"]))["view_closed"]
    form = await stage.slack.wait_for_view("alice", "You asked already for payments-db · write")
    assert len(await stage.rows(AccessRequest)) == 2
    assert (await stage.slack.submit("alice", {}, view=form["id"]))["view_closed"]
    await stage.card("asks for payments-db · write for 30m")


async def test_ask_again_tells_it_at_once(stage: Stage) -> None:
    await stage.slack.command("alice", "incidents", ASK)
    card = await stage.card()
    await stage.tap("bob", card, Action.DENY)
    await stage.slack.wait_for_view("bob", "Why?")
    await stage.slack.submit("bob", {"deny_reason": "not now"})
    denied = await stage.told("alice", "Denied by @bob", ephemeral=False)
    await stage.slack.command("alice", "incidents", AGAIN)
    await stage.card("asks for payments-db · read for 30m")
    await stage.tap("alice", denied, Action.ASK_AGAIN)
    form = await stage.slack.wait_for_view("alice", "You asked already for payments-db · read for 30m")
    assert form["state"]["values"]["duration"]["duration"]["value"] == "15m", "filled in as it was the last time"


async def test_a_request_that_waits_is_shown_with_its_card_and_can_be_withdrawn(stage: Stage) -> None:
    await stage.slack.command("alice", "incidents", ASK)
    card = await stage.card()
    await stage.slack.command("alice", "incidents", AGAIN)
    form = await stage.slack.wait_for_view("alice", "You asked already for payments-db · read for 15m")
    assert f"/archives/{card['channel']}/p{card['ts'].replace('.', '')}" in str(form["blocks"])
    assert "@bob or @carol" in form["plain"]
    assert len(await stage.rows(AccessRequest)) == 1
    await stage.slack.action("alice", Action.CANCEL, view_id=form["id"])
    await stage.card("Cancelled: @alice asked for payments-db · read for 15m")
    form = await stage.slack.wait_for_view("alice", lambda view: "You asked already" not in view["plain"])
    assert form["state"]["values"]["duration"]["duration"]["value"] == "30m"
    assert (await stage.slack.submit("alice", {}, view=form["id"]))["view_closed"]
    await stage.card("asks for payments-db · read for 30m")
    states = sorted(request.state for request in await stage.rows(AccessRequest))
    assert states == [RequestState.CANCELLED, RequestState.PENDING]


async def test_a_door_that_opens_at_once_is_opened_once(stage: Stage) -> None:
    await stage.slack.command("alice", "incidents", "/access web-1 deploy 15m first")
    await stage.told("alice", "You have access", ephemeral=False)
    await stage.slack.command("alice", "incidents", "/access web-1 deploy 15m second")
    await stage.slack.wait_for_view("alice", "You have deploy on web-1 until")
    assert len(await stage.rows(Grant)) == 1
