"""From Slack's buttons to the touch of a key and back: asked, approved, connected, and told in the digest."""

import asyncio
import shutil
import signal
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.async_api import Browser, Page, expect

from cli.demo.people import buttons, plainly
from client.errors import REFUSED
from support.client.engineer import GATEPASS, Engineer
from support.journeys import OwnProduct, Product
from support.web.browsers import chromium
from support.web.virtual_keys import plugged_in

PATIENCE_S = 30


@pytest.mark.timeout(240)
async def test_alice_and_bob_are_there(own_product: OwnProduct) -> None:
    async with own_product() as product, chromium() as browser:
        await rule_asks_for_a_touch(product)
        alice, bob = [await with_key(product, browser, who) for who in ("Alice Archer", "Bob Baker")]
        # Asking in Slack leads to the page that asks.
        await product.people.type("alice", "/access payments-db read 15m there with a key")
        await alice.goto(await link(product, "alice", "This takes a touch of your security key"))
        await alice.get_by_role("button", name="Ask with my security key").click()
        await expect(alice.get_by_text("waits for its reviewers")).to_be_visible()
        # So does approving; the tap alone counts for nothing.
        card = await product.people.card("there with a key")
        await product.people.approve("bob", card)
        await bob.goto(await link(product, "bob", "This takes a touch of your security key"))
        await expect(bob.get_by_role("heading", name="alice asks for read on payments-db for 15m")).to_be_visible()
        assert "Approved" not in plainly(await product.people.card("there with a key"))
        await bob.get_by_role("button", name="Approve with my security key").click()
        await expect(bob.get_by_text("Approved. The access ends at")).to_be_visible()
        approved = await product.people.card_until(str(card["ts"]), "Approved")
        assert "bob approved with a sign-in at" in plainly(approved)
        # The token too.
        await alice.goto(f"{product.settings.origin}/")
        await alice.get_by_role("link", name="Connect: read on payments-db").click()
        await alice.get_by_role("button", name="Show my token").click()
        token = await alice.locator("section[aria-labelledby=token] code").inner_text()
        seen = await product.clients.psql("read@payments-db", token, "select 40 + 2")
        assert (seen.status, "42" in seen.out) == (0, True), seen.err
        digest = await product.people.card("session")
        assert "with a touch of" in plainly(digest)
        await at_a_terminal(product, browser, alice)


async def at_a_terminal(product: Product, browser: Browser, alice: Page) -> None:
    """The command says the link, alice touches her key there, and it goes on by itself."""
    home = Path(tempfile.mkdtemp(prefix="gp-"))
    engineer, child = Engineer(home, str(product.settings.origin)), None
    try:
        seen = await engineer.login(browser, "Alice Archer")
        assert seen.status == 0, seen.err
        child = await engineer.start(GATEPASS, "psql", "payments-db", "--", "-Atc", "select 40 + 2")
        await touched(alice, await engineer.said(child, r"    (http\S+)"))
        seen = await engineer.seen(child)
        assert (seen.status, seen.out) == (0, "42\n"), seen.err
        # Once is once: the next one takes another, and no browser takes none of it away.
        child = await engineer.start(GATEPASS, "psql", "--no-browser", "payments-db", "--", "-Atc", "select 1")
        await alice.goto(await engineer.said(child, r"    (http\S+)"))
        await alice.get_by_role("button", name="Not me").click()
        await expect(alice.get_by_role("heading", name="Refused")).to_be_visible()
        seen = await engineer.seen(child)
        assert (seen.status, "It was refused on the page, so nothing was opened." in seen.err) == (REFUSED, True)
        child = await engineer.start(GATEPASS, "proxy", "payments-db")
        await touched(alice, await engineer.said(child, r"    (http\S+)"))
        assert child.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            lines = [(await child.stdout.readline()).decode() for _ in range(3)]
        for number in range(2):
            seen = await engineer.run("psql", lines[2].split()[-1], "-Atc", f"select {number}")
            assert (seen.status, seen.out) == (0, f"{number}\n"), seen.err
        child.send_signal(signal.SIGINT)
        assert (await engineer.seen(child)).status == 0
        seen = await engineer.gatepass("ssh", "logs@web-1", "echo before")
        assert (seen.status, seen.out) == (0, "before\n"), seen.err
        await rule_asks_for_a_touch(product, "automatic")
        child = await engineer.start(GATEPASS, "ssh", "logs@web-1", "echo in; exit 7")
        await touched(alice, await engineer.said(child, r"    (http\S+)"), "logs@web-1")
        seen = await engineer.seen(child)
        assert (seen.status, seen.out) == (7, "in\n"), seen.err
        assert (await engineer.gatepass("logout")).status == 0
    finally:
        if child is not None and child.returncode is None:
            child.kill()
            await child.wait()
        shutil.rmtree(home)


async def touched(page: Page, address: str, door: str = "read@payments-db") -> None:
    await page.goto(address)
    await expect(page.get_by_text(door)).to_be_visible()
    await page.get_by_role("button", name="Touch my security key").click()
    await expect(page.get_by_text("goes on by itself")).to_be_visible()


async def rule_asks_for_a_touch(product: Product, decision: str = "reviewed") -> None:
    path = Path(product.settings.config)
    document: dict[str, Any] = yaml.safe_load(path.read_text())
    for rule in document["policy"]:
        if rule["decision"] == decision:
            rule["requires"] = {"sign_in": "8h", "present": True}
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    for program in (product.bot, product.proxy):
        before = program.log.read_text().count("policy_reloaded")
        program.hang_up()
        async with asyncio.timeout(PATIENCE_S):
            while program.log.read_text().count("policy_reloaded") == before:
                await asyncio.sleep(0.05)


async def with_key(product: Product, browser: Browser, who: str) -> Page:
    """A browser of theirs, signed in, with a key."""
    page = await (await browser.new_context()).new_page()
    await plugged_in(page)
    await page.goto(f"{product.settings.origin}/keys")
    await page.get_by_role("link", name="Sign in with Demo Identity").click()
    await page.get_by_role("button", name=who).click()
    await page.get_by_label("What you call it").fill("Key on my ring")
    await page.get_by_role("button", name="Add a key").click()
    await expect(page.get_by_role("heading", name="Key on my ring")).to_be_visible()
    return page


async def link(product: Product, who: str, words: str) -> str:
    """Where the button leads below what Slack tells them alone."""
    told = await product.slack.wait_for(lambda message: words in plainly(message), user=who, timeout_s=PATIENCE_S)
    [url] = [str(button["url"]) for button in buttons(told) if "url" in button]
    return url
