"""Alice signs in with a browser, sees what is open for her, and her provider's logout cuts what is live."""

import asyncio
import os
import re
import time

import pytest
from playwright.async_api import Page, expect

from cli.demo.clients import Seen
from storage.model import EndReason
from support.children import line
from support.journeys import Product
from support.web.browsers import chromium

pytestmark = pytest.mark.asyncio(loop_scope="session")

ALICE = "demo|alice"


async def test_a_logout_at_the_provider_cuts_live_sessions(product: Product) -> None:
    sql, sql_grant = await product.granted("payments-db read 15m", "signed in psql")
    psql = await product.clients.start_psql("read@payments-db", sql, "-c", r"\echo up", "-c", "select pg_sleep(60)")
    assert b"up" in await line(psql.stdout)
    shell, shell_grant = await product.granted("web-1 deploy 15m", "signed in ssh")
    ssh = await product.clients.start_ssh("deploy@web-1", shell, "echo up; sleep 60")
    assert b"up" in await line(ssh.stdout)
    async with chromium() as browser:
        page = await browser.new_page()
        await page.goto(str(product.settings.origin))
        await page.get_by_role("link", name="Sign in with Demo Identity").click()
        await page.get_by_role("button", name="Alice Archer").click()
        await expect(page.get_by_role("heading", name="read on payments-db").first).to_be_visible()
        command = f"ssh -p {product.clients.ssh_port} deploy@web-1@127.0.0.1"
        await expect(page.get_by_text(command).first).to_be_visible()
        began = time.monotonic()
        assert await product.around.provider.sign_out(ALICE) == 1
        for child in (psql, ssh):
            seen = await product.clients.seen(child)
            assert "signed out at the provider" in seen.err
            assert seen.status != 0
        print(f"cut {time.monotonic() - began:.2f} s after the logout")
        await page.reload()
        await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    for grant in (sql_grant, shell_grant):
        assert (await product.ended(grant)).end_reason is EndReason.REVOKED


async def test_every_line_of_the_connect_page_gets_in(product: Product) -> None:
    """The token of the page as the password, in psql's URI, the password file, and a host of the ssh configuration."""
    await product.granted("payments-db read 15m", "connect psql")
    await product.granted("web-1 deploy 15m", "connect ssh")
    folder = product.clients.folder
    async with chromium() as browser:
        page = await browser.new_page()
        await page.goto(str(product.settings.origin))
        await page.get_by_role("link", name="Sign in with Demo Identity").click()
        await page.get_by_role("button", name="Alice Archer").click()
        database, token = await _connect(page, "read on payments-db")
        host, other = await _connect(page, "deploy on web-1")
    seen = await _run("psql", "-X", "-Atc", "select 1 + 1", database["libpq URI"], PGPASSWORD=token)
    assert (seen.status, seen.out) == (0, "2\n"), seen.err
    (folder / "pgpass").touch(mode=0o600)
    (folder / "pgpass").write_text(database["~/.pgpass"].replace("TOKEN", token) + "\n")
    seen = await _run("psql", "-X", "-Atc", "select 2 + 2", database["libpq URI"], PGPASSFILE=str(folder / "pgpass"))
    assert (seen.status, seen.out) == (0, "4\n"), seen.err
    (folder / "config").write_text(host["~/.ssh/config"] + "\n")
    options = product.clients.ssh_options()
    words = ["-F", str(folder / "config"), *options[options.index("-o") :], "web-1.gate", "echo in"]
    ask = {"SSH_ASKPASS": str(folder / "askpass"), "SSH_ASKPASS_REQUIRE": "force", "GATEPASS_TOKEN": other}
    seen = await _run("ssh", *words, **ask)
    assert (seen.status, seen.out) == (0, "in\n"), seen.err


async def _connect(page: Page, door: str) -> tuple[dict[str, str], str]:
    """The lines of the connect page by client, and the token that it shows."""
    await page.get_by_role("link", name=f"Connect: {door}").first.click()
    await page.get_by_role("button", name="Show my token").click()
    token = await page.locator("section[aria-labelledby=token] code").inner_text()
    ways = page.locator("section[aria-labelledby=ways] article")
    names, texts = await ways.locator("h3").all_inner_texts(), await ways.locator("code").all_inner_texts()
    await page.get_by_role("link", name="My access").click()
    return dict(zip(names, texts, strict=True)), token


async def _run(*command: str, **environment: str) -> Seen:
    child = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", **environment},
    )
    async with asyncio.timeout(60):
        out, err = await child.communicate()
    return Seen(child.returncode or 0, out.decode(), err.decode())


async def test_whoever_the_policy_does_not_name_is_told_so(product: Product) -> None:
    async with chromium() as browser:
        page = await browser.new_page()
        await page.goto(str(product.settings.origin))
        await page.get_by_role("link", name="Sign in with Demo Identity").click()
        await page.get_by_role("button", name="Mallory").click()
        await expect(page.get_by_text("Demo Identity knows you, but the policy here does not name you")).to_be_visible()


async def test_a_stranger_in_slack_becomes_who_her_provider_says(product: Product) -> None:
    """From the first /access of somebody whom no file names to rows; the gestures and the time are printed."""
    began = time.monotonic()
    await product.slack.command("dora", "incidents", "/access payments-db read 15m first day")
    told = await product.slack.wait_for("whose Slack account this is", channel="incidents", user="dora")
    [link] = set(re.findall(r"http://[^ |>\"]+/link/[A-Za-z0-9_-]{43}", str(told)))
    async with chromium() as browser:
        page = await browser.new_page()
        await page.goto(link)
        await page.get_by_role("link", name="Sign in with Demo Identity").click()
        await page.get_by_role("button", name="Dora Diaz").click()
        await page.get_by_role("button", name="It is mine: link it to dora").click()
        await expect(page.get_by_text("is dora from now on")).to_be_visible()
        await product.slack.wait_for("linked to dora", channel="dm", user="dora")
        linked = time.monotonic()
        token, grant = await product.granted("payments-db read 15m", "first day of dora", who="dora")
        seen = await product.clients.psql("read@payments-db", token, "select count(*) from customers")
        assert (seen.status, "(1 row)" in seen.out) == (0, True), seen.err
        print(f"linked {linked - began:.1f} s after /access, rows {time.monotonic() - linked:.1f} s later")
        sleeping = await product.clients.start_psql(
            "read@payments-db", token, "-c", r"\echo up", "-c", "select pg_sleep(60)"
        )
        assert b"up" in await line(sleeping.stdout)
        await page.goto(str(product.settings.origin))
        unlinked = time.monotonic()
        await page.get_by_role("button", name="Unlink it, and end what is open for me").click()
        seen = await product.clients.seen(sleeping)
        assert "another account is theirs now" in seen.err
        print(f"cut {time.monotonic() - unlinked:.2f} s after unlinking")
    assert (await product.ended(grant)).end_reason is EndReason.REVOKED
