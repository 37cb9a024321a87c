"""Channels on the page: earlier messages, unread marks, files, permalinks."""

import base64
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, expect
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


ONE_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


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


async def test_earlier_messages(simulator: Simulator, people: SimulatorClient, browser_page: Page) -> None:
    """The last hundred first; earlier ones come in above, and what the person reads stays where it is."""
    page = browser_page
    for number in range(250):
        simulator.workspace.app_message("C0GENERAL", f"message {number}.", [])
    await page.goto("/?as=alice&channel=general")
    await expect(page.get_by_text("message 249.")).to_be_visible()
    await expect(page.get_by_role("article")).to_have_count(100)
    # Clicked without scrolling to it first, which would load too.
    await page.get_by_role("button", name="Load earlier").evaluate("button => button.click()")
    await expect(page.get_by_role("article")).to_have_count(200)
    await expect(page.get_by_text("message 249.")).to_be_in_viewport()
    await page.get_by_role("log", name="Messages", exact=True).evaluate("log => { log.scrollTop = 0; }")
    await expect(page.get_by_role("article")).to_have_count(250)
    await expect(page.get_by_text("message 50.")).to_be_in_viewport()
    await expect(page.get_by_role("button", name="Load earlier")).to_have_count(0)
    await people.say("bob", "general", "one more")
    await expect(page.get_by_role("article")).to_have_count(251)


async def test_unread_marks(simulator: Simulator, people: SimulatorClient, browser_page: Page) -> None:
    """Bold in the sidebar until opened; a line before the first new message."""
    page = browser_page
    await people.say("bob", "kitchen", "seen")
    await page.goto("/?as=alice&channel=kitchen")
    await expect(page.get_by_text("seen", exact=True)).to_be_visible()
    channels = page.get_by_role("navigation")
    await channels.get_by_role("button", name="general").click()
    await people.say("bob", "kitchen", "not seen")
    await expect(channels.get_by_role("button", name="kitchen")).to_contain_text("unread")
    await channels.get_by_role("button", name="kitchen").click()
    await expect(page.get_by_role("separator", name="New messages")).to_be_visible()
    await expect(channels.get_by_role("button", name="kitchen")).not_to_contain_text("unread")
    await page.get_by_role("navigation").get_by_role("button", name="bob").click()
    await page.get_by_role("textbox", name="Message", exact=True).fill("just us")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("article").filter(has_text="just us")).to_be_visible()


async def test_files_in_messages(simulator: Simulator, slack: AsyncWebClient, browser_page: Page) -> None:
    """A picture is shown, anything else is a card to download."""
    page = browser_page
    await slack.files_upload_v2(channel="C0GENERAL", filename="dot.png", content=ONE_PIXEL, title="A dot")
    await slack.files_upload_v2(channel="C0GENERAL", filename="menu.csv", content="stew,5", initial_comment="Menu")
    await page.goto("/?as=alice&channel=general")
    picture = page.get_by_role("img", name="A dot")
    await expect(picture).to_be_visible()
    await expect(picture).to_have_js_property("naturalWidth", 1)
    async with page.expect_download() as download:
        await page.get_by_role("link", name="menu.csv").click()
    assert (await (await download.value).path()).read_bytes() == b"stew,5"


async def test_permalinks_lead_to_earlier_messages_and_into_threads(
    simulator: Simulator, people: SimulatorClient, browser_page: Page
) -> None:
    """Loaded if need be, and in view."""
    page = browser_page
    first = (await people.say("bob", "general", "the first"))["ack"]["ts"]
    reply = (await people.say("bob", "general", "the reply", thread_ts=first))["ack"]["ts"]
    for number in range(150):
        simulator.workspace.app_message("C0GENERAL", f"message {number}.", [])
    await page.goto(f"/archives/C0GENERAL/p{first.replace('.', '')}?as=alice")
    await expect(page.get_by_text("the first")).to_be_in_viewport()
    await page.goto(f"/archives/C0GENERAL/p{reply.replace('.', '')}?as=alice&thread_ts={first}&cid=C0GENERAL")
    await expect(page.get_by_role("complementary", name="Thread").get_by_text("the reply")).to_be_in_viewport()
