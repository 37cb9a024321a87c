"""The bot stops when it is told to, whatever arrives in that moment."""

import asyncio
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from bot.posts.messages import Messages
from bot.posts.notifier import Notifier
from storage.model import Post
from support.bot.stage import Stage

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
