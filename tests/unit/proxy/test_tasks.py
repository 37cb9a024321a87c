"""Work, or a reason to drop it, whichever comes first."""

import asyncio

import pytest

from proxy.tasks import unless


async def test_work_that_is_done_first_returns() -> None:
    assert await unless(asyncio.Event(), asyncio.sleep(0, "done")) == "done"


async def test_work_that_fails_raises() -> None:
    async def fail() -> None:
        raise ValueError("failed")

    with pytest.raises(ValueError, match="failed"):
        await unless(asyncio.Event(), fail())


async def test_an_event_cancels_the_work_and_waits_until_it_has_cleaned_up() -> None:
    event, cleaned = asyncio.Event(), False

    async def work() -> str:
        nonlocal cleaned
        event.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned = True
        return "never"

    assert await unless(event, work()) is None
    assert cleaned
