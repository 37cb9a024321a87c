"""Where Gatepass must not or cannot post, the people concerned are told directly, and can still decide."""

from access.grants import sessions
from access.grants.sessions import Counters, Ending
from bot.blocks.action_ids import Action
from bot.posts.fallback import Fallback
from storage.model import EndReason, Grant
from support.bot.stage import Stage


async def test_nothing_is_posted_where_another_organisation_reads(stage: Stage) -> None:
    await stage.slack.command("alice", "incidents", "/access payments-db admin 15m INC-1 secret reason")
    card = await stage.told("bob", "@alice asks for payments-db · admin", ephemeral=False)
    told = await stage.told("alice", "is shared with another organisation", ephemeral=False)
    assert "#partners" in told["plain"]
    assert await stage.slack.messages(channel="partners", user="bob") == []
    await stage.tap("bob", card, Action.APPROVE)
    await stage.told("alice", "You have access", ephemeral=False)
    # Every reviewer's copy shows the decision.
    await stage.told("carol", "Approved", ephemeral=False)

    (grant,) = await stage.rows(Grant)
    session = await stage.session(grant)
    await sessions.end_session(stage.access, Ending(session.id, EndReason.CLOSED, "", Counters(), []))
    # The notifier looks for such digests each minute.
    await Fallback(stage.access).take_stuck_digests()
    await stage.told("alice", "sessions replay", ephemeral=False)
    assert await stage.slack.messages(channel="partners", user="bob") == []


async def test_a_channel_without_the_bot_is_said(stage: Stage) -> None:
    await stage.slack.command("alice", "incidents", "/access payments-db owner 15m")
    told = await stage.told("alice", "Slack does not let Gatepass post", ephemeral=False)
    assert "not_in_channel" in told["plain"]
    card = await stage.told("carol", "asks for payments-db · owner", ephemeral=False)
    await stage.tap("carol", card, Action.APPROVE)
    await stage.told("alice", "You have access", ephemeral=False)
