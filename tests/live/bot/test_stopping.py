"""The bot stops when it is told to, whatever arrives in that moment."""

import asyncio
import contextlib
from typing import Any

import pytest
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from sqlalchemy.ext.asyncio import AsyncSession

from bot.app import Bot
from bot.posts.messages import Messages
from bot.posts.notifier import Notifier
from storage.model import Post
from support.bot.stage import RunBot, Stage

#: More ticks than a wake-up takes to get from the notice to the loop that waits.
TICKS = 12


class NothingDue:
    """Storage in which no post waits; answers within the tick, so that ticks can be counted."""

    def transaction(self) -> "NothingDue":
        return self

    async def __aenter__(self) -> AsyncSession:
        return self  # type: ignore[return-value]

    async def __aexit__(self, *_: object) -> None: ...

    async def scalars(self, *_: object) -> "NothingDue":
        return self

    def all(self) -> list[Post]:
        return []


@pytest.mark.parametrize("ticks", range(TICKS))
async def test_a_notifier_woken_and_cancelled_at_once_ends(idle_stage: Stage, ticks: int) -> None:
    stage = idle_stage
    nothing: Any = NothingDue()
    notifier = Notifier(stage.access, stage.notices, nothing, Messages(stage.access, nothing))
    notifier._database = nothing
    running = asyncio.create_task(notifier.run())
    async with stage.notices.subscribe() as heard:
        await anext(heard)
    for _ in range(TICKS):
        await asyncio.sleep(0)
    stage.notices._heard(None, 0, "", "post:")
    for _ in range(ticks):
        await asyncio.sleep(0)
    running.cancel()
    done, _ = await asyncio.wait({running}, timeout=20)
    assert done == {running}


async def test_a_client_that_swallows_being_stopped_keeps_nobody_waiting(
    idle_stage: Stage, run_bot: RunBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As slack_sdk may while it renews a connection, by a `wait_for` of Python 3.11."""
    renewing = asyncio.Event()

    async def stubborn(_client: object, force: bool = False) -> None:
        renewing.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()

    async def lost(_client: object) -> bool:
        return False

    stage = idle_stage
    monkeypatch.setattr("bot.slack.sockets.WATCH_S", 0.05)
    async with run_bot(Bot(stage.access, stage.notices, stage.settings), stage.slack):
        monkeypatch.setattr(SocketModeClient, "connect_to_new_endpoint", stubborn)
        monkeypatch.setattr(SocketModeClient, "is_connected", lost)
        async with asyncio.timeout(40):
            await renewing.wait()
