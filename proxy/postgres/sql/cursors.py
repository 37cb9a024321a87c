"""Cursors that SQL opens, as portals of the protocol: which are open for certain, as statements completed. Pure.

`DECLARE c CURSOR` makes a portal c, which a client may run by Describe and Execute as well as by FETCH. A cursor is
known from the moment that its DECLARE completed, until anything that may have closed it: CLOSE, the end of its
transaction, ROLLBACK to a savepoint before it, DISCARD ALL. What functions open and close is not seen: a cursor of
theirs is not known, and one that they closed is only gone. Nothing here decides; who knows a cursor judges its Execute
as the FETCH it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

#: Of DECLARE (PostgreSQL's nodes/parsenodes.h, CURSOR_OPT_HOLD).
_HOLD = 0x0020
#: The server's word where a COMMIT ended a transaction that had failed.
_ROLLED_BACK = "ROLLBACK"


class Kind(Enum):
    DECLARE = auto()
    CLOSE = auto()
    COMMIT = auto()
    ROLLBACK = auto()
    SAVEPOINT = auto()
    RELEASE = auto()
    ROLLBACK_TO = auto()
    DISCARD = auto()


@dataclass(frozen=True)
class CursorChange:
    """What a statement does to cursors; `name` is the cursor's or savepoint's as PostgreSQL folds it."""

    kind: Kind
    #: Empty: all cursors.
    name: str = ""
    #: WITH HOLD: the cursor outlives its transaction.
    holds: bool = False

    def meets(self, portal: str) -> bool:
        """Whether the portal of this name may be another one afterwards, or none, by its words."""
        return self.kind is Kind.DISCARD or (self.kind in {Kind.DECLARE, Kind.CLOSE} and self.name in {"", portal})


_TRANSACTION = {
    pg.TRANS_STMT_COMMIT: Kind.COMMIT,
    pg.TRANS_STMT_PREPARE: Kind.ROLLBACK,
    pg.TRANS_STMT_ROLLBACK: Kind.ROLLBACK,
    pg.TRANS_STMT_SAVEPOINT: Kind.SAVEPOINT,
    pg.TRANS_STMT_RELEASE: Kind.RELEASE,
    pg.TRANS_STMT_ROLLBACK_TO: Kind.ROLLBACK_TO,
}


def cursor_change(tree: Message | None) -> CursorChange | None:
    """What a statement does to cursors by its own words; None: nothing."""
    match tree:
        case pg.DeclareCursorStmt():
            return CursorChange(Kind.DECLARE, tree.portalname, holds=bool(tree.options & _HOLD))
        case pg.ClosePortalStmt():
            return CursorChange(Kind.CLOSE, tree.portalname)
        case pg.DiscardStmt() if tree.target == pg.DISCARD_ALL:
            return CursorChange(Kind.DISCARD)
        case pg.TransactionStmt() if tree.kind in _TRANSACTION:
            return CursorChange(_TRANSACTION[tree.kind], tree.savepoint_name)
        case _:
            return None


def fetch(name: str, rows: int) -> bytes:
    """The FETCH that does what an Execute of that portal does; up to so many rows, all if it is not positive."""
    quoted = name.replace('"', '""')
    return f'fetch {rows if rows > 0 else "all"} from "{quoted}"'.encode("utf-8", "surrogateescape")


@dataclass
class _Cursor:
    holds: bool
    #: How many savepoints there were when it was declared; None: its transaction is over.
    depth: int | None


class OpenCursors:
    """Of one connection; told of statements in the order in which the server completes them."""

    def __init__(self) -> None:
        self._cursors: dict[str, _Cursor] = {}
        self._savepoints: list[str] = []
        #: Something failed since the transaction began.
        self._failed = False
        #: Names that may have become another portal's while answers were under way.
        self._overtaken: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self._cursors

    def completed(self, changes: Sequence[CursorChange | None], tag: str) -> None:
        """A statement completed with this tag: the only one of `changes`, or nobody knows which of them."""
        if len(changes) == 1:
            self._change(changes[0], tag)
        else:
            for change in changes:
                self._may_change(change)

    def forget(self, name: str) -> None:
        """What is sent now may give that name to another portal, or take it away."""
        self._cursors.pop(name, None)
        self._overtaken.add(name)

    def failed(self) -> None:
        """The server answered with an error."""
        self._failed = True

    def ready(self, status: bytes, *, settled: bool) -> None:
        """A ReadyForQuery: outside of a transaction what was not held is closed. `settled`: no answer is under way."""
        if status == b"I":
            self._end(rolled_back=self._failed)
        if settled:
            self._overtaken.clear()

    def _change(self, change: CursorChange | None, tag: str) -> None:
        match change:
            case CursorChange(Kind.DECLARE, name, holds) if name not in self._overtaken:
                self._cursors[name] = _Cursor(holds, len(self._savepoints))
            case CursorChange(Kind.COMMIT):
                self._end(rolled_back=tag == _ROLLED_BACK)
            case CursorChange(Kind.SAVEPOINT, name):
                self._savepoints.append(name)
            case CursorChange(Kind.RELEASE, name):
                self._release(name)
            case CursorChange(Kind.ROLLBACK_TO, name):
                self._roll_back_to(name)
            case _:
                self._may_change(change)

    def _may_change(self, change: CursorChange | None) -> None:
        """Keep what is open whether or not this ran."""
        match change:
            case None | CursorChange(Kind.SAVEPOINT | Kind.RELEASE):
                pass
            case CursorChange(Kind.DECLARE | Kind.CLOSE, name) if name:
                self._cursors.pop(name, None)
            case CursorChange(Kind.ROLLBACK):
                self._end(rolled_back=True)
            case _:
                self._cursors.clear()

    def _end(self, *, rolled_back: bool) -> None:
        kept = {name: each for name, each in self._cursors.items() if each.depth is None or each.holds}
        self._cursors = {name: each for name, each in kept.items() if each.depth is None or not rolled_back}
        for cursor in self._cursors.values():
            cursor.depth = None
        self._savepoints.clear()
        self._failed = False

    def _release(self, name: str) -> None:
        """What was declared behind it belongs to what is around it."""
        level = self._level(name)
        del self._savepoints[level:]
        for cursor in self._cursors.values():
            if cursor.depth is not None:
                cursor.depth = min(cursor.depth, level)

    def _roll_back_to(self, name: str) -> None:
        """What was declared behind it is closed; the savepoint stays."""
        level = self._level(name)
        del self._savepoints[level + 1 :]
        self._failed = False
        self._cursors = {
            name: each for name, each in self._cursors.items() if each.depth is None or each.depth <= level
        }

    def _level(self, name: str) -> int:
        """How many savepoints there are before the last one of this name."""
        found = [level for level, each in enumerate(self._savepoints) if each == name]
        return found[-1] if found else 0
