"""Sign in, see what is open, end it, sign out: as people do, in Chromium, at a provider that speaks the protocol.

SHOTS=/tmp/shots make test ARGS=tests/live/web/pages/test_browser.py     leaves pictures there
"""

import os
from pathlib import Path
from urllib.parse import urlencode

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from access.decisions.requests import Ask
from storage.model import BrowserSession, Grant
from support.access import ask_anyway
from support.web.command_line import DEVICE, CommandLine
from support.web.stage import PagesStage
from support.web.visitor import Visitor
from web.api.sign_in import DEVICE_GRANT

SIZES = {"desk": (1280, 900), "phone": (390, 844)}
SCHEMES = ("light", "dark")


async def sign_in(page: Page, stage: PagesStage, who: str = "Alice") -> None:
    await page.goto(stage.url)
    await page.get_by_role("link", name="Sign in with Example Corp").click()
    await page.get_by_role("button", name=who).click()


async def test_from_nothing_to_signed_out(stage: PagesStage, browser: Browser) -> None:
    page = await browser.new_page()
    await ask_anyway(stage.world.access, stage.world["alice"], Ask("payments-db", "read", 900))
    await sign_in(page, stage)
    await expect(page.get_by_role("heading", name="My access")).to_be_visible()
    assert page.url == f"{stage.url}/"
    await expect(page.locator(".command code")).to_contain_text("user=read@payments-db")
    await page.get_by_role("button", name="End read on payments-db now").click()
    await expect(page.get_by_text("Nothing is open for you")).to_be_visible()
    [grant] = await stage.world.all(Grant)
    assert grant.revoked_by == stage.world["alice"].id
    await page.get_by_role("button", name="Sign out", exact=True).click()
    await expect(page.get_by_role("heading", name="Signed out")).to_be_visible()
    await page.goto(stage.url)
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


async def test_the_token_is_shown_once_to_its_owner(stage: PagesStage, browser: Browser) -> None:
    page = await browser.new_page()
    await ask_anyway(stage.world.access, stage.world["alice"], Ask("payments-db", "read", 900))
    await sign_in(page, stage)
    await page.get_by_role("link", name="Connect: read on payments-db").click()
    await expect(page.get_by_role("heading", name="read on payments-db")).to_be_visible()
    await expect(page.locator("code")).to_have_count(7)
    await page.get_by_role("button", name="Show my token").click()
    token = await page.locator("code").first.inner_text()
    claims = stage.world.access.keys.verify(token)
    assert claims.principal_id == stage.world["alice"].id
    await page.goto(page.url.removesuffix("/token"))
    assert token not in await page.content()
    assert "human:alice web:token:issue success" in await stage.world.actions()
    # Bob has no such access, and is told as much as of one that never was.
    other = await (await browser.new_context()).new_page()
    await sign_in(other, stage, "Bob")
    await expect(other.get_by_role("heading", name="My access")).to_be_visible()
    await other.goto(page.url)
    await expect(other.get_by_text("is over, or it is not yours")).to_be_visible()


async def test_whoever_is_nobody_here_is_told_why(stage: PagesStage, browser: Browser) -> None:
    for who, says in (("Eve", "the policy here does not name you"), ("Carol", "has not verified your e-mail address")):
        page = await browser.new_page()
        await sign_in(page, stage, who)
        await expect(page.get_by_text(says)).to_be_visible()
    assert await stage.world.all(BrowserSession) == []


async def test_signing_out_everywhere(stage: PagesStage, browser: Browser) -> None:
    pages = [await (await browser.new_context()).new_page() for _ in range(2)]
    for page in pages:
        await sign_in(page, stage)
        await expect(page.get_by_role("heading", name="My access")).to_be_visible()
    await pages[0].reload()
    await expect(pages[0].get_by_text("this browser")).to_have_count(1)
    await pages[0].get_by_role("button", name="Sign out everywhere").click()
    await expect(pages[0].get_by_text("in 2 places, this browser among them")).to_be_visible()
    await pages[1].reload()
    await expect(pages[1].get_by_role("heading", name="Sign in")).to_be_visible()


async def test_the_providers_own_logout_signs_out_here(stage: PagesStage, browser: Browser) -> None:
    page = await browser.new_page()
    await ask_anyway(stage.world.access, stage.world["alice"], Ask("payments-db", "read", 900))
    await sign_in(page, stage)
    await expect(page.get_by_role("heading", name="My access")).to_be_visible()
    assert await stage.provider.sign_out("u-alice") == 1
    await page.reload()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    [grant] = await stage.world.all(Grant)
    assert grant.revoke_reason == "signed out at the provider"


