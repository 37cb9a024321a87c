"""A wait can be cancelled in the very tick in which it ends."""

import asyncio

import pytest

from storage.waiting import wait_set


async def test_it_says_whether_the_event_is_set() -> None:
    event = asyncio.Event()
    assert not await wait_set(event, 0.001)
    event.set()
    assert await wait_set(event, 0)
    assert await wait_set(event, 60)


async def test_cancelled_as_it_ends_it_is_cancelled() -> None:
    event = asyncio.Event()
    waiting = asyncio.create_task(wait_set(event, 60))
    await asyncio.sleep(0)
    event.set()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
