"""Turns at something costly that anybody may ask for: few at once, and the others wait in fair shares.

Whoever waits does so for a time; sources are let in one after the other, however many of one wait. Where too many wait,
the last one of the source with the most gives up its place, so a crowd takes it from its own.
"""

import asyncio
import contextlib
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator
from typing import Final

from web.door.rates import source_of

#: How long somebody waits for their turn: browsers wait that long, and people too.
PATIENCE_S: Final = 30.0
#: Waiting at once, of all sources: as many as have their turn meanwhile, where each takes a tenth of a second.
MAX_WAITING: Final = 600


class NoTurn(Exception):
    """It did not come in time, or there was no place to wait for it."""


class Turns:
    """`at_once` of them; memory is bounded."""

    def __init__(self, at_once: int, *, most: int = MAX_WAITING, patience_s: float = PATIENCE_S) -> None:
        self._free = at_once
        self._most = most
        self._patience_s = patience_s
        #: Those of each source that wait, True once it is their turn; the source whose turn is next stands first.
        self._waiting: OrderedDict[str, deque[asyncio.Future[bool]]] = OrderedDict()
        self._count = 0

    @contextlib.asynccontextmanager
    async def of(self, address: str) -> AsyncGenerator[None]:
        """A turn of `address`. Raises NoTurn."""
        await self._wait(source_of(address))
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, source: str) -> None:
        if self._free:
            self._free -= 1
            return
        place = self._enter(source)
        try:
            async with asyncio.timeout(self._patience_s):
                is_mine = await place
        except BaseException as error:
            # Given at the moment at which nobody waited for it any more.
            if place.done() and not place.cancelled() and place.result():
                self._pass_on()
            self._leave(source, place)
            if isinstance(error, TimeoutError):
                raise NoTurn from error
            raise
        if not is_mine:
            raise NoTurn

    def _enter(self, source: str) -> asyncio.Future[bool]:
        """Raises NoTurn."""
        if self._count >= self._most:
            longest = max(self._waiting.values(), key=len)
            if len(longest) <= len(self._waiting.get(source, ())) + 1:
                raise NoTurn
            longest.pop().set_result(False)
            self._count -= 1
        place = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(source, deque()).append(place)
        self._count += 1
        return place

    def _leave(self, source: str, place: asyncio.Future[bool]) -> None:
        mine = self._waiting.get(source, deque())
        if place in mine:
            mine.remove(place)
            self._count -= 1
            if not mine:
                del self._waiting[source]

    def _pass_on(self) -> None:
        """To the next one, whose source waits behind the others from now on."""
        while self._waiting:
            source, places = self._waiting.popitem(last=False)
            place = places.popleft()
            self._count -= 1
            if places:
                self._waiting[source] = places
            if not place.done():
                place.set_result(True)
                return
        self._free += 1
