"""Into a host without a pasted token: plain ssh by the link that it shows, and by a key that its owner registered."""

import asyncio
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from cli.settings import host_and_port
from support.client.engineer import Engineer
from support.journeys import OwnProduct, Product
from support.web.browsers import chromium

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as launched:
        yield launched


def home_of(product: Product) -> Engineer:
    engineer = Engineer(Path(tempfile.mkdtemp(prefix="gp-")), str(product.settings.origin))
    askpass = engineer.home / "askpass"
    askpass.write_text("#!/bin/sh\necho\n")
    askpass.chmod(0o700)
    engineer.variables = {"SSH_ASKPASS": str(askpass), "SSH_ASKPASS_REQUIRE": "force"}
    return engineer


def plain_ssh(product: Product, door: str, *options: str) -> list[str]:
    host, port = host_and_port(product.settings.ssh_listen)
    trust = ["-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null"]
    return ["ssh", "-F", "none", *trust, *options, "-p", str(port), f"{door}@{host}"]


async def let_in(product: Product, engineer: Engineer, browser: Browser) -> None:
    await engineer.login(browser, "Alice Archer")
    assert (await engineer.gatepass("request", "web-1", "logs")).status == 0
    words = plain_ssh(product, "logs@web-1", "-oPreferredAuthentications=keyboard-interactive", "-oIdentityFile=none")
    child = await engineer.start(*words, "echo in by a link")
    assert child.stderr is not None
    said = ""
    async with asyncio.timeout(30):
        while "waiting for ten minutes" not in said:
            line = (await child.stderr.readline()).decode()
            assert line, said
            said += line
    [link] = re.findall(r"(http\S+/let-in/\S+)", said)
    [number] = re.findall(r"type the number there: (\d{4})", said)
    page = await browser.new_page()
    await page.goto(link)
    await page.get_by_role("link", name="Sign in with").click()
    await page.get_by_role("button", name="Alice Archer").click()
    await expect(page.get_by_text("logs@web-1", exact=True)).to_be_visible()
    assert number not in await page.locator("main").inner_text(), "it is the terminal's to show"
    await page.get_by_label("The number that your terminal shows").fill(number)
    await page.get_by_role("button", name="Let it in").click()
    await expect(page.get_by_role("heading", name="Let in")).to_be_visible()
    seen = await engineer.seen(child)
    assert (seen.status, seen.out) == (0, "in by a link\n"), seen.err
    assert "Let in as alice." in seen.err
    await page.close()


async def test_plain_ssh_by_its_link(product: Product, browser: Browser) -> None:
    """The pages are served by one process, and ssh by another."""
    engineer = home_of(product)
    try:
        await let_in(product, engineer, browser)
        await engineer.gatepass("done", "--all")
    finally:
        shutil.rmtree(engineer.home)


async def test_by_whichever_worker_the_connection_is_in(own_product: OwnProduct, browser: Browser) -> None:
    async with own_product(workers=2) as product:
        engineer = home_of(product)
        try:
            await let_in(product, engineer, browser)
        finally:
            shutil.rmtree(engineer.home)


async def test_by_a_key_of_ones_own(product: Product, browser: Browser) -> None:
    engineer = home_of(product)
    try:
        await engineer.login(browser, "Alice Archer")
        assert (await engineer.gatepass("request", "web-1", "logs")).status == 0
        (engineer.home / ".ssh").mkdir(mode=0o700)
        key = engineer.home / ".ssh" / "id_ed25519"
        assert (await engineer.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key))).status == 0
        words = plain_ssh(product, "logs@web-1", f"-oIdentityFile={key}", "-oPreferredAuthentications=publickey")
        assert (await engineer.run(*words, "true")).status == 255
        seen = await engineer.gatepass("keys", "add", "--name", "Laptop")
        assert (seen.status, "Added Laptop: ssh-ed25519 SHA256:" in seen.out) == (0, True), seen.err
        seen = await engineer.run(*words, "echo in by a key")
        assert (seen.status, seen.out) == (0, "in by a key\n"), seen.err
        seen = await engineer.gatepass("keys", "list")
        assert seen.out.startswith("Laptop  ssh-ed25519  SHA256:")
        seen = await engineer.gatepass("keys", "add")
        assert (seen.status != 0, "is yours already, as" in seen.err) == (True, True)
        assert (await engineer.gatepass("keys", "remove", "Laptop")).status == 0
        assert (await engineer.run(*words, "true")).status == 255
        seen = await engineer.gatepass("keys", "remove", "Laptop")
        assert "no SSH key called Laptop" in seen.err
        seen = await engineer.gatepass("keys", "add", "nowhere")
        assert "nowhere is not there" in seen.err
        await engineer.gatepass("done", "--all")
    finally:
        shutil.rmtree(engineer.home)


async def test_a_role_that_takes_tokens_alone_gets_one(own_product: OwnProduct, browser: Browser) -> None:
    def tokens_alone(policy: dict[str, Any]) -> None:
        policy["resources"]["web-1"]["roles"]["logs"]["accepts"] = ["token"]

    async with own_product(amend=tokens_alone) as product:
        engineer = home_of(product)
        try:
            await engineer.login(browser, "Alice Archer")
            seen = await engineer.gatepass("ssh", "logs@web-1", "echo by a token")
            assert (seen.status, seen.out) == (0, "by a token\n"), seen.err
            assert list(engineer.kept.glob("servers/*/askpass"))
            assert not list(engineer.kept.glob("keys/*/key"))
        finally:
            shutil.rmtree(engineer.home)
