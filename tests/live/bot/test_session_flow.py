"""Held statements are decided by a tap; ended sessions leave their digest where the request was."""

import yaml

from access.decisions import holds
from access.grants import sessions
from access.grants.sessions import Counters, Ending
from access.identity.adoption import adopt
from bot.blocks.action_ids import Action
from storage.audit.sequencer import sequence
from storage.model import EndReason, Grant, HoldState, Session, Statement
from support.bot.stage import Stage


async def granted(stage: Stage, line: str = "/access payments-db read 15m") -> Grant:
    await stage.slack.command("alice", "incidents", line)
    await stage.tap("bob", await stage.card(), Action.APPROVE)
    await stage.card("Approved")
    (grant,) = await stage.rows(Grant)
    return grant


async def held(stage: Stage) -> tuple[Session, Statement]:
    grant = await granted(stage)
    session = await stage.session(grant)
    (rule,) = stage.access.policies.current.resources["payments-db"].roles["read"].statements
    statement = await holds.hold(stage.access, session, grant, "DROP TABLE ?; -- <!channel> ```", "ddl", rule)
    return session, statement


async def state_of(stage: Stage, statement: Statement) -> HoldState | None:
    async with stage.database.transaction() as transaction:
        return (await holds.state(transaction, statement.id)).state


async def test_a_held_statement_is_let_through_by_a_tap(stage: Stage) -> None:
    _, statement = await held(stage)
    card = await stage.card("waits to run this")
    assert "@alice waits to run this as read on payments-db" in card["plain"]
    assert "DROP TABLE ?; -- <!channel> ```" in card["plain"]
    request_card = await stage.card("Approved: @alice has payments-db")
    assert card["thread_ts"] == request_card["ts"]
    assert card["is_broadcast"], "a terminal waits for it: it must be seen in the channel too"
    await stage.tap("alice", card, Action.APPROVE)
    await stage.told("alice", "your own statement")
    await stage.tap("carol", card, Action.APPROVE)
    await stage.card("runs this as")
    assert await state_of(stage, statement) is HoldState.APPROVED


async def test_a_held_statement_is_denied_with_a_reason(stage: Stage) -> None:
    _, statement = await held(stage)
    card = await stage.card("waits to run this")
    await stage.tap("bob", card, Action.DENY)
    modal = await stage.slack.wait_for_view("bob", "Why?")
    assert "@alice waits to run a statement as read on payments-db" in modal["plain"]
    assert (await stage.slack.submit("bob", {"deny_reason": "not on a Friday"}))["view_closed"]
    denied = await stage.card("wanted to run this")
    assert "not on a Friday" in denied["plain"]
    assert "[Approve]" not in denied["plain"]
    assert await state_of(stage, statement) is HoldState.DENIED


async def test_a_statement_that_nobody_answers_is_shown_refused(stage: Stage) -> None:
    _, statement = await held(stage)
    await stage.card("waits to run this")
    await stage.age("statement", statement.id, 900)
    await stage.card("nobody decided in time")


async def test_the_digest_stands_in_the_cards_thread(stage: Stage) -> None:
    session, _ = await held(stage)
    card = await stage.card("waits to run this")
    await stage.tap("bob", card, Action.APPROVE)
    await stage.card("runs this as")
    await sequence(stage.database)
    counters = Counters(statements={"select": 3, "ddl": 1}, masked={"pan": 12}, rows=40, bytes_out=9000, held=1)
    assert await sessions.end_session(stage.access, Ending(session.id, EndReason.CLOSED, "", counters, []))
    digest = await stage.card("sessions replay")
    request_card = await stage.card("Approved: @alice has payments-db")
    assert digest["thread_ts"] == request_card["ts"]
    assert not digest["is_broadcast"]
    for words in (
        "closed as usual",
        "3 select, 1 ddl (1 held, 0 denied)",
        "40 rows, 9.0 kB",
        "12 card numbers",
        "ddl: approved by bob",
        "DROP TABLE ?",
        f"gatepass sessions replay {session.id.hex[:8]}",
        "root ",
    ):
        assert words in digest["plain"]
    assert not await sessions.end_session(stage.access, Ending(session.id, EndReason.CLOSED, "", counters, []))


async def test_an_automatic_grant_has_a_card_for_its_digest(stage: Stage) -> None:
    await stage.slack.command("alice", "incidents", "/access web-1 deploy 15m")
    card = await stage.card("Granted automatically: @alice has web-1")
    assert "[Approve]" not in card["plain"]
    (grant,) = await stage.rows(Grant)
    session = await stage.session(grant)
    await sessions.end_session(stage.access, Ending(session.id, EndReason.REVOKED, "because", Counters(), []))
    digest = await stage.card("sessions replay")
    assert digest["thread_ts"] == card["ts"]
    assert "the policy, rule deploy-at-once" in digest["plain"]


async def test_a_digest_without_a_channel_goes_to_its_person(stage: Stage) -> None:
    path = stage.access.policies.path
    document = yaml.safe_load(path.read_text())
    del document["policy"][-1]["channel"]
    path.write_text(yaml.safe_dump(document))
    stage.access.policies.reload()
    await adopt(stage.access)
    await stage.slack.command("alice", "incidents", "/access web-1 deploy 15m")
    await stage.told("alice", "You have access", ephemeral=False)
    (grant,) = await stage.rows(Grant)
    session = await stage.session(grant)
    await sessions.end_session(stage.access, Ending(session.id, EndReason.CLOSED, "", Counters(), []))
    await stage.told("alice", "sessions replay", ephemeral=False)
