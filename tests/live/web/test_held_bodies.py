"""A request whose body is held back does nothing by a sign-in that ended before the rest came."""

import asyncio
import json
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest

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
