"""Work, or a reason to drop it, whichever comes first."""

import asyncio

import pytest

from proxy.tasks import begun, unless


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


# --- begun at once ----------------------------------------------------------------------------------------------------


async def test_work_that_waits_for_nothing_is_done_at_once() -> None:
    async def deep() -> int:
        return 1

    async def work() -> int:
        return await deep() + 1

    assert begun(work()) == (2, None)


async def test_the_rest_goes_on_where_it_stopped_and_in_a_task() -> None:
    seen: list[object] = []
    released = asyncio.Event()

    async def work() -> str:
        seen.append("began")
        await asyncio.sleep(0)
        async with asyncio.timeout(60):
            await released.wait()
        seen.append(asyncio.current_task())
        return "done"

    done, rest = begun(work())
    assert (done, seen) == (None, ["began"])
    assert rest is not None
    task = asyncio.ensure_future(rest)
    await asyncio.sleep(0)
    released.set()
    assert await task == "done"
    assert seen == ["began", task]


async def test_what_it_raises_before_and_behind_a_wait() -> None:
    async def fail(*, late: bool) -> None:
        if late:
            await asyncio.sleep(0)
        raise ValueError("failed")

    with pytest.raises(ValueError, match="failed"):
        begun(fail(late=False))
    _, rest = begun(fail(late=True))
    assert rest is not None
    with pytest.raises(ValueError, match="failed"):
        await rest


async def test_cancelling_the_rest_cancels_the_work() -> None:
    left: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            left.append("cancelled")
            raise
        finally:
            left.append("cleaned")

    _, rest = begun(work())
    assert rest is not None
    task = asyncio.ensure_future(rest)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert left == ["cancelled", "cleaned"]
