"""Signing in at Keycloak, which many have: its realm, groups, unverified addresses, and its administrators' logout.

It is started once; that takes it a minute on a busy machine.
"""

import asyncio
import contextlib
import html
import os
import re
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import aiohttp
import pytest

from cli.demo.ports import free_port
from storage.model import BrowserEnd, BrowserSession, Principal
from support.clients.libraries import keycloak
from support.clients.missing import needs
from support.clients.providers import SECRET, Corp, addresses_at, browser_of, origin_of, pages_at

pytestmark = [
    needs("Keycloak", "java", "-version", at_least=(17,)),
    needs("Keycloak", "mvn"),
    pytest.mark.timeout(900),
]

#: A start on a machine that does much else.
_STARTS_S = 400
_FORM = re.compile(r'<form[^>]* action="([^"]+)"')


@dataclass(frozen=True)
class Realm:
    """The realm of one run of Keycloak, and the socket of the only pages that it knows."""

    issuer: str
    listening: socket.socket


@pytest.fixture(scope="module")
def realm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Realm]:
    folder, port = keycloak(), free_port()
    told = tmp_path_factory.mktemp("keycloak") / "log"
    with socket.create_server(("127.0.0.1", 0)) as listening, told.open("wb") as log:
        program = subprocess.Popen(
            [
                *("sh", folder / "bin" / "kc.sh", "start", "--optimized", "--import-realm", "--cache=local"),
                *("--http-enabled=true", "--hostname-strict=false", "--http-host=127.0.0.1", f"--http-port={port}"),
                f"--http-management-port={free_port()}",
            ],
            env=os.environ | addresses_at(origin_of(listening)),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield Realm(f"http://127.0.0.1:{port}/realms/corp", listening)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGTERM)
            program.wait()


@pytest.fixture
async def corp(realm: Realm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Corp]:
    monkeypatch.setenv("OIDC_SECRET", SECRET)
    await _up(realm.issuer)
    async with pages_at(realm.issuer, realm.listening.dup(), tmp_path) as pages:
        yield pages


async def _up(issuer: str) -> None:
    """Return once the realm is served."""
    async with asyncio.timeout(_STARTS_S), aiohttp.ClientSession() as client:
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with client.get(f"{issuer}/.well-known/openid-configuration") as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.5)


@pytest.fixture
async def browser(corp: Corp) -> AsyncIterator[aiohttp.ClientSession]:
    async with browser_of(corp) as session:
        yield session


async def sign_in(corp: Corp, browser: aiohttp.ClientSession, who: str) -> str:
    """The page after its form was filled in."""
    async with browser.get(f"{corp.url}/sign-in/corp") as answer:
        [action] = _FORM.findall(await answer.text())
        form = urljoin(str(answer.url), html.unescape(action))
    async with browser.post(form, data={"username": who, "password": "any"}) as answer:
        assert str(answer.url).startswith(corp.url)
        return await answer.text()


async def test_a_person_of_the_file_and_one_of_a_group_sign_in(corp: Corp, browser: aiohttp.ClientSession) -> None:
    assert "My access" in await sign_in(corp, browser, "alice")
    browser.cookie_jar.clear()
    assert "My access" in await sign_in(corp, browser, "zoe")
    [zoe] = [each for each in await corp.all(Principal) if each.name == "zoe"]
    assert zoe.brought_by == corp.issuer
    assert all(each.provider_session for each in await corp.all(BrowserSession))


async def test_an_address_that_it_has_not_verified_is_nobody(corp: Corp, browser: aiohttp.ClientSession) -> None:
    assert "has not verified your e-mail address" in await sign_in(corp, browser, "mallory")
    assert await corp.all(BrowserSession) == []


async def test_its_logout_signs_out_here(corp: Corp, browser: aiohttp.ClientSession) -> None:
    await sign_in(corp, browser, "alice")
    async with browser.get(f"{corp.issuer}/protocol/openid-connect/logout") as answer:
        text = await answer.text()
    [action] = _FORM.findall(text)
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', text))
    logout = urljoin(corp.issuer, html.unescape(action))
    async with browser.post(logout, data={**hidden, "confirmLogout": "Logout"}) as answer:
        assert answer.status == 200
    [session] = await corp.all(BrowserSession)
    assert session.end_reason is BrowserEnd.PROVIDER
