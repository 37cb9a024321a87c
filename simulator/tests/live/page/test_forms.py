"""Forms on the page: modals, menus, shortcuts and the App Home, by mouse and keyboard."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from slack_simulator.base.clock import Clock
from slack_simulator.manifest.manifest import manifest_of
from slack_simulator.server import Channel, Person, Simulator, WorkspaceSpec, serve

MANIFEST = manifest_of(
    {
        "display_information": {"name": "Lunch"},
        "features": {
            "app_home": {"home_tab_enabled": True},
            "slash_commands": [
                {"command": "/lunch", "description": "Order lunch", "usage_hint": "[dish]"},
                {"command": "/leave", "description": "Go home"},
            ],
            "shortcuts": [
                {"name": "New order", "type": "global", "callback_id": "new_order", "description": "From anywhere"},
                {"name": "Order this", "type": "message", "callback_id": "order_this", "description": "What it says"},
            ],
        },
        "oauth_config": {"scopes": {"bot": ["commands", "chat:write", "files:write", "files:read", "im:write"]}},
        "settings": {
            "interactivity": {"is_enabled": True},
            "event_subscriptions": {"bot_events": ["app_home_opened"]},
            "socket_mode_enabled": True,
        },
    }
)


def text(words: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": words}


def button(action_id: str, words: str, **more: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": action_id, "text": text(words), **more}


def asked(label: str, element: dict[str, Any], **more: Any) -> dict[str, Any]:
    named = {"action_id": "it", **element}
    return {"type": "input", "block_id": label.lower(), "label": text(label), "element": named, **more}


def modal(title: str, *blocks: dict[str, Any], callback_id: str = "sent") -> dict[str, Any]:
    described = {"type": "modal", "title": text(title), "blocks": list(blocks), "callback_id": callback_id}
    return described | {"submit": text("Send"), "close": text("Cancel")}


CARD = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "*Stew* for <@U0ALICE>"}},
    {"type": "actions", "elements": [button("cook", "Cook"), button("refuse", "Refuse", style="danger")]},
]


@pytest.fixture
async def simulator(clock: Clock) -> AsyncIterator[Simulator]:
    """A workspace whose app has a manifest with shortcuts."""
    people = (
        Person("alice", "U0ALICE", "Alice Archer", "alice@example.com"),
        Person("bob", "U0BOB", "Bob Baker", "bob@example.com", is_admin=True),
        Person("dora", "U0DORA", "Dora Departed", "dora@example.com", deleted=True),
    )
    everyone = tuple(person.slack_id for person in people)
    channels = (Channel("general", "C0GENERAL", everyone), Channel("kitchen", "C0KITCHEN", everyone))
    async with serve(WorkspaceSpec(people=people, channels=channels, manifest=MANIFEST), clock=clock) as served:
        yield served


async def test_refusing_with_a_reason(
    simulator: Simulator, bolt: AsyncApp, slack: AsyncWebClient, connect: Any, browser_page: Page
) -> None:
    """A button opens a modal; a blank reason is refused by the client; focus starts inside and comes back."""
    page = browser_page

    @bolt.action("refuse")
    async def ask_why(ack: Any, body: Any, client: Any) -> None:
        await ack()
        form = modal(
            "Why not?", asked("Reason", {"type": "plain_text_input", "multiline": True, "focus_on_load": True})
        )
        form["private_metadata"] = body["message"]["ts"]
        await client.views_open(trigger_id=body["trigger_id"], view=form)

    @bolt.view("sent")
    async def refuse(ack: Any, body: Any, view: Any, client: Any) -> None:
        await ack()
        reason = view["state"]["values"]["reason"]["it"]["value"]
        words = f"Refused by <@{body['user']['id']}>: {reason}"
        await client.chat_update(channel="C0GENERAL", ts=view["private_metadata"], text=words, blocks=[])

    async with connect(bolt, simulator):
        await slack.chat_postMessage(channel="C0GENERAL", text="An order", blocks=CARD)
        await page.goto("/?as=bob&channel=general")
        await page.get_by_role("button", name="Refuse").focus()
        await page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog", name="Why not?")
        await expect(dialog.get_by_label("Reason")).to_be_focused()
        await dialog.get_by_role("button", name="Send").click()
        await expect(dialog.get_by_text("Please complete this required field.")).to_be_visible()
        await expect(dialog.get_by_label("Reason")).to_have_attribute("aria-invalid", "true")
        for _ in range(8):
            await page.keyboard.press("Tab")
            assert await page.evaluate("document.activeElement.closest('dialog') !== null || !document.hasFocus()")
        await dialog.get_by_label("Reason").press_sequentially("W")
        await expect(dialog.get_by_text("Please complete this required field.")).to_be_hidden()
        await expect(dialog.get_by_label("Reason")).not_to_have_attribute("aria-invalid", "true")
        await page.keyboard.press("Escape")
        await expect(dialog).to_be_hidden()
        await expect(page.get_by_role("button", name="Refuse")).to_be_focused()
        await page.get_by_role("button", name="Refuse").click()
        await dialog.get_by_label("Reason").fill("We are out of stew")
        await dialog.get_by_role("button", name="Send").click()
        await expect(page.get_by_text("Refused by @bob: We are out of stew")).to_be_visible()


async def test_shortcuts_by_keyboard(simulator: Simulator, bolt: AsyncApp, connect: Any, browser_page: Page) -> None:
    """On a message from its menu, from anywhere by the lightning; commands are completed."""
    page = browser_page

    @bolt.message_shortcut("order_this")
    async def order_this(ack: Any, body: Any, client: Any) -> None:
        await ack()
        said = {"type": "section", "text": {"type": "mrkdwn", "text": f"You said {body['message']['text']}"}}
        await client.views_open(trigger_id=body["trigger_id"], view=modal("Order this", said))

    @bolt.global_shortcut("new_order")
    async def new_order(ack: Any, body: Any, client: Any) -> None:
        await ack()
        form = modal("New order", asked("Dish", {"type": "plain_text_input"}))
        await client.views_open(trigger_id=body["trigger_id"], view=form)

    async with connect(bolt, simulator):
        await page.goto("/?as=alice&channel=general")
        composer = page.get_by_role("textbox", name="Message", exact=True)
        await composer.fill("/l")
        await expect(page.get_by_role("option", name="/lunch")).to_contain_text("Order lunch")
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Tab")
        await expect(composer).to_have_value("/leave ")
        await composer.fill("stew please")
        await page.keyboard.press("Enter")
        article = page.get_by_role("article").filter(has_text="stew please")
        more = article.get_by_role("button", name="More actions")
        await more.focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("menuitem", name="Reply in thread")).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(more).to_be_focused()
        await page.keyboard.press("Enter")
        await page.keyboard.press("End")
        await expect(page.get_by_role("menuitem", name="Order this")).to_be_focused()
        await page.keyboard.press("Enter")
        shown = page.get_by_role("dialog", name="Order this")
        await expect(shown.get_by_text("You said stew please")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(shown).to_be_hidden()
        await expect(more).to_be_focused()
        await page.get_by_role("button", name="Shortcuts").press("Enter")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("dialog", name="New order").get_by_label("Dish")).to_be_focused()


async def test_every_input_and_a_reload_in_the_middle(
    simulator: Simulator, bolt: AsyncApp, connect: Any, browser_page: Page, tmp_path: Path
) -> None:
    """What was filled in is still there after a reload, and the app gets it in Slack's shapes."""
    page = browser_page
    sizes = [{"text": text(word), "value": word.lower()} for word in ("Small", "Large", "Huge")]
    form = modal(
        "Everything",
        asked("Note", {"type": "rich_text_input"}),
        asked("Cooks", {"type": "multi_external_select", "min_query_length": 1}),
        asked("Guests", {"type": "multi_users_select", "max_selected_items": 1}),
        asked("Sizes", {"type": "multi_static_select", "options": sizes}),
        asked("Room", {"type": "conversations_select", "filter": {"include": ["public"]}}),
        asked("Count", {"type": "number_input", "is_decimal_allowed": False}),
        asked("Mail", {"type": "email_text_input"}),
        asked("Link", {"type": "url_text_input"}),
        asked("When", {"type": "datetimepicker"}),
        asked("Extras", {"type": "checkboxes", "options": sizes}),
        asked("Menu", {"type": "file_input", "filetypes": ["txt"], "max_files": 1}),
    )
    heard: asyncio.Queue[Any] = asyncio.Queue()

    @bolt.command("/lunch")
    async def open_form(ack: Any, body: Any, client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=form)

    @bolt.options("it")
    async def cooks(ack: Any, payload: Any) -> None:
        names = [name for name in ("Marie", "Mario") if name.startswith(payload["value"])]
        await ack(options=[{"text": text(name), "value": name} for name in names])

    @bolt.view("sent")
    async def sent(ack: Any, view: Any) -> None:
        await ack()
        heard.put_nowait({name: next(iter(given.values())) for name, given in view["state"]["values"].items()})

    menu = tmp_path / "menu.txt"
    menu.write_text("stew")
    async with connect(bolt, simulator):
        await page.goto("/?as=alice&channel=general")
        await page.get_by_role("textbox", name="Message", exact=True).fill("/lunch")
        await page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog", name="Everything")
        note = dialog.get_by_role("textbox", name="Note")
        await note.click()
        await dialog.get_by_role("button", name="Bold").click()
        await page.keyboard.type("hot")
        for letters, name in (("Mari", "Marie"), ("Mari", "Mario")):
            await dialog.get_by_label("Cooks").press_sequentially(letters)
            await page.keyboard.press("Enter")
            await expect(dialog.get_by_role("button", name=f"Remove {name}")).to_be_visible()
        await dialog.get_by_label("Guests").fill("bob")
        await page.keyboard.press("Enter")
        await expect(dialog.get_by_label("Guests")).to_be_disabled()
        await dialog.get_by_label("Sizes").focus()
        await dialog.get_by_role("option", name="Large").click()
        await dialog.get_by_label("Room").select_option("#kitchen")
        await dialog.get_by_label("Count").fill("3")
        await dialog.get_by_label("Mail").fill("a@example.com")
        await dialog.get_by_label("Link").fill("https://example.com/menu")
        await dialog.get_by_label("When").fill("2030-01-02T03:04")
        await dialog.get_by_label("Extras").get_by_text("Huge").click()
        await dialog.get_by_label("Menu").set_input_files(menu)
        await expect(dialog.get_by_text("menu.txt (4 bytes)")).to_be_visible()
        await page.reload()
        await expect(note).to_have_text("hot")
        await expect(dialog.get_by_role("button", name="Remove Marie")).to_be_visible()
        await dialog.get_by_role("button", name="Remove Mario").click()
        await expect(dialog.get_by_label("Count")).to_have_value("3")
        await expect(dialog.get_by_text("menu.txt (4 bytes)")).to_be_visible()
        moment = await page.evaluate("new Date('2030-01-02T03:04').getTime() / 1000")
        await dialog.get_by_role("button", name="Send").click()
        await expect(dialog).to_be_hidden()
        async with asyncio.timeout(5):
            values = await heard.get()
    rich = {"type": "text", "text": "hot", "style": {"bold": True}}
    assert values["note"]["rich_text_value"]["elements"] == [{"type": "rich_text_section", "elements": [rich]}]
    assert [one["value"] for one in values["cooks"]["selected_options"]] == ["Marie"]
    assert values["guests"]["selected_users"] == ["U0BOB"]
    assert [one["value"] for one in values["sizes"]["selected_options"]] == ["large"]
    assert values["room"]["selected_conversation"] == "C0KITCHEN"
    assert (values["count"]["value"], values["mail"]["value"]) == ("3", "a@example.com")
    assert values["link"]["value"] == "https://example.com/menu"
    assert values["when"]["selected_date_time"] == moment
    assert [one["value"] for one in values["extras"]["selected_options"]] == ["huge"]
    assert [one["name"] for one in values["menu"]["files"]] == ["menu.txt"]


