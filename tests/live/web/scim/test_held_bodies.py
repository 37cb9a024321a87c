"""A body that is held back: for a time, and done by no token that was replaced meanwhile."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.web.provisioning import USER, Provisioner
from support.web.stage import PagesStage
from web.scim import bodies

BODY = json.dumps(
    {"schemas": [USER], "userName": "late@example.com", "emails": [{"value": "late@example.com", "primary": True}]}
)


class Held:
    """A body of which the last byte comes when it is let go."""

    def __init__(self) -> None:
        self.begun, self.go = asyncio.Event(), asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield BODY[:-1].encode()
        self.begun.set()
        await self.go.wait()
        yield BODY[-1:].encode()


async def sent(corp: Provisioner, held: Held) -> int:
    headers = {"Authorization": f"Bearer {corp.token}", "Content-Type": "application/scim+json"}
    async with corp.session.post(f"{corp.url}/Users", data=held, headers=headers) as answer:
        await answer.read()
        return answer.status


async def test_a_token_that_was_replaced_meanwhile_does_nothing(
    stage: PagesStage, corp: Provisioner, tmp_path: Path
) -> None:
    held = Held()
    sending = asyncio.create_task(sent(corp, held))
    await held.begun.wait()
    # Another request of the same token, so the first one has passed the door.
    assert (await corp.send("GET", "/Users"))[0] == 200
    (tmp_path / "token").write_text("another-token-of-the-tests-0123456789\n")
    held.go.set()
    assert await sending == 401
    [event] = await stage.world.events("scim:token:refuse")
    assert event["detail"]["token"] == "wrong"
    corp.token = "another-token-of-the-tests-0123456789"
    assert (await corp.send("GET", "/Users"))[1]["totalResults"] == 0


async def test_a_body_that_does_not_come(corp: Provisioner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "PATIENCE_S", 0.2)
    async with asyncio.timeout(10):
        assert await sent(corp, Held()) == 408


async def test_a_wrong_token_waits_for_no_body(corp: Provisioner) -> None:
    corp.token = "a-wrong-token-of-the-tests-0123456789"
    async with asyncio.timeout(10):
        assert await sent(corp, Held()) == 401
