"""The pytest plugin: people in a test's own words, what they fail with, and the example of the documentation."""

import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.adapter.socket_mode.builtin import SocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk import WebClient
from slack_sdk.web.async_client import AsyncWebClient

from slack_simulator.base.clock import Clock
from slack_simulator.testing import Message, NotThere, Refused, View, Workspace, blocking

pytest_plugins = ["slack_simulator.testing"]


MODAL = {
    "type": "modal",
    "callback_id": "order",
    "title": {"type": "plain_text", "text": "Order lunch"},
    "submit": {"type": "plain_text", "text": "Order"},
    "close": {"type": "plain_text", "text": "Never mind"},
    "blocks": [
        {
            "type": "input",
            "block_id": "dish",
            "label": {"type": "plain_text", "text": "Dish"},
            "element": {"type": "plain_text_input", "action_id": "name"},
        },
        {
            "type": "input",
            "block_id": "side",
            "optional": True,
            "label": {"type": "plain_text", "text": "Side"},
            "element": {"type": "external_select", "action_id": "sides", "min_query_length": 0},
        },
    ],
}


def button(label: str, action_id: str, value: str) -> dict[str, Any]:
    """A button."""
    return {"type": "button", "action_id": action_id, "value": value, "text": {"type": "plain_text", "text": label}}


def card(dish: str) -> list[dict[str, Any]]:
    """An order with its buttons and a menu."""
    sizes = [{"text": {"type": "plain_text", "text": size}, "value": size[0].lower()} for size in ("Small", "Large")]
    placeholder = {"type": "plain_text", "text": "Size"}
    menu = {"type": "static_select", "action_id": "size", "placeholder": placeholder, "options": sizes}
    return [
        {"type": "section", "text": {"type": "mrkdwn", "text": f"*{dish}*"}},
        {"type": "actions", "elements": [button("Cook", "cook", dish), button("Bin", "bin", dish), menu]},
    ]