async def test_home_acts_too(simulator: Simulator, bolt: AsyncApp, connect: Any, browser_page: Page) -> None:
    """A button in the Home, published again by the app; tabs by arrow keys."""
    page = browser_page

    async def publish(client: Any, user: str, words: str) -> None:
        blocks = [{"type": "header", "text": text(words)}, {"type": "actions", "elements": [button("go", "Refresh")]}]
        await client.views_publish(user_id=user, view={"type": "home", "blocks": blocks})

    @bolt.event("app_home_opened")
    async def opened(event: Any, client: Any) -> None:
        if event["tab"] == "home":
            await publish(client, event["user"], "Nothing yet")

    @bolt.action("go")
    async def go(ack: Any, body: Any, client: Any) -> None:
        await ack()
        await publish(client, body["user"]["id"], "One order")

    async with connect(bolt, simulator):
        await page.goto("/?as=alice&channel=home")
        await expect(page.get_by_role("heading", name="Nothing yet")).to_be_visible()
        await page.get_by_role("button", name="Refresh").click()
        await expect(page.get_by_role("heading", name="One order")).to_be_visible()
        await page.get_by_role("tab", name="Home").press("ArrowRight")
        await expect(page.get_by_role("tab", name="Messages")).to_be_focused()
        await expect(page.get_by_role("tab", name="Messages")).to_have_attribute("aria-selected", "true")


