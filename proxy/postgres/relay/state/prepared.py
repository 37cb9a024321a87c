"""Prepared statements of one connection, by name. Pure.

A name can stand for several while answers are on their way (and after SQL's own PREPARE and DEALLOCATE), so it stands
for all of them, in the order they were sent: what runs is analysed as if each of them ran.
"""

from dataclasses import dataclass

from proxy.postgres.protocol.frames import ProtocolViolation
from proxy.postgres.protocol.messages import Column
from proxy.postgres.sql.texts.query import QueryAnalysis

#: More names than this are no client's need.
MAX_PREPARED = 10_000
#: Statements that one name may stand for.
MAX_CANDIDATES = 64


@dataclass(eq=False, slots=True)
class Prepared:
    """A prepared statement."""

    analysis: QueryAnalysis
    #: Its text, where reviewers may have to be shown it; else empty.
    sql: bytes = b""
    #: Of its parameters, as Parse declared them or the server described them; 0 or missing: not known.
    types: tuple[int, ...] = ()
    #: Of its RowDescription, once it was described; formats come with Bind.
    columns: tuple[Column, ...] | None = None
    #: The batch (messages up to a Sync) in which its description was asked for.
    described_in: int = -1
    failed: bool = False
    #: Whether the server may run code when it reads the text.
    reads_code: bool = False
    #: Parse: the batch that it was sent in, and whether the server has said that it is there.
    sent_in: int = -1
    is_answered: bool = False


class PreparedStatements:
    """What each name may stand for, oldest first."""

    def __init__(self) -> None:
        self._named: dict[str, list[Prepared]] = {}

    @property
    def kept(self) -> int:
        """Bytes of texts that reviewers may have to be shown."""
        return sum(len(each.sql) for candidates in self._named.values() for each in candidates)

    def of(self, name: str) -> tuple[Prepared, ...]:
        """The unnamed statement is the last one, for what is sent in its batch or once it is there."""
        candidates = self._named.get(name, ())
        return tuple(candidates if name else candidates[-1:])

    def parsed(self, name: str, prepared: Prepared) -> None:
        """A Parse is sent. It may be discarded, and leave an unnamed statement that was there before."""
        self._add(name, prepared)

    def made_by_sql(self, analysis: QueryAnalysis, sql: bytes) -> None:
        """Its PREPAREs are sent to run."""
        for statement in analysis.statements if analysis.prepares else ():
            if statement.prepares is None:
                continue
            candidates = self._named.get(statement.prepares, [])
            if candidates and candidates[-1].analysis == analysis:
                # A Close that is under way takes the one before it, and not this.
                candidates[-1] = Prepared(analysis, sql)
            else:
                self._add(statement.prepares, Prepared(analysis, sql))

    def _add(self, name: str, prepared: Prepared) -> None:
        if name not in self._named and len(self._named) >= MAX_PREPARED:
            raise ProtocolViolation("too many prepared statements")
        candidates = self._named.setdefault(name, [])
        candidates.append(prepared)
        if name and len(candidates) > MAX_CANDIDATES:
            raise ProtocolViolation("too many statements under one name")

    def completed(self, name: str, prepared: Prepared | None) -> None:
        """It is there, so whatever had the name before is not."""
        candidates = self._named.get(name, [])
        if prepared in candidates:
            self._named[name] = candidates[candidates.index(prepared) :]

    def closed(self, name: str, candidates: tuple[Prepared, ...]) -> None:
        """Those that had the name when it was asked to be closed are gone."""
        self._keep(name, [each for each in self._named.get(name, ()) if each not in candidates])

    def failed(self, name: str, prepared: Prepared) -> None:
        """Its Parse failed, or was discarded: it made nothing."""
        prepared.failed = True
        self._keep(name, [each for each in self._named.get(name, ()) if each is not prepared])

    def _keep(self, name: str, left: list[Prepared]) -> None:
        if left:
            self._named[name] = left
        else:
            self._named.pop(name, None)
