"""Work, or a reason to drop it, whichever comes first."""

import asyncio

import pytest

from proxy.tasks import settled, unless


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


async def test_who_is_cancelled_again_still_waits_until_the_work_has_cleaned_up() -> None:
    event, cleaning, cleaned = asyncio.Event(), asyncio.Event(), asyncio.Event()
    may_end = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cleaning.set()
            await may_end.wait()
            cleaned.set()

    outer = asyncio.ensure_future(unless(event, work()))
    await asyncio.sleep(0)
    event.set()
    await cleaning.wait()
    for _ in range(3):
        outer.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not outer.done()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await outer
    assert cleaned.is_set()


async def test_a_task_is_settled_whatever_became_of_it() -> None:
    async def fail() -> None:
        raise ValueError("failed")

    task = asyncio.ensure_future(fail())
    await settled(task)
    assert isinstance(task.exception(), ValueError)
