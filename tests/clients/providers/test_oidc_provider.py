"""Signing in at a provider that is not ours: panva's oidc-provider, certified by the OpenID Foundation.

It has a client secret, discovery, PKCE, RSA keys, `max_age`, groups and back-channel logout, each as it makes them.
"""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urljoin

import aiohttp
import pytest

from cli.demo.ports import free_port
from storage.model import BrowserEnd, BrowserSession, Principal
from support.clients.libraries import node
from support.clients.missing import needs
from support.clients.providers import SECRET, Corp, addresses_at, browser_of, origin_of, pages_at

pytestmark = [
    needs("oidc-provider", "node", "--version", at_least=(20,)),
    needs("oidc-provider", "npm"),
    pytest.mark.timeout(700),
]

#: Far more than any sign-in has.
STEPS = 20


@pytest.fixture
async def corp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Corp]:
    monkeypatch.setenv("OIDC_SECRET", SECRET)
    issuer = f"http://127.0.0.1:{free_port()}"
    with socket.create_server(("127.0.0.1", 0)) as listening:
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "ISSUER": issuer, "GROUPS": "lunch,db-oncall"}
        program = await asyncio.create_subprocess_exec(
            *node("provider.js"),
            stdout=asyncio.subprocess.PIPE,
            env=environment | addresses_at(origin_of(listening)),
        )
        try:
            assert program.stdout is not None
            async with asyncio.timeout(60):
                assert await program.stdout.readline() == b"listens\n"
            async with pages_at(issuer, listening, tmp_path, ["openid", "email", "groups"]) as pages:
                yield pages
        finally:
            program.terminate()
            await program.wait()


async def sign_in(corp: Corp, browser: aiohttp.ClientSession, who: str) -> str:
    """Go the whole way as a browser does, filling in the provider's forms; the page at its end."""
    async with browser.get(f"{corp.url}/sign-in/corp") as answer:
        text, at = await answer.text(), str(answer.url)
    for _ in range(STEPS):
        if at.startswith(corp.url):
            return text
        [action] = re.findall(r'<form[^>]* action="([^"]+)" method="post"', text)
        [prompt] = re.findall(r'name="prompt" value="(\w+)"', text)
        form = {"prompt": prompt} | ({"login": who, "password": "any"} if prompt == "login" else {})
        async with browser.post(urljoin(at, action), data=form) as answer:
            text, at = await answer.text(), str(answer.url)
    raise AssertionError(f"{who} was asked again and again: {text}")


@pytest.fixture
async def browser(corp: Corp) -> AsyncIterator[aiohttp.ClientSession]:
    async with browser_of(corp) as session:
        yield session


async def test_a_person_of_the_file_and_one_of_a_group_sign_in(corp: Corp, browser: aiohttp.ClientSession) -> None:
    assert "My access" in await sign_in(corp, browser, "alice")
    browser.cookie_jar.clear()
    assert "My access" in await sign_in(corp, browser, "zoe")
    [zoe] = [each for each in await corp.all(Principal) if each.name == "zoe"]
    assert zoe.brought_by == corp.issuer
    sessions = await corp.all(BrowserSession)
    assert all(each.provider_session for each in sessions)


async def test_its_logout_signs_out_here(corp: Corp, browser: aiohttp.ClientSession) -> None:
    await sign_in(corp, browser, "alice")
    async with browser.get(f"{corp.issuer}/session/end") as answer:
        text, at = await answer.text(), str(answer.url)
    [xsrf] = re.findall(r'name="xsrf" value="([^"]+)"', text)
    async with browser.post(urljoin(at, "/session/end/confirm"), data={"xsrf": xsrf, "logout": "yes"}) as answer:
        assert answer.status == 200
    [session] = await corp.all(BrowserSession)
    assert session.end_reason is BrowserEnd.PROVIDER
