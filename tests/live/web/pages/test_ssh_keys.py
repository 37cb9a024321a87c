"""Add an SSH key by what ssh-keygen signs, and end it: in Chromium, with a touch where there is a security key.

SHOTS=/tmp/shots make test ARGS=tests/live/web/pages/test_ssh_keys.py     leaves pictures there
"""

import os
import subprocess
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect
from sqlalchemy import text

from storage.model import KeyEnd, SshKey
from support.web.command_line import CommandLine
from support.web.stage import PagesStage
from support.web.virtual_keys import plugged_in
from support.web.visitor import Visitor

SIZES = {"desk": (1280, 900), "phone": (390, 844)}
SCHEMES = ("light", "dark")


def key_in(folder: Path, name: str = "id_ed25519") -> Path:
    path = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True, capture_output=True)
    return path


def as_told(line: str, path: Path) -> str:
    """What the line prints that a page shows, run by a shell as a person would, with their own key."""
    said = subprocess.run(
        ["sh", "-c", line.replace("~/.ssh/id_ed25519", f"'{path}'")], check=True, capture_output=True, text=True
    )
    return said.stdout


async def on_page(page: Page, stage: PagesStage, who: str = "Alice") -> None:
    await page.goto(f"{stage.url}/ssh-keys")
    await page.get_by_role("link", name="Sign in with Example Corp").click()
    await page.get_by_role("button", name=who).click()
    await expect(page.get_by_role("heading", name="SSH keys")).to_be_visible()


async def fill(page: Page, path: Path, name: str) -> None:
    await page.get_by_role("button", name="Add a key").click()
    line = await page.locator("pre code").inner_text()
    await page.get_by_label("What you call it").fill(name)
    await page.get_by_label("What ssh-keygen printed").fill(as_told(line, path))


async def test_added_by_the_line_that_the_page_shows_and_ended(
    stage: PagesStage, browser: Browser, tmp_path: Path
) -> None:
    page, path = await browser.new_page(), key_in(tmp_path)
    await on_page(page, stage)
    await expect(page.get_by_text("You have none yet.")).to_be_visible()
    await fill(page, path, "Laptop <b>")
    await page.get_by_role("button", name="Add this key").click()
    await expect(page.get_by_role("heading", name="Laptop <b>")).to_be_visible()
    shown = subprocess.run(["ssh-keygen", "-lf", path], check=True, capture_output=True, text=True).stdout.split()[1]
    await expect(page.get_by_text(shown)).to_be_visible()
    # Ending it is asked once more.
    await page.get_by_label("End Laptop <b>", exact=True).click()
    await page.get_by_role("button", name="End Laptop <b> for good").click()
    await expect(page.get_by_text("Laptop <b> lets nobody in any more")).to_be_visible()
    [row] = await stage.world.all(SshKey)
    assert row.end_reason is KeyEnd.REMOVED


async def test_what_is_wrong_is_said(stage: PagesStage, browser: Browser, tmp_path: Path) -> None:
    page, path = await browser.new_page(), key_in(tmp_path)
    await on_page(page, stage)
    await fill(page, path, "Laptop")
    other = as_told("printf %s x | ssh-keygen -Y sign -n gatepass -f ~/.ssh/id_ed25519", path)
    await page.get_by_label("What ssh-keygen printed").fill(other)
    await page.get_by_role("button", name="Add this key").click()
    await expect(page.get_by_text("This is not the signature of that text")).to_be_visible()
    await page.get_by_role("link", name="SSH keys").first.click()
    await expect(page.get_by_text("You have none yet.")).to_be_visible()


async def test_a_security_key_is_touched_for_it(stage: PagesStage, browser: Browser, tmp_path: Path) -> None:
    page, path = await browser.new_page(), key_in(tmp_path)
    await plugged_in(page)
    await on_page(page, stage)
    await page.goto(f"{stage.url}/keys")
    await page.get_by_label("What you call it").fill("Blue key")
    await page.get_by_role("button", name="Add a key").click()
    await expect(page.get_by_role("heading", name="Blue key")).to_be_visible()
    await page.goto(f"{stage.url}/ssh-keys")
    await fill(page, path, "Laptop")
    await page.get_by_role("button", name="Add this key").click()
    await expect(page.get_by_role("heading", name="Laptop")).to_be_visible()
    [event] = await stage.world.events("web:ssh_key:add")
    assert event["detail"]["touch"]["name"] == "Blue key"


async def test_an_old_sign_in_leads_to_a_new_one(stage: PagesStage, browser: Browser) -> None:
    page = await browser.new_page()
    await on_page(page, stage)
    async with stage.world.database.transaction() as transaction:
        await transaction.execute(
            text("UPDATE browser_session SET signed_in_at = signed_in_at - interval '11 minutes'")
        )
    await page.reload()
    await expect(page.get_by_role("link", name="Sign in again")).to_be_visible()
    await expect(page.get_by_role("button", name="Add a key")).to_have_count(0)


@pytest.mark.parametrize("path", ["/ssh-keys", "/ssh-keys/text", "/ssh-keys/challenge", "/ssh-keys/x/end"])
async def test_only_a_page_of_ours_changes_them(stage: PagesStage, visitor: Visitor, path: str) -> None:
    assert (await visitor.ask(path, "POST"))[0] == 403
    await visitor.sign_in()
    assert (await visitor.ask(path, "POST", headers={"Origin": stage.url}))[0] == 403


async def test_the_command_line_does_it_too(stage: PagesStage, visitor: Visitor, tmp_path: Path) -> None:
    await visitor.sign_in()
    line = CommandLine(visitor)
    await line.sign_in()
    _, said = await line.call("/api/ssh-keys/text", "POST")
    told = f"printf %s {said['text']} | ssh-keygen -Y sign -n gatepass -f ~/.ssh/id_ed25519"
    body = {"text": said["text"], "signature": as_told(told, key_in(tmp_path)), "name": "Laptop"}
    status, added = await line.call("/api/ssh-keys", "POST", json=body)
    assert (status, added["name"], added["kind"]) == (201, "Laptop", "ssh-ed25519")
    status, said = await line.call("/api/ssh-keys", "POST", json=body)
    assert (status, said["error"], "over, or it was used" in said["message"]) == (403, "refused", True)
    assert (await line.call("/api/ssh-keys"))[1]["keys"] == [added]
    assert (await line.call(f"/api/ssh-keys/{added['id']}/end", "POST"))[0] == 200
    assert (await line.call("/api/ssh-keys"))[1]["keys"] == []
    assert (await line.call("/api/ssh-keys/x/end", "POST"))[0] == 404
    assert (await line.call("/api/ssh-keys", "POST", json={"text": 1}))[0] == 400


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("size", SIZES)
async def test_what_it_looks_like(stage: PagesStage, browser: Browser, tmp_path: Path, size: str, scheme: str) -> None:
    folder = Path(os.environ.get("SHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    width, height = SIZES[size]
    page = await browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)  # pyright: ignore[reportArgumentType]
    await on_page(page, stage)
    await fill(page, key_in(tmp_path), "Laptop")
    await page.get_by_role("button", name="Add this key").click()
    for name in ("ssh-keys", "ssh-keys-text"):
        await expect(page.get_by_role("heading", name="Laptop")).to_be_visible()
        await page.screenshot(path=folder / f"{name}-{size}-{scheme}.png", full_page=True)
        wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name} is {wide} px wider than {width}"
        found = (await Axe().run(page)).response["violations"]
        assert not [each["id"] for each in found if each["impact"] in {"serious", "critical"}], name
        if name == "ssh-keys":
            await page.get_by_role("button", name="Add a key").click()
