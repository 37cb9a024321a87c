"""An approval counts while Slack, too, would let its giver review: asked again before the last one counts."""

import asyncio
from typing import Any

import pytest

from bot.blocks.action_ids import Action
from slack_simulator.interactions.interactions import Interactions
from slack_simulator.webapi.call import Call
from slack_simulator.webapi.dispatch import BOT_METHODS
from slack_simulator.webapi.errors import SlackError
from slack_simulator.webapi.methods import users
from slack_simulator.workspace.spec import Person
from storage.model import AccessRequest, Grant, RequestState
from support.bot.stage import Stage

ASK = "/access payments-db write 15m"


async def approved_by_bob(stage: Stage) -> dict[str, Any]:
    """A request for which two must vote, and carol's view of its card after bob did."""
    await stage.slack.command("alice", "incidents", ASK)
    await stage.tap("bob", await stage.card(), Action.APPROVE)
    return await stage.card("1 of 2: @bob")


@pytest.fixture
def in_silence(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Slack tells of no change, as if its event were lost."""
    workspace = stage.simulator.workspace

    def change(_: Interactions, person: Person) -> None:
        workspace.change_person(person)

    monkeypatch.setattr(Interactions, "change_person", change)


@pytest.mark.finding("M6")
@pytest.mark.usefixtures("in_silence")
@pytest.mark.parametrize("change", [{"deleted": True}, {"is_restricted": True}, {"is_ultra_restricted": True}])
async def test_who_may_review_no_more_in_slack_has_no_vote_left(stage: Stage, change: dict[str, bool]) -> None:
    card = await approved_by_bob(stage)
    await stage.slack.change_person("bob", **change)
    await stage.tap("carol", card, Action.APPROVE)
    await stage.card("1 of 2: @carol (approval no longer counts: bob)")
    (request,) = await stage.rows(AccessRequest)
    assert request.state is RequestState.PENDING
    assert await stage.rows(Grant) == []
    assert [(one["action"], one["resource"]) for one in await stage.audit() if "identity" in one["action"]] == [
        ("slack:identity:suspend", "bob")
    ]


@pytest.mark.finding("M6")
async def test_an_event_of_slack_takes_the_vote_at_once(stage: Stage) -> None:
    card = await approved_by_bob(stage)
    await stage.slack.change_person("bob", is_restricted=True)
    await stage.tap("carol", card, Action.APPROVE)
    await stage.card("1 of 2: @carol (approval no longer counts: bob)")
    assert await stage.rows(Grant) == []


@pytest.mark.finding("M6")
async def test_nobody_is_counted_while_slack_does_not_say(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    card = await approved_by_bob(stage)

    def fails_for_bob(call: Call) -> dict[str, Any]:
        if call.arguments.get("user") == "U0BOB":
            raise SlackError("internal_error")
        return users.info(call)

    monkeypatch.setitem(BOT_METHODS, "users.info", fails_for_bob)  # pyright: ignore[reportArgumentType]
    await stage.tap("carol", card, Action.APPROVE)
    await stage.told("carol", "could not ask Slack whether those who approved this before")
    monkeypatch.setitem(BOT_METHODS, "users.info", users.info)  # pyright: ignore[reportArgumentType]
    await stage.tap("carol", card, Action.APPROVE)
    await stage.card("Approved")


@pytest.mark.finding("M6")
async def test_an_account_that_is_whole_again_reviews_again(stage: Stage) -> None:
    card = await approved_by_bob(stage)
    await stage.slack.change_person("carol", is_restricted=True)
    await stage.tap("carol", card, Action.APPROVE)
    await stage.told("carol", "Guests of the workspace cannot review")
    await stage.slack.change_person("carol", is_restricted=False)
    await stage.tap("carol", card, Action.APPROVE)
    await stage.card("Approved")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sweeps that follow each other at once."""
    for name in ("SWEEP_S", "PACE_S", "BACK_OFF_S"):
        monkeypatch.setattr(f"bot.people.offboarding.{name}", 0.02)


@pytest.mark.finding("M6")
@pytest.mark.usefixtures("impatient")
async def test_who_voted_is_swept_too(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bob asked for nothing and has nothing, and no event comes: his vote alone has him looked up."""
    await approved_by_bob(stage)
    workspace = stage.simulator.workspace
    monkeypatch.setattr(Interactions, "change_person", lambda _, person: workspace.change_person(person))  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    await stage.slack.change_person("bob", deleted=True)
    async with asyncio.timeout(20):
        while not any(one["action"] == "slack:identity:suspend" for one in await stage.audit()):
            await asyncio.sleep(0.02)
