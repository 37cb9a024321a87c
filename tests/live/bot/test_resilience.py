"""Restarts, lost messages, failing calls and strange clicks: what must heal heals, what fails is said."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import update

from access.grants import sessions
from access.grants.sessions import Counters, Ending
from bot.app import Bot
from bot.blocks.action_ids import Action, Field
from bot.posts import notifier
from bot.slack.client import Slack
from slack_simulator.delivery.sockets import Sockets
from slack_simulator.webapi.call import Call
from slack_simulator.webapi.dispatch import BOT_METHODS
from slack_simulator.webapi.errors import SlackError
from slack_simulator.webapi.methods import chat
from storage.database import StorageUnavailable
from storage.model import AccessRequest, EndReason, Grant, Post
from support.bot.stage import RunBot, Stage

ASK = "/access payments-db read 15m"


async def test_what_happened_while_the_bot_was_away_is_shown(idle_stage: Stage, run_bot: RunBot) -> None:
    stage = idle_stage
    async with run_bot(Bot(stage.access, stage.notices, stage.settings), stage.slack):
        await stage.slack.command("alice", "incidents", ASK)
        card = await stage.card()
    (request,) = await stage.rows(AccessRequest)
    await stage.age("access_request", request.id, 1800)
    assert "asks for" in (await stage.card())["plain"]
    async with run_bot(Bot(stage.access, stage.notices, stage.settings), stage.slack):
        expired = await stage.card("Expired")
    assert expired["ts"] == card["ts"]


async def test_a_card_that_slack_shows_wrongly_is_rendered_again_at_boot(idle_stage: Stage, run_bot: RunBot) -> None:
    stage = idle_stage
    async with run_bot(Bot(stage.access, stage.notices, stage.settings), stage.slack):
        await stage.slack.command("alice", "incidents", ASK)
        card = await stage.card()
    message = stage.in_slack(card)
    message.blocks = []
    stage.simulator.workspace.messages.touch(message)
    async with run_bot(Bot(stage.access, stage.notices, stage.settings), stage.slack):
        healed = await stage.slack.wait_for("[Approve]", channel="incidents", user="bob")
    assert healed["ts"] == card["ts"]


async def test_a_card_that_somebody_deleted_is_posted_anew(stage: Stage) -> None:
    await stage.slack.command("alice", "incidents", ASK)
    card = await stage.card()
    workspace = stage.simulator.workspace
    workspace.messages.delete(stage.in_slack(card))
    await stage.slack.command("alice", "incidents", "/access list")
    (request,) = await stage.rows(AccessRequest)
    await stage.age("access_request", request.id, 1800)
    expired = await stage.card("Expired")
    assert expired["ts"] != card["ts"]


async def test_two_bots_that_miss_a_card_post_it_anew_once(idle_stage: Stage, run_bot: RunBot) -> None:
    stage = idle_stage
    async with run_bot(Bot(stage.access, stage.notices, stage.settings), stage.slack):
        await stage.slack.command("alice", "incidents", ASK)
        card = await stage.card()
    workspace = stage.simulator.workspace
    workspace.messages.delete(stage.in_slack(card))
    first = Bot(stage.access, stage.notices, stage.settings)
    second = Bot(stage.access, stage.notices, stage.settings)
    async with run_bot(first, stage.slack), run_bot(second, stage.slack):
        await stage.slack.wait_for_app(4)
        await stage.tap("bob", await stage.card(), Action.APPROVE)
        await stage.card("Approved")
        await _settled(stage)
    assert len(await _posted(stage)) == 1


async def test_two_bots_post_one_digest(idle_stage: Stage, run_bot: RunBot) -> None:
    """Whoever dies between the end of a session and its digest leaves the digest to others, who claim it."""
    stage = idle_stage
    async with run_bot(Bot(stage.access, stage.notices, stage.settings), stage.slack):
        await stage.slack.command("alice", "incidents", "/access web-1 deploy 15m")
        await stage.card("Granted automatically")
        await _settled(stage)
    (grant,) = await stage.rows(Grant)
    session = await stage.session(grant)
    ending = Ending(session.id, EndReason.INTERRUPTED, "", Counters(), [])
    assert await sessions.end_session(stage.access, ending)
    assert not await sessions.end_session(stage.access, ending), "another process ended it again"
    first = Bot(stage.access, stage.notices, stage.settings)
    second = Bot(stage.access, stage.notices, stage.settings)
    async with run_bot(first, stage.slack), run_bot(second, stage.slack):
        await stage.card("sessions replay")
        await _settled(stage)
    assert len([one for one in await _posted(stage) if "sessions replay" in one["plain"]]) == 1


async def _settled(stage: Stage) -> None:
    """Until nothing is due any more."""
    async with asyncio.timeout(20):
        while any(post.shown_revision < post.wanted_revision for post in await stage.rows(Post)):
            await asyncio.sleep(0.02)


async def _posted(stage: Stage) -> list[dict[str, Any]]:
    return [one for one in await stage.slack.messages(channel="incidents", user="carol") if not one["ephemeral"]]


async def test_a_post_that_fails_is_tried_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.posts.notifier.FIRST_RETRY_S", 0.01)
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
    message = stage.in_slack(card)
    row = next(block for block in message.blocks if block["type"] == "actions")
    row["elements"][0]["action_id"] = "of_another_version"
    await stage.tap("bob", card, "of_another_version")
    await stage.told("bob", "does not know this any more")
    row["elements"][0] |= {"action_id": Action.APPROVE, "value": "request:nonsense"}
    await stage.tap("bob", card, Action.APPROVE)
    await stage.told("bob", "no longer there to be reviewed")


async def test_an_unknown_command_is_answered(stage: Stage) -> None:
    assert (await stage.slack.command("alice", "incidents", "/other thing"))["ok"]
    await stage.told("alice", "does not know this any more")


#: A modal of another version, which tells when it is closed and has a menu of its own.
OLD_MODAL: dict[str, Any] = {
    "type": "modal",
    "callback_id": "of_another_version",
    "notify_on_close": True,
    "title": {"type": "plain_text", "text": "Old"},
    "submit": {"type": "plain_text", "text": "Go"},
    "blocks": [
        {
            "type": "input",
            "block_id": "old",
            "optional": True,
            "label": {"type": "plain_text", "text": "Old"},
            "element": {"type": "external_select", "action_id": "of_another_version", "min_query_length": 0},
        }
    ],
}


@pytest.mark.parametrize("deed", ["submission", "shortcut", "closed modal", "options request"])
async def test_whatever_nobody_knows_is_acked(stage: Stage, deed: str) -> None:
    """And told, where the person wanted something of it."""
    if deed != "shortcut":
        stage.simulator.workspace.views.push("U0ALICE", OLD_MODAL)
    before = len(await stage.slack.inspector())
    match deed:
        case "submission":
            assert (await stage.slack.submit("alice"))["view_closed"]
        case "shortcut":
            assert (await stage.slack.shortcut("alice", "of_another_version"))["ok"]
        case "closed modal":
            assert (await stage.slack.close_view("alice"))["ok"]
        case _:
            assert await stage.slack.options("alice", "of_another_version", "x") == []
    if deed in ("submission", "shortcut"):
        await stage.told("alice", "does not know this any more", ephemeral=False)
    passed = (await stage.slack.inspector())[before:]
    assert [one["ok"] for one in passed if one["kind"] in ("envelope", "ack")] == [True, True]


async def test_a_failure_before_the_ack_is_acked(stage: Stage) -> None:
    """A typeahead acks with what it found, so whoever it does not serve is refused first; then it offers nothing."""
    (block,) = OLD_MODAL["blocks"]
    door = block | {"element": block["element"] | {"action_id": Field.DOOR}}
    stage.simulator.workspace.views.push("U0NORA", OLD_MODAL | {"blocks": [door]})
    assert await stage.slack.options("nora", Field.DOOR, "") == []
    await stage.told("nora", "Gatepass does not know you", ephemeral=False)
    acks = [one for one in await stage.slack.inspector() if (one["kind"], one["name"]) == ("ack", "interactive")]
    assert [one["ok"] for one in acks] == [True]


async def test_a_failure_is_told_with_a_reference(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fails(*_: object, **__: object) -> None:
        raise RuntimeError("the secret is hunter2")

    monkeypatch.setattr("bot.listeners.commands.grants.of", fails)
    await stage.slack.command("alice", "incidents", "/access list")
    told = await stage.told("alice", "Gatepass failed to do that")
    assert "hunter2" not in told["plain"]
    reference = told["plain"].split("reference ")[1].rstrip(".")
    assert reference in capsys.readouterr().out


async def test_storage_that_is_away_is_said(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(*_: object, **__: object) -> None:
        raise StorageUnavailable("gone")

    monkeypatch.setattr("bot.people.authenticator.people.principal_of", fails)
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


async def test_two_bots_post_one_card(idle_stage: Stage, run_bot: RunBot) -> None:
    stage = idle_stage
    first = Bot(stage.access, stage.notices, stage.settings)
    second = Bot(stage.access, stage.notices, stage.settings)
    async with run_bot(first, stage.slack), run_bot(second, stage.slack):
        await stage.slack.wait_for_app(4)
        await stage.slack.command("alice", "incidents", ASK)
        await stage.tap("bob", await stage.card(), Action.APPROVE)
        await stage.card("Approved")
    cards = [one for one in await stage.slack.messages(channel="incidents", user="alice") if not one["ephemeral"]]
    assert len(cards) == 1
    assert len(await stage.rows(Grant)) == 1


async def test_a_stopped_bot_leaves_no_task_and_no_socket(idle_stage: Stage, run_bot: RunBot) -> None:
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
    await stage.slack.action("bob", Action.APPROVE, view_id=home["id"])
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


async def test_connections_that_slack_lost_are_renewed(
    sockets: list[Sockets],
    idle_stage: Stage,
    run_bot: RunBot,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """They look healthy here and deliver nothing; Slack's next hello counts one fewer than there should be."""
    stage = idle_stage
    monkeypatch.setattr("bot.slack.sockets.WATCH_S", 0.05)
    monkeypatch.setattr("bot.slack.sockets.RENEW_ALL_S", 0.0)

    async def until_said(words: str) -> None:
        said = ""
        async with asyncio.timeout(20):
            while words not in said:
                await asyncio.sleep(0.02)
                said += capsys.readouterr().out

    async with run_bot(Bot(stage.access, stage.notices, stage.settings), stage.slack):
        await until_said("connections=2 ours=2")
        lost, other = sockets[0].open_connections()
        # Without its transport the connection is forgotten by Slack and stays open here.
        lost.transport = None
        await stage.slack.sockets(cut=lost.number)
        await stage.slack.sockets(disconnect="refresh_requested", connection=other.number)
        await until_said("slack_counts_fewer_connections counted=1 ours=2")
        async with asyncio.timeout(20):
            while len(now := sockets[0].open_connections()) < 2 or {lost, other} & set(now):
                await asyncio.sleep(0.02)


async def test_open_cards_are_rendered_again_every_minute(
    idle_stage: Stage, run_bot: RunBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From storage, so that they become true again although nobody told that anything changed."""
    assert notifier.HEAL_S <= 60
    monkeypatch.setattr("bot.posts.notifier.HEAL_S", 0.05)
    stage = idle_stage
    async with run_bot(Bot(stage.access, stage.notices, stage.settings), stage.slack):
        cards: dict[str, str] = {}
        for role in ("read", "write"):
            await stage.slack.command("alice", "incidents", f"/access payments-db {role} 15m INC-1 as it was")
            cards[role] = (await stage.card(f"asks for payments-db · {role}"))["ts"]
        await _settled(stage)
        async with stage.database.transaction() as transaction:
            await transaction.execute(update(AccessRequest).values(reason="as it is"))
        for role, ts in cards.items():

            def is_true(message: dict[str, Any], role: str = role) -> bool:
                return f"asks for payments-db · {role}" in message["plain"] and "as it is" in message["plain"]

            assert (await stage.slack.wait_for(is_true, channel="incidents", user="bob"))["ts"] == ts
