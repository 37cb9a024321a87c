"""The faults panel, who one acts as, and what the manifest does not enable."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from slack_simulator.base.clock import Clock
from slack_simulator.client import SimulatorClient
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


async def test_faults_from_the_panel(
    simulator: Simulator,
    bolt: AsyncApp,
    slack: AsyncWebClient,
    connect: Any,
    browser_page: Page,
    clock: Clock,
    people: SimulatorClient,
) -> None:
    """A double click reaches the app twice and is gone; time jumps; sockets are cut; the account changes."""
    page = browser_page
    taps: asyncio.Queue[str] = asyncio.Queue()

    @bolt.action("cook")
    async def cook(ack: Any, body: Any) -> None:
        await ack()
        taps.put_nowait(body["trigger_id"])

    async with connect(bolt, simulator):
        await slack.chat_postMessage(channel="C0GENERAL", text="An order", blocks=CARD)
        await page.goto("/?as=bob&channel=general")
        await page.get_by_role("button", name="Faults").click()
        panel = page.get_by_role("complementary", name="Faults")
        await panel.get_by_label("What goes wrong").select_option("double_click")
        await panel.get_by_label("times").fill("1")
        await panel.get_by_role("button", name="Add fault").click()
        await expect(panel.get_by_role("listitem").filter(has_text="double click")).to_contain_text("1 left")
        await page.get_by_role("button", name="Cook").click()
        await expect(panel.get_by_text("Nothing goes wrong on purpose.")).to_be_visible()
        async with asyncio.timeout(5):
            assert await taps.get() != await taps.get()
        await panel.get_by_label("What goes wrong").select_option("api_refuses")
        await panel.get_by_role("textbox", name="error").fill("channel_not_found")
        await panel.get_by_role("button", name="Add fault").click()
        await panel.get_by_role("button", name="Remove api refuses").click()
        await expect(panel.get_by_text("Nothing goes wrong on purpose.")).to_be_visible()
        before = clock.now()
        await panel.get_by_role("button", name="+1 h").click()
        await expect(panel.get_by_role("status")).to_contain_text("+1 h")
        assert clock.now() - before >= 3600
        await panel.get_by_role("button", name="Make guest").click()
        await expect(panel.get_by_role("button", name="Make full member")).to_be_visible()
        await panel.get_by_role("button", name="Cut socket 1").click()
        await expect(panel.get_by_role("listitem").filter(has_text="Socket 2")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(panel).to_be_hidden()
    assert next(one for one in (await people.workspace())["people"] if one["name"] == "bob")["is_restricted"]


async def test_who_one_acts_as(simulator: Simulator, browser_page: Page) -> None:
    """Each persona says what kind of account it is; what Slack would not let happen is said."""
    page = browser_page
    await page.goto("/?as=alice&channel=general")
    personas = page.get_by_label("Acting as").get_by_role("option")
    await expect(personas).to_have_text(["Alice Archer", "Bob Baker · admin", "Dora Departed · deactivated"])
    await page.get_by_role("navigation").get_by_role("button", name="dora deactivated").click()
    await expect(page.get_by_text("This account is deactivated")).to_be_visible()
    await expect(page.get_by_role("textbox", name="Message", exact=True)).to_be_hidden()
    await page.get_by_label("Acting as").select_option("dora")
    await expect(page.get_by_role("note")).to_contain_text("Dora Departed is deactivated")


async def test_what_the_manifest_does_not_enable(browser: Browser) -> None:
    """An app without a Home opens at its messages; one that takes no messages has no composer."""
    alice = Person("alice", "U0ALICE", "Alice Archer", "alice@example.com")
    tabs = {"home_tab_enabled": False, "messages_tab_enabled": False}
    manifest = manifest_of({"display_information": {"name": "Quiet"}, "features": {"app_home": tabs}})
    async with serve(WorkspaceSpec(people=(alice,), manifest=manifest)) as served:
        page = await browser.new_page(base_url=served.url)
        await page.goto("/?as=alice")
        await page.get_by_role("navigation").get_by_role("button", name="app").click()
        await expect(page.get_by_role("heading", name="app", exact=True)).to_be_visible()
        await expect(page.get_by_role("tab", name="Home")).to_be_hidden()
        await expect(page.get_by_role("textbox", name="Message", exact=True)).to_be_hidden()
        await page.goto("/?as=alice&channel=home")
        await expect(page.get_by_text("app has no Home")).to_be_visible()
