"""Few at once, the others in fair shares, for a time."""

import asyncio
from collections.abc import Iterable

import pytest

from web.door.turns import NoTurn, Turns


class Crowd:
    """Those that want a turn, and the order in which they had it."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.had: list[str] = []
        self.at_once = 0
        self.go = asyncio.Event()

    async def come(self, address: str) -> None:
        async with self.turns.of(address):
            self.at_once += 1
            self.had.append(address)
            await self.go.wait()
            self.at_once -= 1

    async def wait(self, addresses: Iterable[str]) -> list[asyncio.Task[None]]:
        """All of them, each waiting or at it."""
        tasks = [asyncio.create_task(self.come(each)) for each in addresses]
        await settled()
        return tasks


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_few_at_once_and_everybody_in_the_end() -> None:
    crowd = Crowd(Turns(2))
    tasks = await crowd.wait(["a"] * 50)
    assert crowd.at_once == 2
    crowd.go.set()
    await asyncio.gather(*tasks)
    assert (len(crowd.had), crowd.at_once) == (50, 0)
    assert (crowd.turns._free, crowd.turns._count, crowd.turns._waiting) == (2, 0, {})


async def test_sources_one_after_the_other() -> None:
    crowd = Crowd(Turns(1))
    tasks = await crowd.wait(["a"] * 5 + ["b"] + ["2001:db8::1", "2001:db8::2"])
    crowd.go.set()
    await asyncio.gather(*tasks)
    assert crowd.had == ["a", "a", "b", "2001:db8::1", "a", "2001:db8::2", "a", "a"]


async def test_a_crowd_takes_places_from_its_own() -> None:
    crowd = Crowd(Turns(1, most=4))
    many = await crowd.wait(["a"] * 6)
    assert [each.done() for each in many] == [False] * 5 + [True]
    few = await crowd.wait(["b", "b", "b"])
    # The last two of those that waited gave up theirs; as many of each wait by now.
    assert [each.done() for each in many] == [False, False, False, True, True, True]
    assert [each.done() for each in few] == [False, False, True]
    crowd.go.set()
    found = await asyncio.gather(*many, *few, return_exceptions=True)
    assert [type(each) for each in found if each is not None] == [NoTurn] * 4
    assert crowd.had == ["a", "a", "b", "a", "b"]


async def test_whoever_waits_too_long_goes() -> None:
    crowd = Crowd(Turns(1, patience_s=0.01))
    first, second = await crowd.wait(["a", "a"])
    with pytest.raises(NoTurn):
        await second
    crowd.go.set()
    await first
    assert (crowd.turns._free, crowd.turns._count, crowd.turns._waiting) == (1, 0, {})


@pytest.mark.parametrize("is_given", [True, False])
async def test_a_turn_of_somebody_who_leaves_is_the_next_ones(is_given: bool) -> None:
    """Also if it was given at the same moment."""
    crowd = Crowd(Turns(1))
    first, second, third = await crowd.wait(["a", "a", "a"])
    if is_given:
        crowd.turns._pass_on()
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    crowd.go.set()
    await asyncio.gather(first, third)
    assert (crowd.had, crowd.turns._count) == (["a", "a"], 0)


async def test_what_fails_gives_its_turn_back() -> None:
    turns = Turns(1)
    for _ in range(2):
        with pytest.raises(ValueError, match="failed"):
            await fail(turns)


async def fail(turns: Turns) -> None:
    async with turns.of("a"):
        raise ValueError("failed")
