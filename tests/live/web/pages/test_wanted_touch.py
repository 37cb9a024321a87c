"""The page on which a command line's person touches their key, and the API by which it waits: Chromium's virtual keys.

SHOTS=/tmp/shots make test ARGS=tests/live/web/pages/test_wanted_touch.py     leaves pictures there
"""

import asyncio
import os
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from access.decisions.requests import Ask
from storage.database import Database
from storage.model import Grant
from support.access import ask_anyway
from support.web.command_line import CommandLine
from support.web.stage import PagesStage, pages_stage
from support.web.virtual_keys import plugged_in
from support.web.visitor import Visitor

SIZES = {"desk": (1280, 900), "phone": (390, 844)}


@pytest.fixture
async def line(stage: PagesStage, visitor: Visitor) -> CommandLine:
    return await line_of(stage, visitor)


async def line_of(stage: PagesStage, visitor: Visitor) -> CommandLine:
    """Alice's, whose access to read takes a touch."""
    await ask_anyway(stage.world.access, stage.world["alice"], Ask("payments-db", "read", 900))
    document: dict[str, Any] = stage.world.access.policies.current.document
    changed = {**document, "policy": [dict(rule) for rule in document["policy"]]}
    for rule in changed["policy"]:
        if rule["name"] == "read-at-once":
            rule["requires"] = {"sign_in": "8h", "present": True}
    await stage.world.write(changed)
    await visitor.sign_in("u-alice")
    line = CommandLine(visitor)
    await line.sign_in()
    return line


async def wish(line: CommandLine) -> tuple[str, str]:
    """Its id, and the path of its page."""
    _, said = await line.call("/api/grants")
    [grant] = said["grants"]
    assert grant["takes_touch"] is True
    status, asked = await line.call(f"/api/grants/{grant['id']}/touch", "POST")
    assert status == 201, asked
    return asked["id"], asked["page"]


async def sign_in(page: Page, who: str) -> None:
    await page.get_by_role("link", name="Sign in with Example Corp").click()
    await page.get_by_role("button", name=who).click()


async def with_key(page: Page, stage: PagesStage, who: str) -> None:
    await plugged_in(page)
    await page.goto(f"{stage.url}/keys")
    await sign_in(page, who)
    await page.get_by_label("What you call it").fill("Blue key")
    await page.get_by_role("button", name="Add a key").click()
    await expect(page.get_by_role("heading", name="Blue key")).to_be_visible()


async def test_a_touch_on_the_page_is_what_the_command_line_waits_for(
    stage: PagesStage, line: CommandLine, browser: Browser
) -> None:
    page = await browser.new_page()
    await with_key(page, stage, "Alice")
    wanted, path = await wish(line)
    [grant] = await stage.world.all(Grant)
    token = f"/api/grants/{grant.id}/token"
    status, said = await line.call(token, "POST", json={"touch": wanted})
    assert (status, said["message"].startswith("No touch of your security key was given")) == (403, True)
    assert (await line.call(f"/api/touches/{wanted}"))[1] == {"state": "waiting"}
    waits = asyncio.create_task(line.call(f"/api/touches/{wanted}?wait=1"))
    await page.goto(f"{stage.url}{path}")
    await expect(page.get_by_text("gatepass on laptop")).to_be_visible()
    await expect(page.get_by_text("127.0.0.1, where this browser is")).to_be_visible()
    await page.get_by_role("button", name="Touch my security key").click()
    await expect(page.get_by_text("goes on by itself, as read on payments-db")).to_be_visible()
    assert (await waits)[1] == {"state": "touched"}
    status, given = await line.call(token, "POST", json={"touch": wanted})
    assert (status, stage.world.access.keys.verify(given["token"]).grant_id) == (200, grant.id)
    status, said = await line.call(token, "POST", json={"touch": wanted})
    assert (status, said["error"], "used already" in said["message"]) == (403, "proof", True)
    [issued] = [each for each in await stage.world.events("cli:token:issue") if each["outcome"] == "success"]
    assert issued["detail"]["proof"]["touch"]["name"] == "Blue key"
    # What was given is over, for its person too.
    await page.goto(f"{stage.url}{path}")
    await expect(page.get_by_text("No command line of yours waits for this any more")).to_be_visible()


