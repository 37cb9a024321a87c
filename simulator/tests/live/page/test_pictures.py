"""Pictures in what apps send: files of the workspace are shown, and nobody's browser leaves loopback unasked."""

import base64
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route, expect
from slack_sdk.web.async_client import AsyncWebClient

from slack_simulator.client import SimulatorClient
from slack_simulator.server import Channel, Person, Simulator, WorkspaceSpec, serve

ONE_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


ELSEWHERE = "https://pictures.example/far/away.png"


def text(words: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": words}


def blocks(source: dict[str, Any]) -> list[dict[str, Any]]:
    """The same picture in a block, beside a section, and in a context."""
    return [
        {"type": "image", "alt_text": "in a block", "title": text("A title"), **source},
        {
            "type": "section",
            "text": text("Beside it"),
            "accessory": {"type": "image", "alt_text": "beside a section", **source},
        },
        {"type": "context", "elements": [{"type": "image", "alt_text": "in a context", **source}]},
    ]


ALTS = ("in a block", "beside a section", "in a context")


ATTACHMENTS = [{"text": "wide", "image_url": ELSEWHERE}, {"text": "small", "thumb_url": ELSEWHERE}]


async def uploaded(slack: AsyncWebClient, name: str) -> dict[str, Any]:
    answer: Any = await slack.files_upload_v2(filename=name, content=ONE_PIXEL, title="A dot")
    return answer["files"][0]


async def test_a_picture_from_elsewhere_is_not_fetched(slack: AsyncWebClient, browser_page: Page) -> None:
    """Its words and its address stand in its place; the address is a link that people follow on purpose."""
    page = browser_page
    left: list[str] = []
    page.on("request", lambda request: left.append(request.url) if "127.0.0.1" not in request.url else None)
    await slack.chat_postMessage(
        channel="C0GENERAL", text="look", blocks=blocks({"image_url": ELSEWHERE}), attachments=ATTACHMENTS
    )
    answer = await page.goto("/?as=alice&channel=general")
    assert answer is not None
    assert "img-src 'self' data:;" in answer.headers["content-security-policy"]
    assert answer.headers["x-dns-prefetch-control"] == "off"
    for alt in ALTS:
        place = page.get_by_role("group", name=f"Picture: {alt}")
        await expect(place).to_contain_text(alt)
        await expect(place.get_by_role("link")).to_have_attribute("href", ELSEWHERE)
        await expect(place.get_by_role("link")).to_have_attribute("target", "_blank")
        await expect(place.get_by_role("link")).to_have_attribute("rel", "noopener noreferrer")
    await expect(page.get_by_role("group", name="Picture: Attached picture")).to_have_count(2)
    await expect(page.locator("article img")).to_have_count(0)
    assert left == []


async def test_a_script_for_a_picture_is_dead(slack: AsyncWebClient, browser_page: Page) -> None:
    """An attachment's picture may be any text."""
    page = browser_page
    await slack.chat_postMessage(
        channel="C0GENERAL", text="look", attachments=[{"text": "x", "image_url": "javascript:alert(1)"}]
    )
    await page.goto("/?as=alice&channel=general")
    place = page.get_by_role("group", name="Picture: Attached picture")
    await expect(place).to_contain_text("javascript:alert(1)")
    await expect(place.get_by_role("link")).to_have_count(0)


@pytest.mark.parametrize("named_by", ["id", "url", "permalink"])
async def test_a_file_of_the_workspace_is_shown(
    slack: AsyncWebClient, people: SimulatorClient, browser_page: Page, named_by: str
) -> None:
    """By its id, or by either of its addresses, in messages."""
    page = browser_page
    file = await uploaded(slack, "dot.png")
    source = {"slack_file": {"id": file["id"]} if named_by == "id" else {"url": file.get("url_private")}}
    if named_by == "permalink":
        source = {"slack_file": {"url": file["permalink"]}}
    await slack.chat_postMessage(channel="C0GENERAL", text="look", blocks=blocks(source))
    await page.goto("/?as=alice&channel=general")
    for alt in ALTS:
        await expect(page.get_by_role("img", name=alt)).to_have_js_property("naturalWidth", 1)
    shown = (await people.messages("general", "alice"))[-1]
    assert list(shown["pictures"].values()) == [file["url_private"].removeprefix(page.url.partition("/?")[0])]


async def test_by_another_name_of_this_machine(simulator: Simulator, slack: AsyncWebClient, browser: Browser) -> None:
    """The page may be opened as localhost while the files' addresses say 127.0.0.1."""
    answer: Any = await slack.files_upload_v2(channel="C0GENERAL", filename="dot.png", content=ONE_PIXEL, title="A dot")
    source = {"slack_file": {"url": answer["files"][0]["url_private"]}}
    await slack.chat_postMessage(channel="C0GENERAL", text="look", blocks=blocks(source))
    page = await browser.new_page(base_url=f"http://localhost:{simulator.port}")
    await page.goto("/?as=alice&channel=general")
    for alt in ("A dot", *ALTS):
        await expect(page.get_by_role("img", name=alt)).to_have_js_property("naturalWidth", 1)


async def test_a_file_that_is_no_picture_or_not_there(slack: AsyncWebClient, browser_page: Page) -> None:
    """The page says so instead of showing a broken picture."""
    page = browser_page
    notes = await uploaded(slack, "notes.txt")
    for file_id in (notes["id"], "F0NOTHERE", "constructor"):
        block = {"type": "image", "alt_text": file_id, "slack_file": {"id": file_id}}
        await slack.chat_postMessage(channel="C0GENERAL", text="look", blocks=[block])
    await page.goto("/?as=alice&channel=general")
    for file_id in (notes["id"], "F0NOTHERE", "constructor"):
        place = page.get_by_role("group", name=f"Picture: {file_id}")
        await expect(place).to_contain_text(f"This workspace has no picture {file_id}.")
    await expect(page.locator("article img")).to_have_count(0)


async def test_pictures_in_a_home(simulator: Simulator, slack: AsyncWebClient, browser_page: Page) -> None:
    """Views find the workspace's files too."""
    page = browser_page
    file = await uploaded(slack, "dot.png")
    view = {"type": "home", "blocks": blocks({"slack_file": {"id": file["id"]}})}
    await slack.views_publish(user_id="U0ALICE", view=view)
    await page.goto("/?as=alice&channel=home")
    for alt in ALTS:
        await expect(page.get_by_role("img", name=alt)).to_have_js_property("naturalWidth", 1)


async def test_a_workspace_that_shows_pictures(browser: Browser) -> None:
    """Then they are fetched, over https alone."""
    people = (Person("alice", "U0ALICE", "Alice Archer", "alice@example.com"),)
    channels = (Channel("general", "C0GENERAL", ("U0ALICE",)),)
    spec = WorkspaceSpec(people=people, channels=channels, shows_pictures=True)
    async with serve(spec) as served:
        slack = AsyncWebClient(token=spec.bot_token, base_url=served.api_url, proxy="")
        page = await browser.new_page(base_url=served.url)

        async def dot(route: Route) -> None:
            await route.fulfill(body=ONE_PIXEL, content_type="image/png")

        await page.route("https://pictures.example/**", dot)
        plain = {"type": "image", "alt_text": "unprotected", "image_url": "http://pictures.example/plain.png"}
        await slack.chat_postMessage(
            channel="C0GENERAL",
            text="look",
            blocks=[*blocks({"image_url": ELSEWHERE}), plain],
            attachments=[*ATTACHMENTS, {"author_name": "Bot", "author_icon": ELSEWHERE, "text": "with an icon"}],
        )
        await page.goto("/?as=alice&channel=general")
        for alt in ALTS:
            await expect(page.get_by_role("img", name=alt)).to_have_js_property("naturalWidth", 1)
        await expect(page.get_by_role("img", name="Attached picture")).to_have_count(2)
        await expect(page.locator(".attachment-author img")).to_have_js_property("naturalWidth", 1)
        await expect(page.get_by_role("group", name="Picture: unprotected")).to_be_visible()
