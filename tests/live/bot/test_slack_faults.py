"""What Slack does to an app once a month, done at will: after each the bot heals by itself, or says what is wrong."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from bot.app import Bot
from bot.blocks.action_ids import Action, Field
from storage.model import AccessRequest, Grant, Post, RequestState
from support.bot.stage import RunBot, Stage

ASK = "/access payments-db read 15m"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that the bot does now and then, it does often."""
    monkeypatch.setattr("bot.posts.notifier.FIRST_RETRY_S", 0.01)
    monkeypatch.setattr("bot.posts.notifier.LOOK_S", 0.05)
    monkeypatch.setattr("bot.slack.sockets.WATCH_S", 0.05)


async def cards(stage: Stage) -> list[dict[str, Any]]:
    seen = await stage.slack.messages(channel="incidents", user="bob")
    return [message for message in seen if not message["ephemeral"]]


async def asked_with_a_double(stage: Stage, line: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Ask; the card's first answer is lost. Gives the card that storage does not know, and the one that it does."""
    no_direct = await stage.slack.add_fault("api_refuses", method="conversations.open", error="internal_error")
    lost = await stage.slack.add_fault("api_answer_lost", method="chat.postMessage", times=1)
    await stage.slack.command("alice", "incidents", line)
    async with asyncio.timeout(20):
        while lost in {fault["id"] for fault in (await stage.slack.faults())["faults"]}:
            await asyncio.sleep(0.02)
    await stage.slack.remove_fault(no_direct)
    await settled(stage)
    double, known = await cards(stage)
    assert known["ts"] in {post.ts for post in await stage.rows(Post)}
    return double, known


async def settled(stage: Stage) -> None:
    """Until nothing is due any more."""
    async with asyncio.timeout(20):
        while any(post.shown_revision < post.wanted_revision for post in await stage.rows(Post)):
            await asyncio.sleep(0.02)


async def until_taken(stage: Stage, line: str) -> None:
    """As a person does it: again when Slack says that it failed, while connections are being opened."""
    async with asyncio.timeout(30):
        while not (await stage.slack.command("alice", "incidents", line))["ok"]:
            await stage.slack.wait_for_app(1)


async def seen(stage: Stage, kind: str, name: str) -> None:
    """Until the workspace's inspector has such an entry."""

    def is_it(entry: dict[str, Any]) -> bool:
        return entry["kind"] == kind and entry["name"] == name and entry["detail"].get("did") != "added"

    async with asyncio.timeout(20):
        while not any(is_it(entry) for entry in await stage.slack.inspector()):
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("api_ratelimited", {"retry_after_s": 1}),
        ("api_error", {"status": 503}),
        ("api_refuses", {"error": "internal_error"}),
        ("api_refuses", {"error": "fatal_error"}),
    ],
)
async def test_a_card_that_slack_did_not_take_comes_once_it_does(
    stage: Stage, kind: str, fields: dict[str, Any]
) -> None:
    await stage.slack.add_fault(kind, method="chat.postMessage", times=4, **fields)
    await stage.slack.command("alice", "incidents", ASK)
    card = await stage.card()
    await stage.told("alice", "You asked for payments-db", ephemeral=False)
    assert [one["ts"] for one in await cards(stage)] == [card["ts"]]


@pytest.mark.parametrize(
    ("kind", "fields"), [("api_ratelimited", {"retry_after_s": 1}), ("api_error", {"status": 500})]
)
async def test_a_form_is_opened_at_the_second_try(stage: Stage, kind: str, fields: dict[str, Any]) -> None:
    await stage.slack.add_fault(kind, method="views.open", times=1, **fields)
    await stage.slack.command("alice", "incidents", "/access")
    await stage.slack.wait_for_view("alice", "What do you need?")


@pytest.mark.parametrize("status", [500, 503])
async def test_a_form_that_slack_would_not_open_is_told(stage: Stage, status: int) -> None:
    await stage.slack.add_fault("api_error", method="views.open", status=status)
    await stage.slack.command("alice", "incidents", "/access")
    await stage.told("alice", "Slack did not answer as it should")


