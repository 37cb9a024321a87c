"""A wait can be cancelled in the very tick in which it ends."""

import asyncio

import pytest

from storage.audit.sequencer import Sequencer
from storage.database import Database
from storage.notices import Notices

#: More ticks than a wake-up takes to get from the notice to the loop that waits.
TICKS = 12


@pytest.mark.parametrize("ticks", range(TICKS))
async def test_a_sequencer_woken_and_cancelled_at_once_ends(database: Database, ticks: int) -> None:
    notices = Notices(database)
    listening = asyncio.create_task(notices.run())
    sequencing = asyncio.create_task(Sequencer(database, notices).run())
    async with notices.subscribe() as heard:
        await anext(heard)
    notices._heard(None, 0, "", "audit:")
    for _ in range(ticks):
        await asyncio.sleep(0)
    for task in (sequencing, listening):
        task.cancel()
    done, _ = await asyncio.wait({sequencing, listening}, timeout=20)
    assert done == {sequencing, listening}
