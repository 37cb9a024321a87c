"""Rules of Slack that no other test of the simulator holds exactly: sizes at their edge, deadlines, scopes, people."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from slack_simulator.base.clock import Clock
from slack_simulator.client import ControlError, SimulatorClient
from slack_simulator.manifest.manifest import manifest_of
from slack_simulator.server import Channel, Person, Simulator, WorkspaceSpec, serve

DIVIDER = {"type": "divider"}
ALICE = Person("alice", "U0ALICE", "Alice Archer", "alice@example.com")


def plain(text: str) -> dict[str, Any]:
    """A plain text object."""
    return {"type": "plain_text", "text": text}


def section(**fields: Any) -> list[dict[str, Any]]:
    """One section."""
    return [{"type": "section", **fields}]


def buttons(count: int = 1, **fields: Any) -> list[dict[str, Any]]:
    """One row of buttons."""
    return [{"type": "actions", "elements": [{"type": "button", "text": plain("Go"), **fields} for _ in range(count)]}]


def asking(**fields: Any) -> list[dict[str, Any]]:
    """A button that asks before it does anything."""
    words = {"title": plain("Sure?"), "text": plain("Really"), "confirm": plain("Yes"), "deny": plain("No")}
    return buttons(confirm=words | fields)


def menu(count: int = 1, text: str = "One", value: str = "") -> list[dict[str, Any]]:
    """One menu."""
    options = [{"text": plain(text), "value": value or str(number)} for number in range(count)]
    return [{"type": "actions", "elements": [{"type": "static_select", "options": options}]}]


def modal(blocks: Any, **fields: Any) -> dict[str, Any]:
    """A modal."""
    return {"type": "modal", "title": plain("Title"), "blocks": blocks, **fields}


# --- sizes ------------------------------------------------------------------------------------------------------------

#: What is counted, what to send with so many of it (a message's blocks or a view), and how many Slack takes.
SIZES: list[tuple[str, Callable[[int], Any], int]] = [
    ("blocks of a message", lambda n: [DIVIDER] * n, 50),
    ("blocks of a modal", lambda n: modal([DIVIDER] * n), 100),
    ("blocks of a home", lambda n: {"type": "home", "blocks": [DIVIDER] * n}, 100),
    ("private_metadata", lambda n: modal([DIVIDER], private_metadata="x" * n), 3000),
    ("title", lambda n: modal([DIVIDER], title=plain("x" * n)), 24),
    ("section text", lambda n: section(text=plain("x" * n)), 3000),
    ("fields", lambda n: section(fields=[plain("x")] * n), 10),
    ("field text", lambda n: section(fields=[plain("x" * n)]), 2000),
    ("actions", buttons, 25),
    ("button text", lambda n: buttons(text=plain("x" * n)), 75),
    ("button value", lambda n: buttons(value="x" * n), 2000),
    ("action_id", lambda n: buttons(action_id="x" * n), 255),
    ("options", menu, 100),
    ("option text", lambda n: menu(text="x" * n), 75),
    ("option value", lambda n: menu(value="x" * n), 150),
    ("confirm title", lambda n: asking(title=plain("x" * n)), 100),
    ("confirm text", lambda n: asking(text=plain("x" * n)), 300),
    ("confirm button", lambda n: asking(confirm=plain("x" * n)), 30),
    ("deny button", lambda n: asking(deny=plain("x" * n)), 30),
    ("header", lambda n: [{"type": "header", "text": plain("x" * n)}], 150),
]


@pytest.mark.parametrize(("make", "limit"), [case[1:] for case in SIZES], ids=[case[0] for case in SIZES])
async def test_size(simulator: Simulator, slack: AsyncWebClient, make: Callable[[int], Any], limit: int) -> None:
    """Exactly so many are taken, and not one more."""

    async def send(content: Any) -> Any:
        if isinstance(content, list):
            return await slack.chat_postMessage(channel="C0GENERAL", text="x", blocks=content)
        if content["type"] == "home":
            return await slack.views_publish(user_id="U0ALICE", view=content)
        trigger = simulator.workspace.handles.new_trigger("U0ALICE")
        return await slack.views_open(trigger_id=trigger, view=content)

    assert (await send(make(limit)))["ok"]
    with pytest.raises(SlackApiError) as refused:
        await send(make(limit + 1))
    answer: Any = refused.value.response
    assert answer["error"] in {"invalid_blocks", "invalid_arguments"}
    assert "json-pointer:" in answer["response_metadata"]["messages"][0]


# --- deadlines --------------------------------------------------------------------------------------------------------

FORM = modal(
    [
        {
            "type": "input",
            "label": plain("Dish"),
            "block_id": "dish",
            "optional": True,
            "element": {"type": "external_select", "action_id": "dish", "min_query_length": 0},
        }
    ],
    submit=plain("Go"),
    notify_on_close=True,
)


@asynccontextmanager
async def deaf(simulator: Simulator, slack: AsyncWebClient) -> AsyncGenerator[aiohttp.ClientWebSocketResponse]:
    """A connection that acks nothing."""
    opened: Any = await slack.apps_connections_open(app_token=simulator.workspace.spec.app_token)
    async with aiohttp.ClientSession() as session, session.ws_connect(opened["url"]) as socket:
        await socket.receive(timeout=5)
        yield socket


@pytest.mark.parametrize(
    "deed", ["slash_commands", "block_actions", "block_suggestion", "view_submission", "view_closed"]
)
async def test_every_ack_is_due_in_three_seconds(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient, clock: Clock, deed: str
) -> None:
    """Commands, actions, options and submissions: the person learns of it, and none is sent a second time."""
    trigger = simulator.workspace.handles.new_trigger("U0ALICE")
    await slack.views_open(trigger_id=trigger, view=FORM)
    posted: Any = await slack.chat_postMessage(channel="C0GENERAL", text="x", blocks=buttons(action_id="go"))
    deeds: dict[str, Callable[[], Any]] = {
        "slash_commands": lambda: people.command("alice", "general", "/slow"),
        "block_actions": lambda: people.action("alice", "go", channel="general", ts=posted["ts"]),
        "block_suggestion": lambda: people.options("alice", "dish", "x"),
        "view_submission": lambda: people.submit("alice"),
        "view_closed": lambda: people.close_view("alice"),
    }
    async with deaf(simulator, slack) as socket:
        waiting = asyncio.create_task(deeds[deed]())
        envelope: Any = await socket.receive_json(timeout=5)
        assert envelope["payload"].get("type", envelope["type"]) == deed
        clock.advance(2.9)
        await people.workspace()
        assert not waiting.done()
        clock.advance(0.2)
        async with asyncio.timeout(5):
            answer = await waiting
        assert deed == "block_suggestion" or answer["error"] == "operation_timeout"
        assert deed != "block_suggestion" or answer == []
        clock.advance(3600)
        sent = [one for one in await people.inspector() if one["kind"] == "envelope"]
    assert len(sent) == 1


async def test_a_message_is_updated_long_after_its_response_url_died(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient, clock: Clock
) -> None:
    """chat.update by channel and ts knows no age."""
    posted: Any = await slack.chat_postMessage(channel="C0GENERAL", text="granted")
    clock.advance(30 * 24 * 3600)
    await slack.chat_update(channel=posted["channel"], ts=posted["ts"], text="ended")
    assert (await people.messages("general"))[-1]["text"] == "ended"


# --- the manifest -----------------------------------------------------------------------------------------------------

SMALLEST: dict[str, Any] = {
    "display_information": {"name": "Small"},
    "features": {
        "app_home": {"home_tab_enabled": True},
        "slash_commands": [{"command": "/hello", "description": "x", "should_escape": True}],
    },
    "oauth_config": {"scopes": {"bot": ["commands", "chat:write", "users:read", "users:read.email"]}},
    "settings": {
        "event_subscriptions": {"bot_events": ["app_home_opened", "user_change"]},
        "interactivity": {"is_enabled": True},
        "socket_mode_enabled": True,
    },
}


@asynccontextmanager
async def installed(document: dict[str, Any]) -> AsyncGenerator[tuple[Simulator, AsyncWebClient, SimulatorClient]]:
    """A workspace with an app of this manifest."""
    general = Channel("general", "C0GENERAL", ("U0ALICE",))
    secrets = Channel("secrets", "C0SECRETS", ("U0ALICE",), is_private=True)
    spec = WorkspaceSpec(people=(ALICE,), channels=(general, secrets), manifest=manifest_of(document))
    async with serve(spec) as simulator, SimulatorClient(simulator.url) as people:
        yield simulator, AsyncWebClient(token=spec.bot_token, base_url=simulator.api_url, proxy=""), people


async def test_the_smallest_set_of_scopes_is_enough() -> None:
    """Messages, modals, Home, people and their e-mail need no more; channels do."""
    async with installed(SMALLEST) as (simulator, slack, people):
        posted: Any = await slack.chat_postMessage(channel="C0GENERAL", text="x", blocks=buttons(action_id="go"))
        await slack.chat_update(channel="C0GENERAL", ts=posted["ts"], text="y")
        await slack.chat_postEphemeral(channel="C0GENERAL", user="U0ALICE", text="x")
        await slack.views_open(trigger_id=simulator.workspace.handles.new_trigger("U0ALICE"), view=FORM)
        await slack.views_publish(user_id="U0ALICE", view={"type": "home", "blocks": [DIVIDER]})
        user: Any = (await slack.users_info(user="U0ALICE"))["user"]
        assert user["profile"]["email"] == "alice@example.com"
        with pytest.raises(SlackApiError) as refused:
            await slack.conversations_info(channel="C0GENERAL")
        answer: Any = refused.value.response
        assert answer["error"] == "missing_scope"
        assert "channels:read" in answer["needed"]
        async with deaf(simulator, slack) as socket:
            await people.open_home("alice")
            await people.change_person("alice", real_name="Alice Albright")
            heard: list[Any] = [await socket.receive_json(timeout=5) for _ in range(2)]
            assert [one["payload"]["event"]["type"] for one in heard] == ["app_home_opened", "user_change"]


OPTIONAL: dict[str, Callable[[AsyncWebClient], Any]] = {
    "channels:read": lambda slack: slack.conversations_info(channel="C0GENERAL"),
    "groups:read": lambda slack: slack.conversations_info(channel="C0SECRETS"),
    "usergroups:read": lambda slack: slack.usergroups_list(),
    "files:write": lambda slack: slack.files_upload_v2(channel="C0GENERAL", content="x", filename="x.txt"),
    "im:write": lambda slack: slack.conversations_open(users="U0ALICE"),
}


@pytest.mark.parametrize("scope", OPTIONAL)
async def test_an_optional_scope_opens_one_thing_more(scope: str) -> None:
    """It is refused without the scope, and taken with it."""
    call = OPTIONAL[scope]
    async with installed(SMALLEST) as (_, slack, _):
        with pytest.raises(SlackApiError) as refused:
            await call(slack)
        answer: Any = refused.value.response
        assert (answer["error"], scope in answer["needed"].split(",")) == ("missing_scope", True)
    more = {"bot": [*SMALLEST["oauth_config"]["scopes"]["bot"], scope]}
    async with installed(SMALLEST | {"oauth_config": {"scopes": more}}) as (_, slack, _):
        assert (await call(slack))["ok"]


async def test_without_a_history_scope_no_message_is_heard() -> None:
    """Subscribing alone does not do; what people say stays theirs."""
    heard = {"bot_events": ["app_home_opened", "message.channels", "message.im"]}
    document = SMALLEST | {"settings": SMALLEST["settings"] | {"event_subscriptions": heard}}
    async with installed(document) as (simulator, slack, people), deaf(simulator, slack) as socket:
        for channel in ("general", "dm"):
            assert (await people.say("alice", channel, "between us"))["ok"]
        await people.open_home("alice")
        envelope: Any = await socket.receive_json(timeout=5)
        assert envelope["payload"]["event"]["type"] == "app_home_opened"


async def test_interactivity_must_be_on_even_with_socket_mode() -> None:
    """Without it the app hears of no tap."""
    document = SMALLEST | {"settings": SMALLEST["settings"] | {"interactivity": {"is_enabled": False}}}
    async with installed(document) as (simulator, slack, people), deaf(simulator, slack):
        posted: Any = await slack.chat_postMessage(channel="C0GENERAL", text="x", blocks=buttons(action_id="go"))
        answer = await people.action("alice", "go", channel="general", ts=posted["ts"])
        assert answer == {"ok": False, "error": "app_missing_action_url"}
        assert not [one for one in await people.inspector() if one["kind"] == "envelope" and one["ok"]]


# --- who acts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("gina", {}),
        ("dora", {}),
        ("sam", {}),
        ("bob", {"is_bot": True}),
        ("bob", {"is_ultra_restricted": True}),
        ("bob", {"is_email_confirmed": False}),
    ],
    ids=["guest", "deactivated", "stranger", "bot", "single-channel guest", "unconfirmed e-mail"],
)
async def test_anybody_s_tap_reaches_the_app(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient, name: str, changes: dict[str, Any]
) -> None:
    """Slack leaves it to the app whom to obey: the payload tells only who it was, and of which team."""
    if changes:
        await people.change_person(name, **changes)
    posted: Any = await slack.chat_postMessage(channel="C0GENERAL", text="x", blocks=buttons(action_id="go"))
    async with deaf(simulator, slack) as socket:
        tap = asyncio.create_task(people.action(name, "go", channel="general", ts=posted["ts"]))
        envelope: Any = {}
        while envelope.get("type") != "interactive":
            envelope = await socket.receive_json(timeout=5)
            await socket.send_json({"envelope_id": envelope["envelope_id"]})
        async with asyncio.timeout(5):
            assert (await tap)["ok"]
    person = simulator.workspace.person_called(name)
    assert person is not None
    assert envelope["payload"]["user"]["id"] == person.slack_id
    assert envelope["payload"]["user"]["team_id"] == (person.team_id or "T0SIMULATE")


# --- text -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "does"),
    [
        ("<!channel>", "@channel"),
        ("<@U0BOB>", "@bob"),
        ("<https://evil.example|your bank>", "your bank"),
    ],
    ids=["mentions everybody", "fakes a mention", "disguises a link"],
)
async def test_text_that_is_not_escaped_is_markup(
    slack: AsyncWebClient, people: SimulatorClient, typed: str, does: str
) -> None:
    """What somebody typed does what it says, unless the three characters are entities; what people say arrives so."""
    escaped = typed.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for text in (typed, escaped):
        await slack.chat_postMessage(channel="C0GENERAL", text=text)
    await people.say("alice", "general", typed)
    posted, safe, said = await people.messages("general")
    assert (posted["plain"], safe["plain"], said["plain"]) == (does, typed, typed)
    assert said["text"] == escaped


@pytest.mark.parametrize(
    ("block", "is_whole"),
    [
        (lambda typed: section(text={"type": "mrkdwn", "text": f"```{typed}```"}), False),
        (lambda typed: section(text=plain(typed)), True),
        (lambda typed: [{"type": "rich_text", "elements": [preformatted(typed)]}], True),
    ],
    ids=["mrkdwn", "plain_text", "rich_text"],
)
async def test_backticks_break_a_fence(
    slack: AsyncWebClient, people: SimulatorClient, block: Callable[[str], Any], is_whole: bool
) -> None:
    """Out of mrkdwn's they let markup out; plain_text and rich_text have no fence to break."""
    typed = "DROP ``` *approved* ``` TABLE"
    await slack.chat_postMessage(channel="C0GENERAL", text="x", blocks=block(typed))
    (posted,) = await people.messages("general")
    assert (posted["plain"] == typed) is is_whole
    assert ("*approved*" in posted["plain"]) is is_whole