@pytest.fixture
async def app(slack_workspace: Workspace) -> AsyncIterator[AsyncApp]:
    """A small app that is connected."""
    spec = slack_workspace.spec
    client = AsyncWebClient(token=spec.bot_token, base_url=slack_workspace.api_url, proxy="")
    app = AsyncApp(client=client, signing_secret=spec.signing_secret)

    @app.command("/lunch")
    async def open_modal(ack: Any, body: Any, client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    @app.command("/menu")
    async def post_menu(ack: Any, body: Any, client: Any) -> None:
        await ack()
        for dish in body["text"].split():
            await client.chat_postMessage(channel=body["channel_id"], text=dish, blocks=card(dish))

    @app.options("sides")
    async def offer(ack: Any, body: Any) -> None:
        if body["value"] == "?":
            await ack(options=[{"text": "no text object", "value": "x"}])
            return
        sides = [side for side in ("Bread", "Butter", "Salad") if side.startswith(body["value"])]
        await ack(options=[{"text": {"type": "plain_text", "text": side}, "value": side.lower()} for side in sides])

    @app.view("order")
    async def order(ack: Any, body: Any, view: Any, client: Any) -> None:
        values = view["state"]["values"]
        dish = values["dish"]["name"]["value"]
        if dish == "soup":
            await ack(response_action="errors", errors={"dish": "No soup for you"})
            return
        await ack()
        side = (values["side"]["sides"]["selected_option"] or {"value": "nothing"})["value"]
        text = f"{dish} with {side} for <@{body['user']['id']}>"
        await client.chat_postMessage(channel="C0GENERAL", text=text, blocks=card(text))

    @app.action(re.compile("^(cook|bin|size)$"))
    async def decide(ack: Any, action: Any, say: Any) -> None:
        await ack()
        chosen = action.get("value") or action["selected_option"]["value"]
        await say(f"{action['action_id']}: {chosen}")

    @app.event("app_home_opened")
    async def publish(event: Any, client: Any) -> None:
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": card("Your usual")})

    handler = AsyncSocketModeHandler(app, spec.app_token, proxy="")
    await handler.connect_async()
    await slack_workspace.waits_for_app()
    yield app
    await handler.close_async()


@pytest.mark.usefixtures("app")
async def test_types_fills_taps_and_sees(slack_workspace: Workspace) -> None:
    """The whole round, by what people read."""
    alice, bob = slack_workspace.user("alice"), slack_workspace.user("@bob")
    await alice.types("/lunch")
    assert await alice.is_offered("Side", "B") == ["Bread", "Butter"]
    with pytest.raises(Refused, match="invalid_arguments"):
        await alice.is_offered("Side", "?")
    await alice.fills("Order lunch", {"Dish": "stew", "Side": "Bread"})
    order = await bob.sees("stew with bread for @alice")
    assert isinstance(order, Message)
    assert order.buttons == ("Cook", "Bin")
    await bob.taps("Cook")
    await alice.sees("cook: stew with bread for <@U0ALICE>".replace("<@U0ALICE>", "@alice"))
    await bob.picks("Size", "Large", near="stew")
    await slack_workspace.channel("#general").shows("size: l")
    assert [one.by for one in slack_workspace.channel("general").messages] == ["app", "app", "app"]


@pytest.mark.usefixtures("app")
async def test_newest_button_wins_and_message_narrows(slack_workspace: Workspace) -> None:
    """Of two cards the newest is meant, unless the test names another."""
    alice, general = slack_workspace.user("alice"), slack_workspace.channel("general")
    await alice.types("/menu first second")
    first = await general.shows("first")
    await alice.taps("Cook")
    await general.shows("cook: second")
    await alice.taps("Bin", message=first)
    await general.shows("bin: first")


@pytest.mark.usefixtures("app")
async def test_home_is_tapped_when_it_is_open(slack_workspace: Workspace) -> None:
    """A person who opened the App Home taps there; the app that says nothing there answers in the direct message."""
    alice = slack_workspace.user("alice")
    home = await alice.opens_home()
    assert home.title == "Home"
    assert home.buttons == ("Cook", "Bin")
    assert isinstance(await alice.sees("Your usual"), View)


@pytest.mark.usefixtures("app")
async def test_app_refuses_an_input(slack_workspace: Workspace) -> None:
    """The words under the input fail the test, unless it expects them; the modal stays open."""
    alice = slack_workspace.user("alice")
    await alice.types("/lunch")
    with pytest.raises(Refused, match="Dish: No soup for you") as refused:
        await alice.fills("Order lunch", {"dish": "soup"})
    assert refused.value.errors == {"dish": "No soup for you"}
    assert "modal Order lunch" in str(refused.value)
    await alice.taps("Never mind")
    await alice.does_not_see("Order lunch")


@pytest.mark.usefixtures("app")
async def test_only_the_modal_can_be_tapped_while_it_is_open(slack_workspace: Workspace) -> None:
    """As on a real screen, what lies behind a modal is out of reach."""
    alice = slack_workspace.user("alice")
    await alice.types("/menu pie")
    await alice.sees("pie")
    await alice.types("/lunch")
    await alice.sees("Order lunch")
    with pytest.raises(NotThere, match="alice has no button 'Cook' to tap"):
        await alice.taps("Cook", timeout_s=0)


@pytest.mark.usefixtures("app")
async def test_failures_show_the_screen(slack_workspace: Workspace) -> None:
    """Every failure says what the person has in front of them."""
    alice = slack_workspace.user("alice")
    await alice.types("/menu pie")
    await alice.sees("pie")
    with pytest.raises(
        NotThere, match=re.escape("alice does not see 'cake' (waited 0 s)\n\nalice sees:\n  #general app")
    ):
        await alice.sees("cake", timeout_s=0)
    with pytest.raises(NotThere, match="has no modal 'Order lunch' open"):
        await alice.fills("Order lunch", {}, timeout_s=0)
    with pytest.raises(AssertionError, match="alice sees 'pie', and should not"):
        await alice.does_not_see("pie")
    with pytest.raises(LookupError, match="nobody is called 'zoe'; there are alice, bob, carol"):
        slack_workspace.user("zoe")
    await alice.types("/lunch")
    await alice.sees("Order lunch")
    with pytest.raises(NotThere, match=re.escape("finds no input for 'Drink'; there are ['Dish', 'Side']")):
        await alice.fills("Order lunch", {"Drink": "tea"}, timeout_s=0)


async def test_a_command_nobody_acks_is_refused_in_slacks_words(slack_workspace: Workspace) -> None:
    """With no app there is nobody to ack."""
    with pytest.raises(Refused, match="/lunch failed with the error") as refused:
        await slack_workspace.user("alice").types("/lunch")
    assert refused.value.error == "dispatch_failed"


class TestWithAClockThatStands:
    """Time passes only by `advance`."""

    @pytest.fixture
    def slack_clock(self) -> Clock:
        """Stands still."""
        return Clock(lambda: 1.8e9)

    @pytest.mark.usefixtures("app")
    async def test_it_moves_by_advance_alone(self, slack_workspace: Workspace) -> None:
        """Two messages, a minute apart by the clock."""
        general = slack_workspace.channel("general")
        await slack_workspace.user("alice").types("one")
        await slack_workspace.advance(60)
        await slack_workspace.user("alice").types("two")
        times = [float(message.ts) for message in general.messages]
        assert times == pytest.approx([1.8e9, 1.8e9 + 60])


async def test_waiting_for_an_app_that_never_comes(slack_workspace: Workspace) -> None:
    """The failure says how many were wanted."""
    with pytest.raises(NotThere, match="the app has not 2 of its sockets open"):
        await slack_workspace.waits_for_app(2, timeout_s=0)


@pytest.fixture
def sync_app(slack_workspace_sync: blocking.Workspace) -> Iterator[App]:
    """A blocking app on threads of its own."""
    spec = slack_workspace_sync.spec
    app = App(client=WebClient(token=spec.bot_token, base_url=slack_workspace_sync.api_url))

    @app.command("/lunch")
    def post(ack: Any, say: Any, body: Any) -> None:
        ack()
        say(text=body["text"], blocks=card(body["text"]))

    @app.action("cook")
    def cook(ack: Any, respond: Any) -> None:
        ack()
        respond(text="Cooked", replace_original=True)

    handler = SocketModeHandler(app, spec.app_token)
    handler.connect()
    slack_workspace_sync.waits_for_app()
    yield app
    handler.close()


@pytest.mark.usefixtures("sync_app")
def test_blocking_people(slack_workspace_sync: blocking.Workspace) -> None:
    """The same words without a loop."""
    alice = slack_workspace_sync.user("alice")
    alice.types("/lunch stew", channel="general")
    assert alice.sees("stew")
    alice.taps("Cook")
    cooked = slack_workspace_sync.channel("general").shows("Cooked")
    assert cooked.is_edited
    alice.does_not_see("stew")
    assert "app: Cooked" in str(alice.screen())
