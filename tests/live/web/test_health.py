"""The pages that anybody reaches: health and a certificate, and nothing about what runs here."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import yaml
from aiohttp import web

from access.context import Access
from access.policy.file import PolicyFile
from access.tokens import TokenKeys
from storage.database import Database
from storage.notices import Notices
from support.policies import policy_document
from support.web.stage import ADDRESSES
from web.app import WebServer
from web.settings import Origin, WebSettings

NOWHERE = ("127.0.0.1", 0)
SETTINGS = WebSettings(NOWHERE, NOWHERE, Origin("https", "gate.example.com", 443), ADDRESSES)


def access_to(database: Database, folder: Path) -> Access:
    path = folder / "gatepass.yml"
    path.write_text(yaml.safe_dump(policy_document()))
    path.chmod(0o600)
    return Access(database, PolicyFile(path), str, TokenKeys(folder / "keys"))


@pytest.fixture
async def port(database: Database, tmp_path: Path) -> AsyncIterator[int]:
    access = access_to(database, tmp_path)
    runner = web.AppRunner(WebServer(access, SETTINGS, Notices(database)).health(), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield runner.addresses[0][1]
    await runner.cleanup()


@pytest.mark.finding("L12")
async def test_nobody_is_told_what_runs_here(port: int) -> None:
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client:
        for path, status, says in (("/healthz", 200, '{"status": "ok"}'), ("/readyz", 200, '{"status": "ok"}')):
            async with client.get(path) as answer:
                assert (answer.status, await answer.text()) == (status, says)
        for path in ("/healthz", "/readyz", "/ca.pem", "/nothing", "/../etc/passwd"):
            async with client.get(path) as answer:
                assert "Server" not in answer.headers
                assert "aiohttp" not in (await answer.text()) + str(answer.headers)


@pytest.mark.finding("L12")
@pytest.mark.parametrize(
    "sent", [b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x00\x00\r\n\r\n", b"G\x00T / HTTP/1.1\r\n\r\n"]
)
async def test_what_is_no_http_is_told_no_version(port: int, sent: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, family=socket.AF_INET)
    writer.write(sent)
    async with asyncio.timeout(20):
        answer = await reader.read()
    writer.close()
    assert b"400" in answer
    assert b"aiohttp" not in answer
    assert b"Python" not in answer


async def test_a_storage_that_is_gone_is_said(tmp_path: Path) -> None:
    away = Database("postgresql://nobody@127.0.0.1:1/nothing")
    runner = web.AppRunner(WebServer(access_to(away, tmp_path), SETTINGS, Notices(away)).health(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/readyz"
    try:
        async with aiohttp.ClientSession() as client, client.get(url) as told:
            assert told.status == 503
    finally:
        await runner.cleanup()
        await away.close()