async def test_a_choice_that_is_not_confirmed_is_taken_back(
    simulator: Simulator, bolt: AsyncApp, slack: AsyncWebClient, connect: Any, browser_page: Page
) -> None:
    """The menu shows what was chosen before; a confirmed choice stays when the message is drawn again."""
    page = browser_page
    heard: asyncio.Queue[str] = asyncio.Queue()

    @bolt.action("size")
    async def size(ack: Any, payload: Any) -> None:
        await ack()
        heard.put_nowait(payload["selected_option"]["value"])

    options = [{"text": text(word), "value": word.lower()} for word in ("Small", "Large")]
    sure = {"title": text("Sure?"), "text": text("It is a lot."), "confirm": text("Yes"), "deny": text("No")}
    menu = {
        "type": "static_select",
        "action_id": "size",
        "placeholder": text("Size"),
        "options": options,
        "confirm": sure,
    }
    async with connect(bolt, simulator):
        posted = await slack.chat_postMessage(
            channel="C0GENERAL", text="How much?", blocks=[{"type": "actions", "elements": [menu]}]
        )
        await page.goto("/?as=alice&channel=general")
        choice = page.get_by_label("Size")
        await choice.select_option("Large")
        await page.get_by_role("dialog", name="Sure?").get_by_role("button", name="No").click()
        await expect(choice).to_have_value("")
        await choice.select_option("Small")
        await page.get_by_role("dialog", name="Sure?").get_by_role("button", name="Yes").click()
        async with asyncio.timeout(5):
            assert await heard.get() == "small"
        await slack.chat_postMessage(channel="C0GENERAL", thread_ts=posted["ts"], text="noted")
        await expect(page.get_by_role("button", name="1 reply")).to_be_visible()
        await expect(choice).to_have_value("small")
    assert heard.empty()
