"""Secondary attachments: what people see of them, and the same words for scripts."""

from typing import Any

import pytest
from playwright.async_api import Page, expect
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from slack_simulator.client import SimulatorClient
from slack_simulator.server import Simulator

REPORT: dict[str, Any] = {
    "color": "#36a64f",
    "pretext": "Last night, *all* of it",
    "author_name": "Builds &amp; co",
    "author_link": "https://builds.example/",
    "title": "Build 4711",
    "title_link": "https://builds.example/4711",
    "text": "<@U0ALICE>'s change broke `nothing`",
    "fields": [
        {"title": "Branch", "value": "main", "short": True},
        {"title": "Commit", "value": "`1fc03a`", "short": True},
        {"title": "Notes", "value": "see <https://builds.example/notes|these>", "short": False},
    ],
    "footer": "Nightly",
    "ts": 1_800_000_000,
}


BUTTON = {
    "type": "section",
    "text": {"type": "mrkdwn", "text": "*Blocks* inside"},
    "accessory": {"type": "button", "action_id": "mute", "text": {"type": "plain_text", "text": "Mute"}},
}


async def colour_of(page: Page, words: str) -> str:
    bar = page.locator(".attachment-bar").filter(has_text=words)
    return await bar.evaluate("bar => getComputedStyle(bar).borderInlineStartColor")


async def test_every_field_is_shown(slack: AsyncWebClient, browser_page: Page) -> None:
    """In Slack's order: pretext above the bar, short fields side by side, the footer with its time last."""
    page = browser_page
    await slack.chat_postMessage(channel="C0GENERAL", text="Two reports", attachments=[REPORT])
    await page.goto("/?as=alice&channel=general")
    article = page.get_by_role("article").filter(has_text="Two reports")
    attachment = article.locator(".attachment")
    await expect(article.locator("strong", has_text="all")).to_be_visible()
    await expect(attachment.locator(".attachment-bar")).not_to_contain_text("Last night")
    await expect(attachment.get_by_role("link", name="Builds & co")).to_have_attribute("href", REPORT["author_link"])
    await expect(attachment.get_by_role("link", name="Build 4711")).to_have_attribute("href", REPORT["title_link"])
    await expect(attachment).to_contain_text("@alice's change broke nothing")
    await expect(attachment.get_by_role("link", name="these")).to_be_visible()
    await expect(attachment.get_by_text("Nightly | ")).to_contain_text("2027")
    assert await colour_of(page, "Build 4711") == "rgb(54, 166, 79)"
    boxes = [await attachment.get_by_text(name, exact=True).bounding_box() for name in ("Branch", "Commit", "Notes")]
    branch, commit, notes = [box for box in boxes if box is not None]
    assert branch["y"] == commit["y"] < notes["y"]
    assert branch["x"] == notes["x"] < commit["x"]


@pytest.mark.parametrize(
    ("color", "shown"),
    [
        ("good", "rgb(46, 182, 125)"),
        ("danger", "rgb(224, 30, 90)"),
        ("abc", "rgb(170, 187, 204)"),
        ("red; background: url(x)", None),
        ("constructor", None),
        (None, None),
    ],
)
async def test_colours(slack: AsyncWebClient, browser_page: Page, color: str | None, shown: str | None) -> None:
    """Slack's names and hex codes; anything else leaves the bar as it is without one."""
    page = browser_page
    attachments = [{"text": "bare"}, {"text": "coloured", **({} if color is None else {"color": color})}]
    await slack.chat_postMessage(channel="C0GENERAL", text="x", attachments=attachments)
    await page.goto("/?as=alice&channel=general")
    await expect(page.get_by_text("coloured")).to_be_visible()
    assert await colour_of(page, "coloured") == (shown or await colour_of(page, "bare"))


async def test_blocks_in_an_attachment_act(
    simulator: Simulator, bolt: AsyncApp, slack: AsyncWebClient, connect: Any, browser_page: Page
) -> None:
    """Beside the message's own text, which they don't hide."""
    page = browser_page

    @bolt.action("mute")
    async def mute(ack: Any, respond: Any) -> None:
        await ack()
        await respond(text="muted", replace_original=True)

    async with connect(bolt, simulator):
        await slack.chat_postMessage(channel="C0GENERAL", text="The text itself", attachments=[{"blocks": [BUTTON]}])
        await page.goto("/?as=alice&channel=general")
        article = page.get_by_role("article").filter(has_text="The text itself")
        await expect(article).to_contain_text("Blocks inside")
        await article.get_by_role("button", name="Mute").click()
        await expect(page.get_by_role("article").filter(has_text="muted")).to_contain_text("(edited)")


async def test_one_that_shows_nothing_shows_its_fallback(slack: AsyncWebClient, browser_page: Page) -> None:
    """And no other does."""
    page = browser_page
    attachments = [{"fallback": "in its stead"}, {"fallback": "not this", "title": "a title"}]
    await slack.chat_postMessage(channel="C0GENERAL", text="", attachments=attachments)
    await page.goto("/?as=alice&channel=general")
    await expect(page.get_by_text("in its stead")).to_be_visible()
    await expect(page.get_by_text("a title")).to_be_visible()
    await expect(page.get_by_text("not this")).to_have_count(0)


async def test_a_dangerous_link_is_dead(slack: AsyncWebClient, browser_page: Page) -> None:
    """Titles and authors link like any text."""
    page = browser_page
    attachment = {
        "title": "Press me",
        "title_link": "javascript:alert(1)",
        "author_name": "x",
        "author_link": "data:,x",
    }
    await slack.chat_postMessage(channel="C0GENERAL", text="y", attachments=[attachment])
    await page.goto("/?as=alice&channel=general")
    await expect(page.get_by_text("Press me")).to_be_visible()
    await expect(page.locator(".attachment").get_by_role("link")).to_have_count(0)


async def test_plain_has_the_message_and_its_attachments(slack: AsyncWebClient, people: SimulatorClient) -> None:
    """Its blocks, or else its text; then the attachments in their order."""
    block = {"type": "section", "text": {"type": "mrkdwn", "text": "*own* block"}}
    attachments = [{"blocks": [BUTTON]}, {"title": "second"}]
    await slack.chat_postMessage(channel="C0GENERAL", text="own *text*", attachments=attachments)
    await slack.chat_postMessage(channel="C0GENERAL", text="unseen", blocks=[block], attachments=attachments)
    await slack.chat_postMessage(channel="C0GENERAL", text="", attachments=[REPORT | {"fallback": "a build"}])
    first, second, third = [one["plain"] for one in await people.messages("general", "alice")]
    assert first == "own text\nBlocks inside\n[Mute]\nsecond"
    assert second == "own block\nBlocks inside\n[Mute]\nsecond"
    assert third.splitlines() == [
        "Last night, all of it",
        "Builds & co",
        "Build 4711",
        "@alice's change broke nothing",
        "Branch",
        "main",
        "Commit",
        "1fc03a",
        "Notes",
        "see these",
        "Nightly",
    ]
