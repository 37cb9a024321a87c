"""A request whose body is held back does nothing by a sign-in that ended before the rest came."""

import asyncio
import json
from collections.abc import AsyncIterator
from urllib.parse import urlencode, urlsplit

import aiohttp
import pytest
from structlog.testing import capture_logs

from access.identity.incidents import lost
from storage.model import AccessRequest, SshKeyText
from support.web.command_line import CommandLine
from support.web.stage import PagesStage
from support.web.visitor import Visitor
from web.door import bodies


class Held:
    """A body of which the last byte comes when it is let go."""

    def __init__(self, body: str) -> None:
        self._body = body.encode()
        self.begun, self.go = asyncio.Event(), asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body[:-1]
        self.begun.set()
        await self.go.wait()
        yield self._body[-1:]


@pytest.fixture
async def line(stage: PagesStage, visitor: Visitor) -> CommandLine:
    await visitor.sign_in("u-alice")
    line = CommandLine(visitor)
    await line.sign_in()
    return line


@pytest.mark.parametrize("path", ["/api/requests", "/api/ssh-keys/text", "/api/ssh-keys"])
async def test_of_a_command_line(stage: PagesStage, line: CommandLine, path: str) -> None:
    asked = {"resource": "payments-db", "role": "read", "duration_s": 900, "reason": "x"}
    held = Held(json.dumps(asked | {"text": "t", "signature": "s", "name": "n"}))
    headers = {"Content-Type": "application/json"}
    asking = asyncio.create_task(line.call(path, "POST", data=held, headers=headers))
    await held.begun.wait()
    await lost.sign_out(stage.world.access, "alice", "human:operator", with_grants=True)
    held.go.set()
    status, said = await asking
    assert (status, said["error"]) == (401, "signed_out")
    assert await stage.world.all(AccessRequest) == await stage.world.all(SshKeyText) == []


async def test_of_a_browser(stage: PagesStage, visitor: Visitor) -> None:
    await visitor.sign_in("u-alice")
    held = Held(urlencode({"csrf": "0" * 64, "name": "x"}))
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": stage.url}
    asking = asyncio.create_task(visitor.ask("/ssh-keys", "POST", data=held, headers=headers))
    await held.begun.wait()
    await lost.sign_out(stage.world.access, "alice", "human:operator", with_grants=False)
    held.go.set()
    status, text, _ = await asking
    assert (status, "You are not signed in any more" in text) == (403, True)


async def test_a_body_that_does_not_come(
    line: CommandLine, visitor: Visitor, stage: PagesStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "PATIENCE_S", 0.2)
    form = {"Content-Type": "application/x-www-form-urlencoded", "Origin": stage.url}
    status, text, _ = await visitor.ask("/ssh-keys", "POST", data=Held("csrf=x"), headers=form)
    assert (status, "came too slowly" in text) == (408, True)
    headers = {"Content-Type": "application/json"}
    assert (await line.call("/api/requests", "POST", data=Held("{}"), headers=headers))[0] == 408


#: Where nobody is asked who they are before the body is read.
ANYBODYS = ("/api/token", "/api/device", "/sign-out/corp/back-channel")
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("path", ANYBODYS)
async def test_a_body_of_nobodys_that_does_not_come(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(bodies, "PATIENCE_S", 0.2)
    async with asyncio.timeout(10):
        assert (await visitor.ask(path, "POST", data=Held("code=x"), headers={"Content-Type": FORM}))[0] == 408


@pytest.mark.parametrize("path", ANYBODYS)
async def test_whoever_leaves_in_the_middle_fells_nothing(
    stage: PagesStage, visitor: Visitor, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    site = urlsplit(stage.url)
    with capture_logs() as logged:
        _, writer = await asyncio.open_connection("127.0.0.1", site.port)
        head = f"POST {path} HTTP/1.1\r\nHost: {site.netloc}\r\nContent-Type: {FORM}\r\nContent-Length: 40\r\n\r\ncode"
        writer.write(head.encode())
        await writer.drain()
        # Served behind it, so it is being read by now.
        assert (await visitor.ask("/sign-in"))[0] == 200
        writer.close()
        await writer.wait_closed()
        status, *_ = await visitor.ask(path, "POST", data=b"code=x", headers={"Content-Type": FORM})
        assert status == 400 or path == "/api/device"
    assert [each for each in logged if each["log_level"] == "error"] == []
    assert [each for each in caplog.records if each.levelname == "ERROR"] == []


@pytest.mark.parametrize("charset", ["nope", "base64", "utf-16", "utf-7"])
async def test_a_body_in_other_letters(line: CommandLine, visitor: Visitor, stage: PagesStage, charset: str) -> None:
    form = {"Content-Type": f"{FORM}; charset={charset}", "Origin": stage.url}
    for path in (*ANYBODYS, "/unlink"):
        status, text, _ = await visitor.ask(path, "POST", data=b"csrf=x", headers=form)
        assert (status, "not written in UTF-8" in text) == (400, True), path
    headers = {"Content-Type": f"application/json; charset={charset}"}
    status, said = await line.call("/api/requests", "POST", data=b"{}", headers=headers)
    assert (status, "not written in UTF-8" in said["message"]) == (400, True)


async def test_a_body_of_bytes_that_are_no_letters(visitor: Visitor) -> None:
    for path in ANYBODYS:
        assert (await visitor.ask(path, "POST", data=b"code=\xff\xfe", headers={"Content-Type": FORM}))[0] == 400


async def test_a_form_with_files(stage: PagesStage, visitor: Visitor) -> None:
    await visitor.sign_in("u-alice")
    for path in (*ANYBODYS, "/unlink"):
        with aiohttp.MultipartWriter("form-data") as form:
            form.append("x").set_content_disposition("form-data", name="csrf")
        status, _, _ = await visitor.ask(path, "POST", data=form, headers={"Origin": stage.url})
        assert status == 415, path
