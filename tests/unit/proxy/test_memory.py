"""What unfinished messages hold is counted and bounded, and freed memory is given back in a while, once."""

import asyncio

import pytest

from proxy import memory
from proxy.errors import TooMuchPinned
from proxy.memory import LARGE_BYTES, Memory


@pytest.fixture
async def given_back(monkeypatch: pytest.MonkeyPatch) -> asyncio.Queue[None]:
    """How often it was, each told by the thread that does it."""
    told: asyncio.Queue[None] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def tell() -> None:
        loop.call_soon_threadsafe(told.put_nowait, None)

    monkeypatch.setattr(memory, "trim", lambda: tell)
    monkeypatch.setattr(memory, "GIVE_BACK_EVERY_S", 0.0)
    return told


@pytest.mark.finding("pg-F18")
def test_no_more_is_pinned_than_may_be() -> None:
    bounded = Memory(100)
    bounded.pin(60)
    with pytest.raises(TooMuchPinned, match="all sessions together"):
        bounded.pin(41)
    bounded.pin(40)
    bounded.pin(-100)
    assert bounded.pinned == 0


@pytest.mark.finding("pg-F18")
async def test_what_ends_at_the_same_time_is_given_back_together(given_back: asyncio.Queue[None]) -> None:
    one = Memory()
    for _ in range(3):
        one.pin(LARGE_BYTES)
        one.pin(-LARGE_BYTES)
    one.give_back()
    await asyncio.wait_for(given_back.get(), 60)
    assert given_back.empty()
    one.give_back()
    await asyncio.wait_for(given_back.get(), 60)


@pytest.mark.finding("pg-F18")
async def test_what_is_freed_later_is_given_back_once_more(
    given_back: asyncio.Queue[None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "ONCE_MORE_S", 0.0)
    Memory().give_back()
    for _ in range(2):
        await asyncio.wait_for(given_back.get(), 60)


@pytest.mark.finding("pg-F18")
async def test_small_messages_are_not_worth_it(given_back: asyncio.Queue[None]) -> None:
    one = Memory()
    one.pin(LARGE_BYTES - 1)
    one.pin(1 - LARGE_BYTES)
    assert one._due is None
    assert given_back.empty()


def test_the_c_library_is_asked() -> None:
    memory.trim()()
