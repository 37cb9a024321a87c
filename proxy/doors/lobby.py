"""Lobby: connections that are in no session yet, shared fairly between the sources that they come from.

One source fills its share and no more, so everybody else gets in. Where a limit is met, who has said nothing so far
goes first: the oldest of them. It closes nothing itself: it says who has to leave.
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

GuestT = TypeVar("GuestT")

#: How long a connection may take until its first words: a version line, a first packet.
FIRST_WORDS_S = 3.0


@dataclass(frozen=True)
class LobbyLimits:
    """How many connections may be on their way into a session at once."""

    #: From one source. What is left of `in_all` is the reserve for all others.
    per_source: int
    in_all: int


@dataclass
class _Place:
    source: str
    silent: bool = True


class Lobby(Generic[GuestT]):
    """Guests are in the order in which they came."""

    def __init__(self, limits: LobbyLimits) -> None:
        self._limits = limits
        self._places: dict[GuestT, _Place] = {}
        self._count: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._places)

    def enter(self, guest: GuestT, source: str) -> GuestT | None:
        """Let a guest in; returns who has left the lobby for it and is to be closed: an earlier one, itself, nobody."""
        self._places[guest] = _Place(source)
        self._count[source] = self._count.get(source, 0) + 1
        leaving: GuestT | None = None
        if self._count[source] > self._limits.per_source:
            leaving = self._oldest_silent(source, but=guest) or guest
        elif len(self._places) > self._limits.in_all:
            leaving = self._one_of_the_crowd(but=guest)
        if leaving is not None:
            self.leave(leaving)
        return leaving

    def has_spoken(self, guest: GuestT) -> None:
        """Its first words are in."""
        if guest in self._places:
            self._places[guest].silent = False

    def is_silent(self, guest: GuestT) -> bool:
        """Whether it is here and has said nothing so far."""
        return guest in self._places and self._places[guest].silent

    def leave(self, guest: GuestT) -> None:
        """It is in a session, or gone; whoever was asked to leave has left already."""
        place = self._places.pop(guest, None)
        if place is None:
            return
        self._count[place.source] -= 1
        if not self._count[place.source]:
            del self._count[place.source]

    def _oldest_silent(self, source: str, but: GuestT) -> GuestT | None:
        mine = (guest for guest, place in self._places.items() if place.source == source and place.silent)
        return next((guest for guest in mine if guest != but), None)

    def _one_of_the_crowd(self, but: GuestT) -> GuestT:
        """Of the source that has most of them, the oldest silent one, or the oldest if all of its have spoken.

        The source comes first: a crowd whose every connection has spoken would else send away whoever just came.
        """
        others = [(guest, place) for guest, place in self._places.items() if guest != but]
        return max(others, key=lambda each: (self._count[each[1].source], each[1].silent), default=(but, None))[0]