async def test_what_slack_refuses_of_ours_is_our_fault_and_logged_whole(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    await stage.slack.add_fault("api_refuses", method="views.open", error="invalid_arguments")
    await stage.slack.command("alice", "incidents", "/access")
    told = await stage.told("alice", "Gatepass failed to do that")
    reference = told["plain"].split("reference ")[1].rstrip(".")
    said = capsys.readouterr().out
    assert f"reference={reference}" in said
    assert "bot_listener_failed" in said
    assert "Traceback" in said


async def test_a_form_too_late_for_its_trigger_is_told(stage: Stage) -> None:
    await stage.slack.add_fault("api_latency", method="views.open", times=1, seconds=60)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(stage.slack.command("alice", "incidents", "/access"))
        await seen(stage, "fault", "api_latency")
        await stage.slack.advance(60)
    await stage.told("alice", "longer than Slack allows")


async def test_a_card_posted_twice_counts_once_and_the_double_goes(stage: Stage) -> None:
    double, known = await asked_with_a_double(stage, "/access payments-db write 15m")
    await stage.tap("bob", double, Action.APPROVE)
    await stage.card("1 of 2: @bob")
    await settled(stage)
    (left,) = await cards(stage)
    assert left["ts"] == known["ts"]
    await stage.tap("carol", left, Action.APPROVE)
    assert (await stage.card("Approved"))["ts"] == known["ts"]
    assert len(await stage.rows(Grant)) == 1


async def test_a_double_goes_at_a_denial_too(stage: Stage) -> None:
    double, known = await asked_with_a_double(stage, ASK)
    await stage.tap("bob", double, Action.DENY)
    await stage.slack.wait_for_view("bob", "Why?")
    await stage.slack.submit("bob", {"deny_reason": "use the replica"})
    assert (await stage.card("Denied"))["ts"] == known["ts"]
    await settled(stage)
    assert [one["ts"] for one in await cards(stage)] == [known["ts"]]


async def test_everything_delivered_twice_is_done_once(stage: Stage) -> None:
    await stage.slack.add_fault("duplicate")
    await stage.slack.command("alice", "incidents", ASK)
    card = await stage.card()
    await stage.tap("bob", card, Action.APPROVE)
    await stage.card("Approved")
    await settled(stage)
    assert len(await stage.rows(AccessRequest)) == 1
    assert len(await stage.rows(Grant)) == 1
    assert len(await cards(stage)) == 1


async def test_a_button_tapped_twice_at_once_counts_once(stage: Stage) -> None:
    await stage.slack.command("alice", "incidents", "/access payments-db write 15m")
    card = await stage.card()
    await stage.slack.add_fault("double_click")
    await stage.tap("bob", card, Action.APPROVE)
    await stage.card("1 of 2: @bob")
    (request,) = await stage.rows(AccessRequest)
    assert request.state is RequestState.PENDING, "two taps of one person are one approval"
    await stage.tap("carol", await stage.card("1 of 2: @bob"), Action.APPROVE)
    await stage.card("Approved")
    assert len(await stage.rows(Grant)) == 1


async def test_a_click_that_slack_lost_can_be_repeated(stage: Stage) -> None:
    await stage.slack.command("alice", "incidents", ASK)
    card = await stage.card()
    await stage.slack.add_fault("dropped", times=1)
    await stage.tap("bob", card, Action.APPROVE)
    (request,) = await stage.rows(AccessRequest)
    assert request.state is RequestState.PENDING
    await stage.tap("bob", card, Action.APPROVE)
    await stage.card("Approved")


async def test_connections_that_break_are_opened_again(stage: Stage) -> None:
    await stage.slack.sockets(cut="all")
    await until_taken(stage, "/access help")
    await stage.told("alice", "Durations read like")
    await stage.slack.wait_for_app(2)


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
async def test_connections_that_slack_renews_lose_nothing(stage: Stage, reason: str) -> None:
    await stage.slack.sockets(disconnect=reason, connection=1)
    assert (await stage.slack.command("alice", "incidents", ASK))["ok"]
    await stage.tap("bob", await stage.card(), Action.APPROVE)
    await stage.card("Approved")
    await stage.slack.wait_for_app(2)


async def test_an_app_that_was_switched_off_returns_by_itself(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    """An administrator disables Socket Mode and enables it again; meanwhile the log says why nothing arrives."""
    await stage.slack.sockets(disconnect="link_disabled")
    async with asyncio.timeout(30):
        while "slack_connection_not_renewed" not in (said := capsys.readouterr().out):
            await asyncio.sleep(0.05)
    assert "socket_mode_not_enabled" in said
    await stage.slack.sockets(enable=True)
    await until_taken(stage, ASK)
    await stage.card()
    await stage.slack.wait_for_app(2)


async def test_a_command_that_came_late_is_done_once_however_often_it_is_typed(stage: Stage) -> None:
    await stage.slack.add_fault("delivery_latency", envelope="slash_commands", seconds=5, times=1)
    async with asyncio.TaskGroup() as tasks:
        late = tasks.create_task(stage.slack.command("alice", "incidents", ASK))
        await seen(stage, "fault", "delivery_latency")
        await stage.slack.advance(5)
    assert late.result()["error"] == "operation_timeout"
    await stage.slack.command("alice", "incidents", ASK)
    await stage.card()
    await settled(stage)
    assert len(await stage.rows(AccessRequest)) == 1


async def test_a_ghost_is_replaced_before_long(
    idle_stage: Stage, run_bot: RunBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every second click vanishes while it lasts; nothing but time tells that a connection is one."""
    stage = idle_stage
    monkeypatch.setattr("bot.slack.sockets.RENEW_ONE_S", 0.2)
    async with run_bot(Bot(stage.access, stage.notices, stage.settings), stage.slack):
        await stage.slack.add_fault("ghost", connection=1)
        await seen(stage, "socket", "disconnected")
        monkeypatch.setattr("bot.slack.sockets.RENEW_ONE_S", 3600.0)
        await until_taken(stage, "/access help")
        await stage.slack.wait_for_app(2)
        for _ in range(4):
            assert (await stage.slack.command("alice", "incidents", "/access help"))["ok"]


async def test_an_hour_that_slack_jumped_changes_no_decision(stage: Stage) -> None:
    """Slack's clock is not ours: what expires with it are its own handles."""
    await stage.slack.command("alice", "incidents", ASK)
    card = await stage.card()
    await stage.slack.advance(3600)
    await stage.tap("bob", card, Action.APPROVE)
    assert (await stage.card("Approved"))["ts"] == card["ts"], "a response_url would be dead by now"
    await stage.told("alice", "You have access", ephemeral=False)


async def test_a_scope_that_is_missing_is_said_by_name(stage: Stage) -> None:
    await stage.slack.add_fault("api_refuses", method="chat.postMessage", error="missing_scope", times=1)
    await stage.slack.command("alice", "incidents", ASK)
    async with asyncio.timeout(20):
        while not any("missing_scope" in post.last_error for post in await stage.rows(Post)):
            await asyncio.sleep(0.02)


@asynccontextmanager
async def held_up(stage: Stage, dsn: str, by: str) -> AsyncIterator[None]:
    """Nobody's account can be looked up meanwhile: Slack does not answer, or storage does not."""
    if by == "slack":
        slow = await stage.slack.add_fault("api_latency", method="users.info", seconds=60)
        yield
        await stage.slack.remove_fault(slow)
        await stage.slack.advance(60)
        return
    connection = await asyncpg.connect(dsn, timeout=10)
    async with connection.transaction():
        await connection.execute("LOCK TABLE identity IN ACCESS EXCLUSIVE MODE")
        yield
    await connection.close()


@pytest.mark.parametrize("by", ["slack", "storage"])
async def test_a_command_is_acked_before_anything_is_looked_up(stage: Stage, dsn: str, by: str) -> None:
    async with held_up(stage, dsn, by):
        assert (await stage.slack.command("alice", "incidents", "/access list"))["ok"]
    await stage.told("alice", "You have no grant")


@pytest.mark.parametrize("by", ["slack", "storage"])
async def test_a_click_is_acked_before_anything_is_looked_up(stage: Stage, dsn: str, by: str) -> None:
    await stage.slack.command("alice", "incidents", ASK)
    card = await stage.card()
    async with held_up(stage, dsn, by):
        assert (await stage.tap("bob", card, Action.APPROVE))["ok"]
    await stage.card("Approved")


@pytest.mark.parametrize("by", ["slack", "storage"])
async def test_a_submission_that_takes_long_is_acked_with_a_modal_that_waits(
    stage: Stage, dsn: str, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.slack.listening.SUBMISSION_S", 0.05)
    await stage.slack.command("alice", "incidents", "/access")
    form = await stage.slack.wait_for_view("alice", "What do you need?")
    async with held_up(stage, dsn, by):
        done = await stage.slack.submit("alice", {"door": "payments-db/read", "duration": "15m"})
        assert (done["ok"], done["updated"], done["view"]["id"]) == (True, True, form["id"])
        assert "One moment" in done["view"]["plain"]
    await stage.slack.wait_for_view("alice", "Done. You can close this.")
    await stage.card()


MODALS: list[tuple[str, str, str]] = [
    ("form", "alice", "What do you need?"),
    ("denial", "bob", "Why?"),
    ("token", "alice", "Copy this token"),
    ("form again", "alice", "What do you need?"),
]


@pytest.mark.parametrize("by", ["slack", "storage"])
@pytest.mark.parametrize(("modal", "user", "words"), MODALS, ids=[modal for modal, *_ in MODALS])
async def test_a_modal_stands_before_anything_is_looked_up(
    stage: Stage, dsn: str, by: str, modal: str, user: str, words: str
) -> None:
    """A trigger lives for three seconds: the empty modal is opened with it, and filled in when the rest is known."""
    if modal == "form":
        asked_for = stage.slack.command(user, "incidents", "/access")
    else:
        await stage.slack.command("alice", "incidents", ASK)
        card = await stage.card()
        if modal == "denial":
            asked_for = stage.tap(user, card, Action.DENY)
        else:
            await stage.tap("bob", card, Action.APPROVE)
            reply = await stage.told("alice", "You have access", ephemeral=False)
            if modal == "form again":
                (grant,) = await stage.rows(Grant)
                await stage.age("access_grant", grant.id, 900)
                reply = await stage.told("alice", "Your access ended", ephemeral=False)
            asked_for = stage.tap(user, reply, Action.GET_TOKEN if modal == "token" else Action.ASK_AGAIN)
    before = len(await stage.slack.inspector())
    async with held_up(stage, dsn, by):
        assert (await asked_for)["ok"]
        empty = await stage.slack.wait_for_view(user, "One moment")
    filled_in = await stage.slack.wait_for_view(user, words)
    assert filled_in["id"] == empty["id"]
    called = [one["name"] for one in (await stage.slack.inspector())[before:] if one["kind"] == "api"]
    assert [name for name in called if name.startswith("views.")] == ["views.open", "views.update"]


async def test_help_that_got_lost_comes_when_it_is_asked_for_again(stage: Stage) -> None:
    await stage.slack.add_fault("ephemeral_lost", times=1)
    for _ in range(2):
        await stage.slack.command("alice", "incidents", "/access help")
    await stage.told("alice", "Durations read like")
    assert len([one for one in await stage.slack.messages(user="alice") if one["ephemeral"]]) == 1


async def test_options_are_acked_in_time_whatever_slack_takes(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Offering nothing once is better than a missed ack; the next letter asks again."""
    monkeypatch.setattr("bot.listeners.views.SUGGESTION_S", 0.05)
    await stage.slack.command("alice", "incidents", "/access")
    form = await stage.slack.wait_for_view("alice", "What do you need?")
    fault = await stage.slack.add_fault("api_latency", method="users.info", seconds=60)
    asked = await stage.slack.offer("alice", Field.DOOR, "pay", view_id=form["id"])
    assert (asked["ok"], asked["options"]) == (True, [])
    await stage.slack.remove_fault(fault)
    await stage.slack.advance(60)
    offered = await stage.slack.options("alice", Field.DOOR, "pay", view_id=form["id"])
    assert "payments-db/read" in {one["value"] for one in offered}
