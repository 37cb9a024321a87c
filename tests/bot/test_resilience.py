"""Restarts, lost messages, failing calls and strange clicks: what must heal heals, what fails is said."""

import asyncio
from typing import Any

import pytest

from access import sessions
from access.sessions import Ending, Tally
from bot.app import Bot
from bot.blocks.decision import APPROVE
from bot.slack import Slack
from simulator.sockets import Sockets
from simulator.webapi import chat
from simulator.webapi.call import Call
from simulator.webapi.dispatch import BOT_METHODS
from simulator.webapi.errors import SlackError
from storage.database import StorageUnavailable
from storage.model import AccessRequest, EndReason, Grant, Post

Stage = Any
ASK = "/access payments-db read 15m"


async def test_what_happened_while_the_bot_was_away_is_shown(idle_stage: Stage, run_bot: Any) -> None:
    stage = idle_stage
    async with run_bot(Bot(stage.access, stage.notices, stage.settings), stage.slack):
        await stage.slack.command("alice", "incidents", ASK)
        card = await stage.card()
    (request,) = await stage.rows(AccessRequest)
    await stage.age("access_request", request.id, 1800)
    assert "asks for" in (await stage.card())["plain"]
    async with run_bot(Bot(stage.access, stage.notices, stage.settings), stage.slack):
        lapsed = await stage.card("Lapsed")
    assert lapsed["ts"] == card["ts"]


async def test_a_card_that_slack_shows_wrongly_is_rendered_again_at_boot(idle_stage: Stage, run_bot: Any) -> None:
    stage = idle_stage
    async with run_bot(Bot(stage.access, stage.notices, stage.settings), stage.slack):
        await stage.slack.command("alice", "incidents", ASK)
        card = await stage.card()
    message = stage.simulator.workspace.messages.get(card["channel"], card["ts"])
    message.blocks = []
    stage.simulator.workspace.messages.touch(message)
    async with run_bot(Bot(stage.access, stage.notices, stage.settings), stage.slack):
        healed = await stage.slack.wait_for("[Approve]", channel="incidents", user="bob")
    assert healed["ts"] == card["ts"]


async def test_a_card_that_somebody_deleted_is_posted_anew(stage: Stage) -> None:
    await stage.slack.command("alice", "incidents", ASK)
    card = await stage.card()
    workspace = stage.simulator.workspace
    workspace.messages.delete(workspace.messages.get(card["channel"], card["ts"]))
    await stage.slack.command("alice", "incidents", "/access list")
    (request,) = await stage.rows(AccessRequest)
    await stage.age("access_request", request.id, 1800)
    lapsed = await stage.card("Lapsed")
    assert lapsed["ts"] != card["ts"]


async def test_two_bots_that_miss_a_card_post_it_anew_once(idle_stage: Stage, run_bot: Any) -> None:
    stage = idle_stage
    async with run_bot(Bot(stage.access, stage.notices, stage.settings), stage.slack):
        await stage.slack.command("alice", "incidents", ASK)
        card = await stage.card()
    workspace = stage.simulator.workspace
    workspace.messages.delete(workspace.messages.get(card["channel"], card["ts"]))
    first = Bot(stage.access, stage.notices, stage.settings)
    second = Bot(stage.access, stage.notices, stage.settings)
    async with run_bot(first, stage.slack), run_bot(second, stage.slack):
        await stage.slack.wait_for_app(4)
        await stage.tap("bob", await stage.card(), APPROVE)
        await stage.card("Approved")
        await _settled(stage)
    assert len(await _posted(stage)) == 1


async def test_two_bots_post_one_digest(idle_stage: Stage, run_bot: Any) -> None:
    """Whoever dies between the end of a session and its digest leaves the digest to others, who claim it."""
    stage = idle_stage
    async with run_bot(Bot(stage.access, stage.notices, stage.settings), stage.slack):
        await stage.slack.command("alice", "incidents", "/access web-1 deploy 15m")
        await stage.card("Granted automatically")
        await _settled(stage)
    (grant,) = await stage.rows(Grant)
    session = await stage.session(grant)
    ending = Ending(session.id, EndReason.INTERRUPTED, "", Tally(), [])
    assert await sessions.end_session(stage.access, ending)
    assert not await sessions.end_session(stage.access, ending), "another process ended it again"
    first = Bot(stage.access, stage.notices, stage.settings)
    second = Bot(stage.access, stage.notices, stage.settings)
    async with run_bot(first, stage.slack), run_bot(second, stage.slack):
        await stage.card("Session of @alice")
        await _settled(stage)
    assert len([one for one in await _posted(stage) if "Session of @alice" in one["plain"]]) == 1


async def _settled(stage: Stage) -> None:
    """Until nothing is due any more."""
    async with asyncio.timeout(20):
        while any(post.shown_revision < post.wanted_revision for post in await stage.rows(Post)):
            await asyncio.sleep(0.02)


async def _posted(stage: Stage) -> list[dict[str, Any]]:
    return [one for one in await stage.slack.messages(channel="incidents", user="carol") if not one["ephemeral"]]


async def test_a_post_that_fails_is_tried_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.notifier.FIRST_RETRY_S", 0.01)
    failures = iter(["internal_error", "ratelimited"])

    def fails_twice(call: Call) -> dict[str, Any]:
        failure = next(failures, None) if call.arguments.get("channel") == "C0INCIDENT" else None
        if failure is not None:
            raise SlackError(failure)
        return chat.post_message(call)

    monkeypatch.setitem(BOT_METHODS, "chat.postMessage", fails_twice)  # pyright: ignore[reportArgumentType]
    await stage.slack.command("alice", "incidents", ASK)
    await stage.card()
    assert next(failures, None) is None


