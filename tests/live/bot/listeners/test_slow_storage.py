"""A storage that is slow: what was typed is acknowledged at once, and its window opens while Slack still opens one."""

import contextlib
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from bot.blocks.action_ids import Action
from bot.slack import listening
from storage.model import AccessRequest
from support.bot.stage import Stage

ASK = "/access payments-db read 15m INC-42 fix stuck migration"
MISSPELT = "/access paymnts-db read 15m INC-42 fix stuck migration"


@contextlib.asynccontextmanager
async def nobody_is_looked_up(stage: Stage) -> AsyncIterator[None]:
    """Whoever reads who somebody is waits, as behind a long transaction, until the block ends."""
    async with stage.database.transaction() as transaction:
        await transaction.execute(text("LOCK TABLE identity IN ACCESS EXCLUSIVE MODE"))
        yield


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "PATIENCE_S", 0.05)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits for storage longer than a trigger lives, as a bot does whose loop is held up."""
    monkeypatch.setattr(listening, "PATIENCE_S", 60.0)


@pytest.mark.usefixtures("impatient")
async def test_a_form_is_waited_for_in_a_window_that_opens_in_time(stage: Stage) -> None:
    async with nobody_is_looked_up(stage):
        assert (await stage.slack.command("alice", "incidents", MISSPELT))["ok"], "acknowledged at once"
        waiting = await stage.slack.wait_for_view("alice", "One moment")
        await stage.slack.advance(60)
    form = await stage.slack.wait_for_view("alice", "Did you mean payments-db?")
    assert form["id"] == waiting["id"]
    assert form["state"]["values"]["reason"]["reason"]["value"] == "fix stuck migration"
    assert (await stage.slack.submit("alice", {}, view=form["id"]))["view_closed"]
    await stage.card("asks for payments-db · read for 15m")


@pytest.mark.usefixtures("impatient")
async def test_what_was_asked_for_meanwhile_is_said_in_the_window(stage: Stage) -> None:
    async with nobody_is_looked_up(stage):
        await stage.slack.command("alice", "incidents", ASK)
        await stage.slack.wait_for_view("alice", "One moment")
    await stage.slack.wait_for_view("alice", "Asked for payments-db · read for 15m")
    await stage.card("asks for payments-db · read for 15m")


@pytest.mark.usefixtures("impatient")
async def test_a_window_that_was_closed_is_answered_beside(stage: Stage) -> None:
    async with nobody_is_looked_up(stage):
        await stage.slack.command("alice", "incidents", ASK)
        await stage.slack.wait_for_view("alice", "One moment")
        await stage.slack.close_view("alice")
    await stage.told("alice", "Asked for payments-db · read for 15m")


@pytest.mark.usefixtures("impatient")
async def test_a_refusal_is_said_in_the_window_too(stage: Stage) -> None:
    async with nobody_is_looked_up(stage):
        await stage.slack.command("nora", "incidents", ASK)
        await stage.slack.wait_for_view("nora", "One moment")
    await stage.slack.wait_for_view("nora", "does not know you")


@pytest.mark.usefixtures("patient")
async def test_a_window_that_is_too_late_is_replaced_by_a_sentence_and_a_button(stage: Stage) -> None:
    async with nobody_is_looked_up(stage):
        await stage.slack.command("alice", "incidents", f"{MISSPELT} of 4111111111111111 & <b>")
        await stage.slack.advance(60)
    told = await stage.told("alice", "Nothing was asked for")
    assert "three seconds" in told["plain"]
    assert "/access paymnts-db read 15m INC-42 fix stuck migration of [card] & <b>" in told["plain"]
    assert await stage.rows(AccessRequest) == []
    await stage.tap("alice", told, Action.OPEN_FORM)
    await stage.slack.wait_for_view("alice", "What do you need?")


@pytest.mark.usefixtures("patient")
async def test_what_was_asked_for_late_is_told_all_the_same(stage: Stage) -> None:
    async with nobody_is_looked_up(stage):
        await stage.slack.command("alice", "incidents", ASK)
        await stage.slack.advance(60)
    await stage.told("alice", "Asked for payments-db · read for 15m")
    assert await stage.slack.views("alice") == []


async def test_a_quick_storage_opens_no_window_to_wait_in(stage: Stage) -> None:
    await stage.slack.command("alice", "incidents", ASK)
    await stage.told("alice", "Asked for payments-db · read for 15m")
    assert await stage.slack.views("alice") == []
