"""What waits for a review is reached from the Home, page by page, and by a command; one's own is withdrawn at once."""

import pytest

from access.decisions import holds
from access.decisions.requests import Ask
from bot.blocks.action_ids import Action
from storage.model import AccessRequest, Grant, HoldState, RequestState, Statement
from support.access import ask_anyway
from support.bot.stage import Stage


async def ask(stage: Stage, count: int) -> None:
    alice = await stage.principal("alice")
    for number in range(count):
        ask = Ask("payments-db", "read", 900, f"reason {number:02}", f"INC-{number}")
        await ask_anyway(stage.access, alice, ask)
    await stage.card(f"reason {count - 1:02}")


async def held(stage: Stage) -> Statement:
    await stage.slack.command("alice", "incidents", "/access payments-db read 15m INC-7 refund")
    await stage.tap("bob", await stage.card(), Action.APPROVE)
    await stage.card("Approved")
    (grant,) = await stage.rows(Grant)
    session = await stage.session(grant)
    (rule,) = stage.access.policies.current.resources["payments-db"].roles["read"].statements
    return await holds.hold(stage.access, session, grant, "DROP TABLE t", "ddl", rule)


@pytest.mark.finding("use-6")
async def test_a_held_statement_is_decided_in_the_home(stage: Stage) -> None:
    statement = await held(stage)
    card = await stage.card("waits to run this")
    assert "INC-7" in card["plain"]
    await stage.slack.open_home("bob")
    home = await stage.slack.wait_for_home("bob", "waits to run this as read on payments-db")
    assert "DROP TABLE t" in home["plain"]
    await stage.slack.action("bob", Action.APPROVE, view_id=home["id"])
    await stage.slack.wait_for_home("bob", "Nothing waits for your review")
    await stage.card("runs this as")
    async with stage.database.transaction() as transaction:
        assert (await holds.state(transaction, statement.id)).state is HoldState.APPROVED


@pytest.mark.finding("use-23")
async def test_more_than_a_page_is_turned_listed_and_cancelled(stage: Stage) -> None:
    await ask(stage, 12)
    assert len(await stage.rows(AccessRequest)) == 12
    await stage.slack.open_home("bob")
    home = await stage.slack.wait_for_home("bob", "1 to 10 of 12")
    await stage.slack.action("bob", Action.NEXT_PAGE, view_id=home["id"])
    home = await stage.slack.wait_for_home("bob", "11 to 12 of 12")
    assert "reason 11" in home["plain"]
    await stage.slack.action("bob", Action.APPROVE, view_id=home["id"])
    home = await stage.slack.wait_for_home("bob", "11 to 11 of 11")
    await stage.slack.action("bob", Action.PREVIOUS_PAGE, view_id=home["id"])
    await stage.slack.wait_for_home("bob", "1 to 10 of 11")
    await stage.slack.command("bob", "incidents", "/access waiting")
    waiting = await stage.told("bob", "11 wait for your review")
    assert "1 more stand in the Home tab" in waiting["plain"]
    await stage.slack.command("alice", "incidents", "/access cancel all not today")
    await stage.told("alice", "Cancelled 11 pending requests of yours")
    states = [request.state for request in await stage.rows(AccessRequest)]
    assert sorted(states) == [RequestState.APPROVED] + [RequestState.CANCELLED] * 11
    await stage.slack.command("bob", "incidents", "/access waiting")
    await stage.told("bob", "Nothing waits for your review")
