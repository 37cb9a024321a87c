"""A reviewer ends somebody's access from its card; who may not is told so, and it is on record."""

from typing import Any

import pytest
import yaml

from access.identity.adoption import adopt
from bot.blocks.action_ids import Action, Field
from storage.model import Grant
from support.bot.stage import Stage

pytestmark = pytest.mark.finding("use-26")

ASK = "/access payments-db read 15m INC-42 fix stuck migration"


async def granted(stage: Stage) -> dict[str, Any]:
    """The card of alice's access."""
    await stage.slack.command("alice", "incidents", ASK)
    await stage.tap("bob", await stage.card(), Action.APPROVE)
    return await stage.card("Approved")


async def refused(stage: Stage) -> list[tuple[str, str]]:
    return [(one["actor"], one["outcome"]) for one in await stage.audit() if one["action"] == "slack:grant:revoke"]


async def test_a_reviewer_revokes_from_the_card_with_a_reason(stage: Stage) -> None:
    card = await granted(stage)
    await stage.tap("carol", card, Action.ASK_REVOKE)
    form = await stage.slack.wait_for_view("carol", "Why?")
    assert "@alice has payments-db · read for 15m, until" in form["plain"]
    assert "It ends at once, and open sessions with it." in form["plain"]
    assert "errors" in await stage.slack.submit("carol", {Field.REVOKE_REASON: "  "})
    (grant,) = await stage.rows(Grant)
    assert grant.revoked_at is None
    assert (await stage.slack.submit("carol", {Field.REVOKE_REASON: "incident is over <!channel>"}))["view_closed"]
    told = await stage.told("alice", "Your access was revoked by @carol", ephemeral=False)
    assert "incident is over <!channel>" in told["plain"]
    revoked = await stage.card("Access revoked")
    assert revoked["ts"] == card["ts"]
    assert "[Revoke…]" not in revoked["plain"]
    assert await refused(stage) == [("human:carol", "success")]


async def test_two_who_revoke_at_once_end_it_once(stage: Stage) -> None:
    card = await granted(stage)
    for who in ("bob", "carol"):
        await stage.tap(who, card, Action.ASK_REVOKE)
        await stage.slack.wait_for_view(who, "Why?")
    await stage.slack.submit("bob", {Field.REVOKE_REASON: "first"})
    await stage.slack.submit("carol", {Field.REVOKE_REASON: "second"})
    await stage.slack.wait_for_view("carol", "This access was revoked by bob at")
    assert [outcome for _, outcome in await refused(stage)] == ["success", "failure"]


async def test_who_may_not_is_told_before_the_form(stage: Stage) -> None:
    """Nobody unknown, no guest although the policy names them, and nobody beside the holder and the reviewers."""
    card = await granted(stage)
    document = yaml.safe_load(stage.access.policies.path.read_text())
    document["people"]["nora"] = {"slack": "U0NORA"}
    sentences = {"nora": "does not know you", "gina": "Guests of the workspace cannot review"}
    for who, sentence in sentences.items():
        await stage.tap(who, card, Action.ASK_REVOKE)
        view = await stage.slack.wait_for_view(who, sentence)
        assert "Why?" not in view["plain"]
        await stage.slack.close_view(who)
    stage.access.policies.path.write_text(yaml.safe_dump(document))
    stage.access.policies.reload()
    await adopt(stage.access)
    await stage.tap("nora", card, Action.ASK_REVOKE)
    await stage.slack.wait_for_view("nora", "Only alice and the reviewers of payments-db read may revoke this access.")
    assert await refused(stage) == [("human:nora", "failure")]
    (grant,) = await stage.rows(Grant)
    assert grant.revoked_at is None


async def test_a_guest_revokes_nothing_of_others_by_typing_either(stage: Stage) -> None:
    await granted(stage)
    (grant,) = await stage.rows(Grant)
    await stage.slack.command("gina", "incidents", f"/access revoke {grant.id.hex[:8]} because")
    await stage.told("gina", "Guests of the workspace cannot review")
    await stage.slack.command("carol", "incidents", f"/access revoke {grant.id.hex[:8]} incident is over")
    await stage.told("alice", "Your access was revoked by @carol", ephemeral=False)


async def test_a_tap_that_comes_late_is_told_who_ended_it(stage: Stage) -> None:
    card = await granted(stage)
    blocks = stage.in_slack(card).blocks
    (grant,) = await stage.rows(Grant)
    await stage.slack.command("alice", "incidents", f"/access revoke {grant.id.hex[:8]} all done")
    await stage.card("Access revoked")
    stage.in_slack(card).blocks = blocks
    await stage.tap("bob", card, Action.ASK_REVOKE)
    await stage.slack.wait_for_view("bob", "This access was revoked by alice at")


async def test_reviewers_are_told_directly_and_decide_there(stage: Stage) -> None:
    document = yaml.safe_load(stage.access.policies.path.read_text())
    document["policy"][0]["tell_reviewers"] = True
    stage.access.policies.path.write_text(yaml.safe_dump(document))
    stage.access.policies.reload()
    await adopt(stage.access)
    await stage.slack.command("alice", "incidents", ASK)
    card = await stage.card()
    direct = await stage.told("bob", "asks for payments-db · read", ephemeral=False)
    await stage.told("carol", "asks for payments-db · read", ephemeral=False)
    await stage.tap("bob", direct, Action.APPROVE)
    approved = await stage.card("Approved")
    assert approved["ts"] == card["ts"]
    for who in ("bob", "carol"):
        shown = await stage.told(who, "Approved: @alice has", ephemeral=False)
        assert "[Revoke…]" in shown["plain"]
