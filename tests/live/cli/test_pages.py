"""The pages' port as `serve` opens it: encrypted by the gateway's CA, by a certificate of one's own, or by a proxy."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from structlog.testing import capture_logs

from cli.demo.ports import free_port
from cli.pages import Pages
from cli.runtime import NotReady
from cli.settings import Settings
from proxy.authority import Authority
from storage.database import Database
from storage.notices import Notices
from support.access import World
from support.policies import policy_document
from support.web.stage import ADDRESSES, world_of
from web.app import CannotServe, WebServer
from web.settings import Origin

HOST = "gate.example.com"


@pytest.fixture
async def world(database: Database, tmp_path: Path) -> World:
    return await world_of(database, tmp_path, policy_document())


def settings(folder: Path, **more: Any) -> Settings:
    ports = [free_port(0), free_port(0)]
    listen = {"health_listen": f"127.0.0.1:{ports[0]}", "web_listen": f"127.0.0.1:{ports[1]}"}
    return Settings.load().model_copy(update={"home": folder, "web_url": None, **listen, **more})


@contextlib.asynccontextmanager
async def served(world: World, pages: Pages) -> AsyncGenerator[None]:
    """Both ports, once they answer."""
    running = asyncio.ensure_future(WebServer(world.access, pages.settings, Notices(world.database)).run())
    try:
        while not running.done():
            try:
                _, writer = await asyncio.open_connection(*pages.settings.pages_listen)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                break
        else:
            await running
        yield
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def asked(url: str, tls: ssl.SSLContext | bool = True, **headers: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as client, client.get(url, ssl=tls, headers=headers) as answer:
        return answer.status, str(answer.headers.get("Strict-Transport-Security"))


async def test_the_gateways_own_ca_encrypts_them(world: World, tmp_path: Path) -> None:
    pages = Pages(settings(tmp_path), ADDRESSES)
    trusting = ssl.create_default_context(cafile=tmp_path / "ca" / "ca.pem")
    async with served(world, pages):
        assert await asked(f"{pages.settings.origin}/sign-in", trusting) == (200, "None")
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await asked(f"{pages.settings.origin}/sign-in")
        health = f"http://127.0.0.1:{pages.settings.health_listen[1]}"
        assert (await asked(f"{health}/healthz"))[0] == 200
        assert (await asked(f"{health}/sign-in"))[0] == 404
        assert (await asked(f"{pages.settings.origin}/healthz", trusting))[0] == 404


async def test_a_certificate_of_ones_own_and_the_next_one(world: World, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("cli.pages._LOOK_S", 0.02)
    first, second = (Authority(tmp_path / name) for name in ("first", "second"))
    own = tmp_path / "own.pem"
    own.write_bytes(first.issue(["localhost"]))
    said = settings(tmp_path, web_cert=own, web_key=own)
    pages = Pages(said, ADDRESSES)
    by = {each: ssl.create_default_context(cafile=each.certificate_file) for each in (first, second)}
    keeping = asyncio.ensure_future(pages.keep_certificate())
    with capture_logs() as said_of_it:
        try:
            async with served(world, pages):
                assert (await asked(f"{pages.settings.origin}/sign-in", by[first]))[0] == 200
                own.write_text("nothing that is a certificate")
                async with asyncio.timeout(30):
                    while not any(line["event"] == "web_certificate_kept" for line in said_of_it):
                        await asyncio.sleep(0.02)
                assert (await asked(f"{pages.settings.origin}/sign-in", by[first]))[0] == 200
                own.write_bytes(second.issue(["localhost"]))
                async with asyncio.timeout(30):
                    while True:
                        with contextlib.suppress(aiohttp.ClientConnectorCertificateError):
                            assert (await asked(f"{pages.settings.origin}/sign-in", by[second]))[0] == 200
                            break
                        await asyncio.sleep(0.02)
        finally:
            keeping.cancel()
            await asyncio.wait([keeping])


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_certificate_that_cannot_be_used_is_named(tmp_path: Path, content: str | None) -> None:
    own = tmp_path / "own.pem"
    if content is not None:
        own.write_text(content)
    with pytest.raises(NotReady, match=r"own\.pem with the key .* cannot be used"):
        Pages(settings(tmp_path, web_cert=own, web_key=own), ADDRESSES)


async def test_a_proxy_encrypts_them_and_nobody_comes_past_it(world: World, tmp_path: Path) -> None:
    origin = Origin.read("https://gate.example.com")
    for proxies, status in (("127.0.0.1", 200), ("10.0.0.0/8", 403)):
        networks = Settings.model_validate({"GATEPASS_WEB_PROXIES": proxies}).web_proxies
        pages = Pages(settings(tmp_path, web_url=origin, web_proxies=networks), ADDRESSES)
        async with served(world, pages):
            url = f"http://127.0.0.1:{pages.settings.pages_listen[1]}/sign-in"
            assert await asked(url, Host="gate.example.com") == (status, "max-age=63072000")
            assert (await asked(url, Host="evil.example"))[0] in {403, 421}


async def test_behind_a_proxy_each_client_has_turns_of_its_own(world: World, tmp_path: Path) -> None:
    document = policy_document() | {"providers": {"corp": {"issuer": "http://127.0.0.1:1", "client_id": "x"}}}
    await world.write(document)
    networks = Settings.model_validate({"GATEPASS_WEB_PROXIES": "127.0.0.1"}).web_proxies
    said = settings(tmp_path, web_url=Origin.read("https://gate.example.com"), web_proxies=networks)
    pages = Pages(said, ADDRESSES)
    async with served(world, pages):
        url = f"http://127.0.0.1:{pages.settings.pages_listen[1]}/sign-in/corp"
        first = [(await asked(url, Host=HOST, Forwarded="for=192.0.2.1"))[0] for _ in range(25)]
        assert (first.count(502), first.count(429)) == (20, 5)
        # What the client wrote before the proxy's own word is nobody's address.
        assert (await asked(url, Host=HOST, Forwarded="for=9.9.9.9, for=192.0.2.1"))[0] == 429
        assert (await asked(url, Host=HOST, Forwarded="for=192.0.2.2"))[0] == 502
        # A header that the proxy passes on as the client wrote it buys no turns: those are the proxy's own, for all.
        both = {"Host": HOST, "X-Forwarded-For": "192.0.2.3"}
        first = [(await asked(url, True, Forwarded=f"for=192.0.2.{each}", **both))[0] for each in range(100, 125)]
        assert (first.count(502), first.count(429)) == (20, 5)


async def test_a_port_that_is_taken_is_said(world: World, tmp_path: Path) -> None:
    said = settings(tmp_path)
    with socket.create_server(("127.0.0.1", int(said.web_listen.rpartition(":")[2]))):
        with pytest.raises(CannotServe) as taken:
            await WebServer(world.access, Pages(said, ADDRESSES).settings, Notices(world.database)).run()
        assert taken.value.listen == ("127.0.0.1", int(said.web_listen.rpartition(":")[2]))
