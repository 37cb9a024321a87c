"""What is done in threads: few of them, and nothing of whoever left before its turn came."""

import asyncio
import contextvars
import threading

import pytest

from proxy.aside import aside

_ASKED = contextvars.ContextVar[str]("_ASKED")


async def test_what_it_returns_and_what_it_raises() -> None:
    assert await aside(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        await aside(lambda: 1 // 0, is_long=True)


async def test_it_is_done_in_the_surroundings_of_who_asked_and_not_in_the_loop() -> None:
    _ASKED.set("alice")
    assert await aside(_ASKED.get) == "alice"
    assert await aside(threading.get_ident) != threading.get_ident()


@pytest.mark.parametrize(("is_long", "at_once"), [(False, 1), (True, 2)])
async def test_few_work_at_once_and_who_leaves_is_not_worked_for(is_long: bool, at_once: int) -> None:
    go_on, began = threading.Event(), list[int]()

    def work(number: int) -> None:
        began.append(number)
        go_on.wait()

    asked = [asyncio.ensure_future(aside(lambda number=number: work(number), is_long=is_long)) for number in range(5)]
    while len(began) < at_once:
        await asyncio.sleep(0)
    asked[-1].cancel()
    await asyncio.sleep(0)
    assert sorted(began) == list(range(at_once))
    go_on.set()
    await asyncio.wait(asked)
    assert sorted(began) == [0, 1, 2, 3]


async def test_what_is_short_does_not_wait_behind_what_is_long() -> None:
    go_on = threading.Event()
    long = [asyncio.ensure_future(aside(go_on.wait, is_long=True)) for _ in range(3)]
    assert await aside(lambda: "done") == "done"
    go_on.set()
    assert await asyncio.gather(*long) == [True] * 3
