"""Whoever leaves the workspace loses what they have, also when nobody heard Slack tell of it."""

import asyncio
from typing import Any

import pytest

from bot.app import Bot
from bot.blocks.action_ids import Action
from slack_simulator.interactions.interactions import Interactions
from slack_simulator.webapi.call import Call
from slack_simulator.webapi.dispatch import BOT_METHODS
from slack_simulator.webapi.errors import SlackError
from slack_simulator.webapi.methods import users
from slack_simulator.workspace.spec import Person
from storage.model import AccessRequest, Grant, RequestState
from support.bot.stage import RunBot, Stage

ASK = "/access payments-db read 15m"


async def has_a_grant_and_a_request(stage: Stage) -> None:
    await stage.slack.command("alice", "incidents", ASK)
    await stage.tap("bob", await stage.card(), Action.APPROVE)
    await stage.card("Approved")
    await stage.slack.command("alice", "incidents", "/access payments-db write 15m")
    await stage.card("@alice asks for payments-db · write")


async def has_lost_everything(stage: Stage) -> None:
    revoked = await stage.card("Access revoked")
    assert "Slack account was deactivated" in revoked["plain"]
    cancelled = await stage.card("Cancelled")
    assert "Slack account was deactivated" in cancelled["plain"]
    (grant,) = await stage.rows(Grant)
    assert grant.revoked_at is not None
    assert {one.state for one in await stage.rows(AccessRequest)} == {RequestState.APPROVED, RequestState.CANCELLED}
    actions = [(one["actor"], one["action"]) for one in await stage.audit()]
    assert actions.count(("gatepass", "slack:grant:revoke")) == 1
    assert actions.count(("gatepass", "slack:request:cancel")) == 1


async def test_a_deactivated_account_loses_its_grants_and_its_requests(stage: Stage) -> None:
    await has_a_grant_and_a_request(stage)
    await stage.slack.change_person("alice", deleted=True)
    await has_lost_everything(stage)


async def test_who_left_while_the_bot_was_away_loses_it_at_start(idle_stage: Stage, run_bot: RunBot) -> None:
    stage = idle_stage
    async with run_bot(Bot(stage.access, stage.notices, stage.settings), stage.slack):
        await has_a_grant_and_a_request(stage)
    await stage.slack.change_person("alice", deleted=True)
    async with run_bot(Bot(stage.access, stage.notices, stage.settings), stage.slack):
        await has_lost_everything(stage)


async def test_an_event_whose_retry_is_its_only_delivery(stage: Stage) -> None:
    """Slack sends it again at once; the sweep that would find it too is a minute away."""
    await has_a_grant_and_a_request(stage)
    await stage.slack.add_fault("dropped", envelope="events_api", times=1)
    await stage.slack.change_person("alice", deleted=True)
    async with asyncio.timeout(20):
        while (await stage.slack.faults())["faults"]:
            await asyncio.sleep(0.02)
    await stage.slack.advance(3.1)
    await has_lost_everything(stage)
    sent = [one for one in await stage.slack.inspector() if (one["kind"], one["name"]) == ("envelope", "events_api")]
    assert len(sent) == 1


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sweeps that follow each other at once."""
    for name in ("SWEEP_S", "PACE_S", "BACK_OFF_S"):
        monkeypatch.setattr(f"bot.people.offboarding.{name}", 0.02)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("error", ["ratelimited", "internal_error"])
async def test_an_event_whose_look_up_failed_is_made_good(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, error: str
) -> None:
    await has_a_grant_and_a_request(stage)
    refusals = iter([error] * 3)

    def fails_at_first(call: Call) -> dict[str, Any]:
        if refusal := next(refusals, None):
            raise SlackError(refusal)
        return users.info(call)

    monkeypatch.setitem(BOT_METHODS, "users.info", fails_at_first)  # pyright: ignore[reportArgumentType]
    await stage.slack.change_person("alice", deleted=True)
    await has_lost_everything(stage)
    assert next(refusals, None) is None


@pytest.mark.usefixtures("impatient")
async def test_an_event_that_never_came_is_made_good(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    await has_a_grant_and_a_request(stage)
    workspace = stage.simulator.workspace

    def change_in_silence(_: Interactions, person: Person) -> None:
        workspace.change_person(person)

    monkeypatch.setattr(Interactions, "change_person", change_in_silence)
    await stage.slack.change_person("alice", deleted=True)
    await has_lost_everything(stage)


@pytest.mark.usefixtures("impatient")
async def test_whoever_is_only_restricted_keeps_what_they_have(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    await has_a_grant_and_a_request(stage)
    looked_up = asyncio.Semaphore(0)

    def info(call: Call) -> dict[str, Any]:
        if call.arguments.get("user") == "U0ALICE":
            looked_up.release()
        return users.info(call)

    await stage.slack.change_person("alice", is_restricted=True)
    monkeypatch.setitem(BOT_METHODS, "users.info", info)  # pyright: ignore[reportArgumentType]
    async with asyncio.timeout(20):
        for _ in range(3):
            await looked_up.acquire()
    (grant,) = await stage.rows(Grant)
    assert grant.revoked_at is None