async def test_who_has_no_key_is_led_to_where_one_is_added(
    stage: PagesStage, line: CommandLine, browser: Browser
) -> None:
    page = await browser.new_page()
    await plugged_in(page)
    _, path = await wish(line)
    await page.goto(f"{stage.url}{path}")
    await sign_in(page, "Alice")
    await page.get_by_role("button", name="Touch my security key").click()
    await expect(page.get_by_role("link", name="Security keys").last).to_be_visible()


async def test_the_link_is_its_persons_alone(stage: PagesStage, line: CommandLine, browser: Browser) -> None:
    page = await browser.new_page()
    await with_key(page, stage, "Bob")
    wanted, path = await wish(line)
    await page.goto(f"{stage.url}{path}")
    await expect(page.get_by_text("No command line of yours waits for this any more")).to_be_visible()
    answer = await page.request.post(f"{stage.url}{path}/refuse", headers={"Origin": stage.url})
    assert answer.status in {403, 409}
    assert (await line.call(f"/api/touches/{wanted}"))[1] == {"state": "waiting"}


async def test_not_me(stage: PagesStage, line: CommandLine, browser: Browser) -> None:
    page = await browser.new_page()
    wanted, path = await wish(line)
    await page.goto(f"{stage.url}{path}")
    await sign_in(page, "Alice")
    await page.get_by_role("button", name="Not me").click()
    await expect(page.get_by_text("Nothing was opened.")).to_be_visible()
    assert (await line.call(f"/api/touches/{wanted}?wait=1"))[1] == {"state": "refused"}


@pytest.mark.parametrize("named", ["x", "", str(UUID(int=7))])
async def test_what_is_no_wish(line: CommandLine, named: str) -> None:
    status, said = await line.call(f"/api/touches/{named or 'y'}")
    assert (status, said["error"]) == (404, "not_found")
    status, said = await line.call(f"/api/grants/{named or 'y'}/touch", "POST")
    assert (status, said["error"]) == (404, "not_found")
    _, said = await line.call("/api/grants")
    path = f"/api/grants/{said['grants'][0]['id']}/token"
    status, said = await line.call(path, "POST", json={"touch": named})
    assert (status, said["error"]) in {(400, "invalid_request"), (403, "refused")}
    status, said = await line.call(path, "POST", json={"touch": ["a"]})
    assert (status, said["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
async def test_what_it_looks_like(
    stage: PagesStage, line: CommandLine, browser: Browser, tmp_path: Path, size: str, scheme: str
) -> None:
    folder = Path(os.environ.get("SHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    width, height = SIZES[size]
    page = await browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)  # pyright: ignore[reportArgumentType]
    _, path = await wish(line)
    await page.goto(f"{stage.url}{path}")
    await sign_in(page, "Alice")
    await expect(page.get_by_role("heading", name="Did you start this command?")).to_be_visible()
    await page.screenshot(path=folder / f"wanted-touch-{size}-{scheme}.png", full_page=True)
    wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"it is {wide} px wider than {width}"
    found = (await Axe().run(page)).response["violations"]
    assert not [each["id"] for each in found if each["impact"] in {"serious", "critical"}]


@pytest.mark.parametrize(
    ("headers", "near"),
    [
        ({"X-Forwarded-For": "198.51.100.9"}, True),
        ({}, False),
        ({"X-Forwarded-For": "198.51.100.9", "Forwarded": "for=203.0.113.50"}, False),
    ],
)
async def test_a_proxy_that_says_nothing_is_near_nobody(
    database: Database, tmp_path: Path, headers: dict[str, str], near: bool
) -> None:
    """Whoever asks and whoever looks have its address then, wherever each of them is."""
    async with (
        pages_stage(database, tmp_path, proxies=(ip_network("127.0.0.0/8"),)) as stage,
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), headers=headers) as session,
    ):
        visitor = Visitor(stage, session)
        _, path = await wish(await line_of(stage, visitor))
        status, said, _ = await visitor.ask(path)
        assert (status, "where this browser is" in said) == (200, near)