async def test_an_unknown_button_is_answered(stage: Stage) -> None:
    await stage.slack.command("alice", "incidents", ASK)
    card = await stage.card()
    message = stage.simulator.workspace.messages.get(card["channel"], card["ts"])
    row = next(block for block in message.blocks if block["type"] == "actions")
    row["elements"][0]["action_id"] = "of_another_version"
    await stage.tap("bob", card, "of_another_version")
    await stage.told("bob", "does not know this any more")
    row["elements"][0] |= {"action_id": APPROVE, "value": "request:nonsense"}
    await stage.tap("bob", card, APPROVE)
    await stage.told("bob", "no longer there to be reviewed")


async def test_an_unknown_command_is_answered(stage: Stage) -> None:
    assert (await stage.slack.command("alice", "incidents", "/other thing"))["ok"]
    await stage.told("alice", "does not know this any more")


async def test_a_failure_is_told_with_a_reference(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fails(*_: object, **__: object) -> None:
        raise RuntimeError("the secret is hunter2")

    monkeypatch.setattr("bot.commands.grants.of", fails)
    await stage.slack.command("alice", "incidents", "/access list")
    told = await stage.told("alice", "Gatepass failed to do that")
    assert "hunter2" not in told["plain"]
    reference = told["plain"].split("reference ")[1].rstrip(".")
    assert reference in capsys.readouterr().out


async def test_storage_that_is_away_is_said(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(*_: object, **__: object) -> None:
        raise StorageUnavailable("gone")

    monkeypatch.setattr("bot.people.people.principal_of", fails)
    await stage.slack.command("alice", "incidents", "/access list")
    told = await stage.told("alice", "cannot reach its storage")
    assert "cannot say whether this was done" in told["plain"], "a commit whose answer was lost may have committed"
    await stage.slack.command("alice", "incidents", "/access")
    await stage.slack.wait_for_view("alice", "cannot reach its storage")


async def test_a_trigger_that_expired_is_said(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def expired(_call: Call) -> dict[str, Any]:
        raise SlackError("expired_trigger_id")

    monkeypatch.setitem(BOT_METHODS, "views.open", expired)  # pyright: ignore[reportArgumentType]
    await stage.slack.command("alice", "incidents", "/access")
    await stage.told("alice", "longer than Slack allows")


async def test_two_bots_post_one_card(idle_stage: Stage, run_bot: Any) -> None:
    stage = idle_stage
    first = Bot(stage.access, stage.notices, stage.settings)
    second = Bot(stage.access, stage.notices, stage.settings)
    async with run_bot(first, stage.slack), run_bot(second, stage.slack):
        await stage.slack.wait_for_app(4)
        await stage.slack.command("alice", "incidents", ASK)
        await stage.tap("bob", await stage.card(), APPROVE)
        await stage.card("Approved")
    cards = [one for one in await stage.slack.messages(channel="incidents", user="alice") if not one["ephemeral"]]
    assert len(cards) == 1
    assert len(await stage.rows(Grant)) == 1


async def test_a_stopped_bot_leaves_no_task_and_no_socket(idle_stage: Stage, run_bot: Any) -> None:
    before = asyncio.all_tasks()
    async with run_bot(Bot(idle_stage.access, idle_stage.notices, idle_stage.settings), idle_stage.slack):
        await idle_stage.slack.command("alice", "incidents", "/access help")
    ours = {task for task in asyncio.all_tasks() - before if "slack" in str(task.get_coro()).lower()}
    assert ours == set()
    assert (await idle_stage.slack.workspace())["connections"] == 0


@pytest.fixture
def sockets(monkeypatch: pytest.MonkeyPatch) -> list[Sockets]:
    """Slack's side of the sockets, of whatever workspace is served from now on."""
    made: list[Sockets] = []
    initialise = Sockets.__init__

    def remember(self: Sockets, *given: Any) -> None:
        initialise(self, *given)
        made.append(self)

    monkeypatch.setattr(Sockets, "__init__", remember)
    return made


async def test_sockets_that_slack_closes_are_opened_again(sockets: list[Sockets], stage: Stage) -> None:
    await sockets[0].close()
    async with asyncio.timeout(20):
        while not (await stage.slack.command("alice", "incidents", "/access help"))["ok"]:
            await stage.slack.wait_for_app(1)
    await stage.told("alice", "Durations read like")


async def test_the_home_shows_what_waits(stage: Stage) -> None:
    await stage.slack.command("alice", "incidents", ASK)
    await stage.card()
    await stage.slack.open_home("bob")
    home = await stage.slack.wait_for_home("bob", "@alice asks for payments-db")
    await stage.slack.action("bob", APPROVE, view_id=home["id"])
    await stage.card("Approved")
    await stage.slack.wait_for_home("bob", "Nothing waits for your review")
    await stage.slack.open_home("alice")
    await stage.slack.wait_for_home("alice", "psql")
    await stage.slack.open_home("nora")
    await stage.slack.wait_for_home("nora", "does not know you")


async def test_slack_is_never_logged_in_full(idle_stage: Stage) -> None:
    slack = Slack(idle_stage.settings)
    assert not slack.logger.isEnabledFor(10)
    await slack.close()