async def test_linking_a_slack_account(stage: PagesStage, browser: Browser) -> None:
    """Who opens the link signed out signs in first, and nothing is linked until they say so."""
    link = await stage.slack_link()
    page = await browser.new_page()
    await page.goto(link)
    await page.get_by_role("link", name="Sign in with Example Corp").click()
    await page.get_by_role("button", name="Frank").click()
    await expect(page.get_by_role("heading", name="Is this Slack account yours?")).to_be_visible()
    await expect(page.get_by_text("Frank Fox (@frank)")).to_be_visible()
    assert await stage.world.events("web:slack:link") == []
    await page.get_by_role("button", name="It is mine: link it to frank").click()
    await expect(page.get_by_text("Frank Fox (@frank) in Slack is frank from now on")).to_be_visible()
    [event] = await stage.world.events("web:slack:link")
    assert (event["actor"], event["detail"]["member"]) == ("human:frank", "U0FRANK")
    await page.goto(link)
    await expect(page.get_by_text("This link is over, or it was used")).to_be_visible()
    await page.goto(stage.url)
    await page.get_by_role("button", name="Unlink it, and end what is open for me").click()
    await expect(page.get_by_text("None is linked.")).to_be_visible()
    assert "human:frank web:slack:unlink success" in await stage.world.actions()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("size", SIZES)
async def test_what_it_looks_like(
    stage: PagesStage, visitor: Visitor, browser: Browser, tmp_path: Path, size: str, scheme: str
) -> None:
    folder = Path(os.environ.get("SHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    width, height = SIZES[size]
    page = await browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)  # pyright: ignore[reportArgumentType]
    await ask_anyway(stage.world.access, stage.world["alice"], Ask("payments-db", "read", 900))
    await ask_anyway(stage.world.access, stage.world["alice"], Ask("payments-db", "admin", 900))

    async def shoot(name: str) -> None:
        await page.screenshot(path=folder / f"{name}-{size}-{scheme}.png", full_page=True)
        wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name} is {wide} px wider than {width}"
        found = (await Axe().run(page)).response["violations"]
        assert not [each["id"] for each in found if each["impact"] in {"serious", "critical"}], name

    await page.goto(stage.url)
    await shoot("sign-in")
    await sign_in(page, stage)
    await expect(page.get_by_role("heading", name="My access")).to_be_visible()
    await shoot("my-access")
    await page.get_by_role("link", name="Connect").click()
    await page.get_by_role("button", name="Show my token").click()
    await expect(page.get_by_text("This page shows it once")).to_be_visible()
    await shoot("connect")
    await page.goto(await stage.slack_link())
    await expect(page.get_by_role("heading", name="Is this Slack account yours?")).to_be_visible()
    await shoot("link")
    await page.goto(f"{stage.url}/nothing")
    await shoot("not-found")
    line = CommandLine(visitor)
    await page.goto(f"{stage.url}/cli/sign-in?{urlencode(line.words)}")
    await expect(page.get_by_role("heading", name=f"Sign in {DEVICE}?")).to_be_visible()
    await shoot("command-line")
    await page.goto(f"{stage.url}/cli/device")
    await page.get_by_label("The code").fill("BCDF-GHJK")
    await page.get_by_role("button", name="Go on").click()
    await expect(page.get_by_text("No command line waits under this code")).to_be_visible()
    await shoot("device")
    _, asked = await line.call("/api/device", "POST", signed=False, data={"device": DEVICE})
    await page.get_by_label("The code").fill(asked["user_code"])
    await page.get_by_role("button", name="Go on").click()
    await expect(page.get_by_role("heading", name=f"Sign in {DEVICE}?")).to_be_visible()
    await shoot("device-confirm")
    await page.get_by_role("button", name="Sign it in as alice").click()
    await expect(page.get_by_text("Go back to the terminal")).to_be_visible()
    await shoot("device-done")
    _, given = await line.token(grant_type=DEVICE_GRANT, device_code=asked["device_code"])
    assert given["person"] == "alice"
    await page.goto(stage.url)
    await expect(page.get_by_text(DEVICE)).to_be_visible()
    await shoot("signed-in-places")
