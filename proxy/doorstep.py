"""Doorstep: one connection from its acceptance until it is let in, whatever its protocol.

It has a place in the lobby that all such connections of a listener share, has to speak up in time, and its log lines
are spared where there are many of a kind. It closes its connection by what it was given for that.
"""

import asyncio
import time
from collections.abc import Callable

import structlog

from proxy.doors.lobby import FIRST_WORDS_S, Lobby, LobbyLimits
from proxy.doors.sources import source_of
from proxy.doors.sparing import SparingLog

log: structlog.stdlib.BoundLogger = structlog.get_logger()

TOO_MANY = "too many connections"
SILENT = "silent"


class Entrance:
    """What the doorsteps of one listener share."""

    def __init__(self, limits: LobbyLimits, *, first_words_s: float = FIRST_WORDS_S) -> None:
        self.lobby: Lobby[Doorstep] = Lobby(limits)
        self.sparing = SparingLog()
        self.first_words_s = first_words_s


class Doorstep:
    """One connection's; `drop` closes it at once and without a word."""

    def __init__(self, entrance: Entrance, host: str, drop: Callable[[], None]) -> None:
        self._entrance = entrance
        self._source = source_of(host)
        self._drop = drop
        #: Why it was dropped from here, if it was.
        self.dropped = ""
        loop = asyncio.get_running_loop()
        self._first_words = loop.call_later(entrance.first_words_s, self._end_silence)
        leaving = entrance.lobby.enter(self, self._source)
        if leaving is not None:
            leaving.drop(TOO_MANY)

    def drop(self, why: str) -> None:
        self.dropped = why
        self.left()
        self._drop()

    def spoke(self) -> None:
        """Its first words are in."""
        self._first_words.cancel()
        self._entrance.lobby.has_spoken(self)

    def left(self) -> None:
        """It is let in, or gone."""
        self._first_words.cancel()
        self._entrance.lobby.leave(self)

    def note(self, event: str, why: str, *, client: str) -> None:
        """Log what became of it: one line a minute for a source's connections of which the same became."""
        more = self._entrance.sparing.due(f"{event}: {why}", self._source, time.monotonic())
        if more is not None:
            log.info(event, client=client, why=why, more_like_it=more)

    def _end_silence(self) -> None:
        if self._entrance.lobby.is_silent(self):
            self.drop(SILENT)
