"""Portals of one connection that Bind made: statements with their parameters, by name. Pure.

Data alone, but for `started`: that is a decision, and requests.py's.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from proxy.postgres.protocol.frames import ProtocolViolation
from proxy.postgres.protocol.messages import Column
from proxy.postgres.relay.state.prepared import Prepared
from proxy.postgres.sql.cursors import CursorChange
from proxy.postgres.sql.texts.query import QueryAnalysis

#: More names than this are no client's need.
MAX_PORTALS = 10_000


@dataclass(eq=False, slots=True)
class Portal:
    """A prepared statement with its parameters, and what it may stand for."""

    candidates: tuple[Prepared, ...]
    formats: tuple[int, ...] = ()
    columns: tuple[Column, ...] | None = None
    described_in: int = -1
    started: bool = False
    failed: bool = False
    #: How many parameters it was bound with.
    parameters: int = 0
    #: How many statements had been sent to run when it was bound, itself planned.
    bound_after: int = 0
    #: How many had been when it was bound or ran last.
    last_run: int = 0
    #: The Bind's payload, where reviewers may have to be shown its values; else empty.
    bind: bytes = b""
    #: The batch that its Bind was sent in, and whether the server has said that it is there.
    sent_in: int = -1
    is_answered: bool = False

    @property
    def runs_by_name(self) -> bool:
        """Whether it runs what a name stands for when it runs, which anything in between may change."""
        return any(each.analysis.runs_by_name for each in self.candidates)

    def result_columns(self) -> tuple[Column, ...]:
        """Columns of its rows, in the formats they come in. Raises ProtocolViolation if they were never described."""
        if self.failed:
            raise ProtocolViolation("rows of a portal that could not be made")
        if self.columns is not None:
            return self.columns
        if len(self.candidates) != 1 or self.candidates[0].failed or (columns := self.candidates[0].columns) is None:
            raise ProtocolViolation("rows that were never described")
        self.columns = _formatted(columns, self.formats)
        return self.columns


class Portals:
    """By their names."""

    def __init__(self) -> None:
        self._named: dict[str, Portal] = {}
        #: Those that are bound upstream and wait for a review, or have their meaning by a name that may change.
        self._waiting: dict[str, Portal] = {}

    @property
    def kept(self) -> int:
        """Bytes of values that reviewers may have to be shown."""
        return sum(len(portal.bind) for portal in self._named.values())

    def get(self, name: str) -> Portal | None:
        return self._named.get(name)

    @property
    def analyses(self) -> Iterator[QueryAnalysis]:
        """What those may run that SQL can fetch from."""
        return (each.analysis for name, portal in self._named.items() if name for each in portal.candidates)

    def bound(self, name: str, portal: Portal) -> None:
        """A Bind is sent, which gives the name to this portal."""
        if name not in self._named and len(self._named) >= MAX_PORTALS:
            raise ProtocolViolation("too many portals")
        self._named[name] = portal
        self._waiting.pop(name, None)
        if portal.bind:
            self._waiting[name] = portal

    def take_waiting(self, running: Portal | None) -> list[str]:
        """Portals that wait no longer, for something runs: their names, without the one that it is."""
        if not self._waiting:
            return []
        closed = {name: portal for name, portal in self._waiting.items() if portal is not running}
        for name, portal in closed.items():
            portal.bind = b""
            del self._waiting[name]
        if running is not None and not running.runs_by_name:
            self._waiting.clear()
        return list(closed)

    def closed(self, name: str) -> None:
        self._named.pop(name, None)

    def met(self, changes: Iterable[CursorChange]) -> None:
        """SQL that may close or replace them is sent to run."""
        for change in changes:
            for name in [name for name in self._named if change.meets(name)]:
                del self._named[name]

    def failed(self, name: str, portal: Portal) -> None:
        """Its Bind failed, or was discarded."""
        portal.failed = True
        if self._named.get(name) is portal:
            del self._named[name]

    def ended(self) -> None:
        """They live no longer than their transaction."""
        self._named.clear()


def _formatted(columns: tuple[Column, ...], formats: tuple[int, ...]) -> tuple[Column, ...]:
    """Columns of a statement in the result formats of a Bind: none means text, one means all."""
    if not formats:
        return columns
    chosen = formats * len(columns) if len(formats) == 1 else formats
    if len(chosen) != len(columns):
        raise ProtocolViolation("another number of result formats than columns")
    return tuple(column._replace(format=form) for column, form in zip(columns, chosen, strict=True))