def preformatted(text: str) -> dict[str, Any]:
    """Code in rich text."""
    return {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text}]}


async def test_a_notification_is_the_top_level_text(slack: AsyncWebClient, people: SimulatorClient) -> None:
    """And what a screen reader says: never the blocks, however many words are in them."""
    blocks = section(text=plain("Bob asks for access"))
    posted: Any = await slack.chat_postMessage(channel="C0GENERAL", text="A request", blocks=blocks)
    assert posted["message"]["text"] == "A request"
    with pytest.warns(UserWarning, match="text"):
        silent: Any = await slack.chat_postMessage(channel="C0GENERAL", blocks=blocks)
    assert silent["message"]["text"] == "This content can't be displayed."
    assert [one["text"] for one in await people.messages("general")] == ["A request", ""]


# --- ephemeral messages -----------------------------------------------------------------------------------------------


async def test_an_ephemeral_message_may_be_lost(slack: AsyncWebClient, people: SimulatorClient) -> None:
    """The app is told that all is well, and nobody ever sees it."""
    await people.add_fault("ephemeral_lost", times=1)
    for text in ("first", "second"):
        posted: Any = await slack.chat_postEphemeral(channel="C0GENERAL", user="U0ALICE", text=text)
        assert posted["ok"]
    assert [one["text"] for one in await people.messages("general", "alice")] == ["second"]


async def test_an_ephemeral_message_vanishes_at_a_reload(slack: AsyncWebClient, people: SimulatorClient) -> None:
    """Of the person who reloads; its button with it. Other people's stay, and so do messages."""
    for user in ("U0ALICE", "U0BOB"):
        await slack.chat_postEphemeral(channel="C0GENERAL", user=user, text="psst", blocks=buttons(action_id="go"))
    await slack.chat_postMessage(channel="C0GENERAL", text="for all")
    (seen, _) = await people.messages("general", "alice")
    assert await people.reload("alice") == 1
    assert [one["text"] for one in await people.messages("general", "alice")] == ["for all"]
    assert [one["text"] for one in await people.messages("general", "bob")] == ["psst", "for all"]
    with pytest.raises(ControlError):
        await people.action("alice", "go", channel="general", ts=seen["ts"])
