"""Signing in at a provider that is not ours: panva's oidc-provider, certified by the OpenID Foundation.

It has a client secret, discovery, PKCE, RSA keys, `max_age`, groups and back-channel logout, each as it makes them.
"""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urljoin

import aiohttp
import pytest
from yarl import URL

from cli.demo.ports import free_port
from storage.database import Database
from storage.embedded.server import Embedded
from storage.migrate import migrate
from storage.model import BrowserEnd, BrowserSession, Principal
from support.access import World
from support.clients.libraries import node
from support.clients.missing import needs
from support.policies import policy_document
from support.web.stage import served, world_of
from web.settings import Origin

pytestmark = [
    needs("oidc-provider", "node", "--version", at_least=(20,)),
    needs("oidc-provider", "npm"),
    pytest.mark.timeout(700),
]

SECRET = "a secret of the client, with /+ and % in it, long enough for HS256"
#: Far more than any sign-in has.
STEPS = 20


@dataclass
class Corp:
    """Pages whose people sign in at a provider of its own."""

    world: World
    url: str
    issuer: str

    async def all(self, table: type[Any]) -> list[Any]:
        return await self.world.all(table)


def _policy(issuer: str, **corp: Any) -> dict[str, Any]:
    policy = policy_document()
    registration = {"issuer": issuer, "client_id": "gatepass", "client_secret": "env:OIDC_SECRET"}
    policy["providers"] = {"corp": registration | {"scopes": ["openid", "email", "groups"]} | corp}
    policy["groups"]["oncall"] = {"provider": "corp", "value": "db-oncall"}
    policy["policy"][0]["who"] = ["engineers", "oncall"]
    # So that the provider is asked for when somebody signed in.
    policy["policy"][0]["requires"] = {"sign_in": "8h"}
    return policy


@pytest.fixture
async def corp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Corp]:
    monkeypatch.setenv("OIDC_SECRET", SECRET)
    issuer = f"http://127.0.0.1:{free_port()}"
    with TemporaryDirectory(prefix="gatepass-") as folder, socket.create_server(("127.0.0.1", 0)) as listening:
        origin = Origin("http", "localhost", listening.getsockname()[1])
        program = await asyncio.create_subprocess_exec(
            *node("provider.js"),
            stdout=asyncio.subprocess.PIPE,
            env={
                "PATH": "/usr/local/bin:/usr/bin:/bin",
                "ISSUER": issuer,
                "REDIRECT": f"{origin}/sign-in/corp/callback",
                "LOGOUT": f"{origin}/sign-out/corp/back-channel",
                "SECRET": SECRET,
                "GROUPS": "lunch,db-oncall",
            },
        )
        embedded = Embedded(Path(folder))
        dsn = await asyncio.to_thread(embedded.start)
        await migrate(dsn)
        database = Database(dsn)
        try:
            assert program.stdout is not None
            async with asyncio.timeout(60):
                assert await program.stdout.readline() == b"listens\n"
            world = await world_of(database, tmp_path, _policy(issuer))
            async with served(world, origin, listening):
                yield Corp(world, str(origin), issuer)
        finally:
            program.terminate()
            await program.wait()
            await database.close()
            await asyncio.to_thread(embedded.stop)


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
    """Keeps cookies that are for https alone on this machine as well, as browsers do."""
    here = [URL(corp.url), URL(corp.issuer)]
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True, treat_as_secure_origin=here)) as session:
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
