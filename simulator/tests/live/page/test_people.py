"""Whom people talk to, and what goes wrong around them: groups, read-only apps, clients that start anew."""

from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect
from slack_sdk.web.async_client import AsyncWebClient

from slack_simulator.client import SimulatorClient
from slack_simulator.manifest.manifest import manifest_of
from slack_simulator.server import Person, WorkspaceSpec, serve


async def test_a_group_without_a_name(slack: AsyncWebClient, people: SimulatorClient, browser_page: Page) -> None:
    """It stands among the direct messages and goes by the names of the others."""
    page = browser_page
    group: Any = (await slack.conversations_open(users=["U0ALICE", "U0BOB"]))["channel"]
    await slack.chat_postMessage(channel=group["id"], text="Agree on a time, please")
    await page.goto("/?as=alice&channel=general")
    entry = (
        page.locator("#direct-messages")
        .get_by_role("button", name="bob, app")
        .or_(page.locator("#direct-messages").get_by_role("button", name="app, bob"))
    )
    await expect(entry).to_contain_text("unread")
    await expect(page.locator("#channels")).not_to_contain_text("mpdm")
    await entry.click()
    await expect(page.get_by_role("heading", level=2).filter(has_text="bob")).not_to_contain_text("#")
    await expect(page.locator("#conversation-about")).to_contain_text("3 members")
    await page.get_by_role("textbox", name="Message", exact=True).fill("Noon")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("article").filter(has_text="Noon")).to_be_visible()
    workspace = await people.workspace()
    shown = next(one for one in workspace["channels"] if one["id"] == group["id"])
    assert (shown["is_mpim"], shown["is_im"], shown["user"]) == (True, False, None)
    message = (await people.messages(group["id"], "alice"))[0]
    assert sorted(message["channel_name"].split(", ")) == ["alice", "app", "bob"]


async def test_an_app_that_is_only_read(browser: Browser) -> None:
    """Its messages are there and their threads open, but there is no box to write any."""
    tabs = {"messages_tab_enabled": True, "messages_tab_read_only_enabled": True}
    manifest = manifest_of({"display_information": {"name": "Quiet"}, "features": {"app_home": tabs}})
    alice = Person("alice", "U0ALICE", "Alice Archer", "alice@example.com")
    async with serve(WorkspaceSpec(people=(alice,), manifest=manifest)) as served:
        page = await browser.new_page(base_url=served.url)
        direct = served.workspace.direct_message_with_bot("U0ALICE").id
        first = served.workspace.app_message(direct, "Listen", [])
        served.workspace.app_message(direct, "To me", [], thread_ts=first.ts)
        await page.goto("/?as=alice&channel=dm")
        await expect(page.get_by_text("Sending messages to this app is turned off.")).to_be_visible()
        await expect(page.get_by_role("textbox", name="Message", exact=True)).to_be_hidden()
        await page.get_by_role("button", name="1 reply").press("Enter")
        thread = page.get_by_role("complementary", name="Thread")
        await expect(thread.get_by_text("To me")).to_be_visible()
        await expect(thread.get_by_role("textbox")).to_be_hidden()
        await expect(thread).to_be_focused()


async def test_a_client_that_starts_anew(slack: AsyncWebClient, browser_page: Page) -> None:
    """It forgets what it alone was shown, and the panel says how much that was; focus stays."""
    page = browser_page
    await slack.chat_postEphemeral(channel="C0GENERAL", user="U0ALICE", text="psst")
    await slack.chat_postEphemeral(channel="C0GENERAL", user="U0ALICE", text="psst again")
    await slack.chat_postEphemeral(channel="C0GENERAL", user="U0BOB", text="not for alice")
    await page.goto("/?as=alice&channel=general")
    await expect(page.get_by_role("article")).to_have_count(2)
    await page.get_by_role("button", name="Faults").click()
    panel = page.get_by_role("complementary", name="Faults")
    restart = panel.get_by_role("button", name="Restart client")
    await restart.press("Enter")
    await expect(panel.get_by_role("status")).to_have_text(
        "Alice Archer's client started anew: 2 ephemeral messages are gone."
    )
    await expect(page.get_by_role("article")).to_have_count(0)
    await expect(restart).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(panel.get_by_role("status")).to_contain_text("there was no ephemeral message to lose")
    await panel.get_by_role("button", name="Make guest").press("Enter")
    await expect(panel.get_by_role("button", name="Make full member")).to_be_focused()


@pytest.mark.parametrize("kind", ["ephemeral_lost", "bad_signature", "stale_signature"])
async def test_a_fault_by_its_form(slack: AsyncWebClient, browser_page: Page, kind: str) -> None:
    """The form is made of the catalogue; a lost message is counted, and nobody sees it."""
    page = browser_page
    words = kind.replace("_", " ")
    await page.goto("/?as=alice&channel=general")
    await page.get_by_role("button", name="Faults").click()
    panel = page.get_by_role("complementary", name="Faults")
    await panel.get_by_label("What goes wrong").select_option(kind)
    await panel.get_by_role("button", name="Add fault").click()
    active = panel.get_by_role("listitem").filter(has_text=words)
    await expect(active).to_contain_text("struck 0")
    await slack.chat_postEphemeral(channel="C0GENERAL", user="U0ALICE", text="psst")
    lost = kind == "ephemeral_lost"
    await expect(active).to_contain_text(f"struck {1 if lost else 0}")
    await expect(page.get_by_role("article")).to_have_count(0 if lost else 1)
    await panel.get_by_role("button", name=f"Remove {words}").click()
    await expect(panel.get_by_text("Nothing goes wrong on purpose.")).to_be_visible()
