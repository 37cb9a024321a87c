"""The messages of a playbook: each tells a ConnectionState what passed, and checks what comes of it.

They are called as PostgreSQL's manual calls them. Refused alone is none of its messages: it stands for one that fails
and went upstream in place of an extended message that was refused.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Self

from proxy.postgres.large_objects.functions import ObjectCall
from proxy.postgres.protocol.messages import Column
from proxy.postgres.relay.state.connection_state import ConnectionState
from proxy.postgres.relay.state.pending_reply import PendingReply
from proxy.postgres.relay.state.portals import Portal
from proxy.postgres.sql.texts.executed import together
from proxy.postgres.sql.texts.query import QueryAnalyser, QueryAnalysis

_ANALYSER = QueryAnalyser(lambda _: False)

Columns = tuple[Column, ...]


class Difference(Exception):
    """A line did not do what it was expected to do."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(expected, found)
        self.expected = expected
        self.found = found


@dataclass(frozen=True)
class Message:
    #: A part of the ProtocolViolation that this message must raise; None: it must raise none.
    violation: str | None = field(default=None, kw_only=True)

    def is_violation(self, part: str) -> Self:
        """The same message, where it must be refused with a sentence that has this part."""
        return replace(self, violation=part)

    def __str__(self) -> str:
        return f"{type(self).__name__}({', '.join(arguments(self))})"


def arguments(message: Message) -> Iterator[str]:
    for each in fields(message):
        value = getattr(message, each.name)
        if each.kw_only and value != each.default and value != {}:
            yield f"{each.name}={shown(value)}"
        elif not each.kw_only:
            yield shown(value)


def shown(value: object) -> str:
    if isinstance(value, tuple) and value and all(isinstance(item, Column) for item in value):
        return f"[{', '.join(f'{column.name}:{column.format}' for column in value)}]"
    return repr(value)


def same(what: str, expected: object, found: object) -> None:
    if expected != found:
        raise Difference(f"{what}: {expected!r}", f"{what}: {found!r}")


def analysis(sql: str) -> QueryAnalysis:
    """The analysis of a text, under a catalogue without masked columns."""
    return _ANALYSER.analyse(sql.encode())


def text(analysed: QueryAnalysis) -> str:
    """The text of an analysed query, without its literals."""
    return "; ".join(facts.text for facts in analysed.facts)


def _subject(pending: PendingReply) -> str:
    return "nothing" if pending.analysis is None else text(pending.analysis)


# --- the client's messages ----------------------------------------------------------------------------------------


class ClientMessage(Message, ABC):
    """Something the client sends."""

    @abstractmethod
    def play(self, state: ConnectionState) -> None:
        """Tell the state that this passed."""


@dataclass(frozen=True)
class Query(ClientMessage):
    sql: str
    #: It was refused: one that fails went in its place, and this is what the client gets instead of the error.
    denial: bytes | None = field(default=None, kw_only=True)

    def play(self, state: ConnectionState) -> None:
        state.query(analysis(self.sql), self.denial)


@dataclass(frozen=True)
class Parse(ClientMessage):
    name: str
    sql: str

    def play(self, state: ConnectionState) -> None:
        state.parse(self.name, analysis(self.sql))


@dataclass(frozen=True)
class Bind(ClientMessage):
    portal: str
    statement: str
    formats: tuple[int, ...] = ()

    def play(self, state: ConnectionState) -> None:
        state.bind(self.portal, self.statement, self.formats)


@dataclass(frozen=True)
class Describe(ClientMessage):
    #: S or P
    target: str
    name: str
    injected: bool = field(default=False, kw_only=True)

    def play(self, state: ConnectionState) -> None:
        state.describe(self.target, self.name, injected=self.injected)


@dataclass(frozen=True)
class Execute(ClientMessage):
    portal: str

    def play(self, state: ConnectionState) -> None:
        portal = state.portal(self.portal) or Portal(())
        state.execute(portal, together([candidate.analysis for candidate in portal.candidates]))


@dataclass(frozen=True)
class Close(ClientMessage):
    #: S or P
    target: str
    name: str

    def play(self, state: ConnectionState) -> None:
        state.close(self.target, self.name)


@dataclass(frozen=True)
class Refused(ClientMessage):
    """An extended message that was refused: one that fails went upstream in its place."""

    denial: bytes

    def play(self, state: ConnectionState) -> None:
        state.refuse(self.denial)


@dataclass(frozen=True)
class FunctionCall(ClientMessage):
    """A call of lo_tell, on the first descriptor."""

    def play(self, state: ConnectionState) -> None:
        state.call(analysis("select pg_catalog.lo_tell(0)"), ObjectCall(958, (0,)))


class Sync(ClientMessage):
    def play(self, state: ConnectionState) -> None:
        state.sync()


class CopyDone(ClientMessage):
    def play(self, state: ConnectionState) -> None:
        state.copy_end()


# --- the server's messages ----------------------------------------------------------------------------------------


class ServerMessage(Message, ABC):
    """Something the server answers."""

    @abstractmethod
    def play(self, state: ConnectionState) -> None:
        """Tell the state that this passed."""


class ParseComplete(ServerMessage):
    def play(self, state: ConnectionState) -> None:
        state.parse_complete()


class BindComplete(ServerMessage):
    def play(self, state: ConnectionState) -> None:
        state.bind_complete()


class CloseComplete(ServerMessage):
    def play(self, state: ConnectionState) -> None:
        state.close_complete()


class ParameterDescription(ServerMessage):
    def play(self, state: ConnectionState) -> None:
        state.parameters_described()


@dataclass(frozen=True)
class RowDescription(ServerMessage):
    columns: Columns = ()
    #: It answers a Describe of ours, so the client does not get it.
    injected: bool = field(default=False, kw_only=True)

    def play(self, state: ConnectionState) -> None:
        same("injected", self.injected, state.rows_described(self.columns).injected)


@dataclass(frozen=True)
class NoData(ServerMessage):
    def play(self, state: ConnectionState) -> None:
        state.rows_described(())


@dataclass(frozen=True)
class DataRow(ServerMessage):
    #: The columns, with their formats, that the row must be read by.
    columns: Columns = ()

    def play(self, state: ConnectionState) -> None:
        found = state.row_columns()
        if found != self.columns:
            raise Difference(f"a row of {shown(self.columns)}", f"a row of {shown(found)}")


@dataclass(frozen=True)
class CommandComplete(ServerMessage):
    #: The SQL that it must complete; None: any.
    of: str | None = field(default=None, kw_only=True)
    tag: str = field(default="DONE", kw_only=True)

    def play(self, state: ConnectionState) -> None:
        completed = state.completed(self.tag)
        if self.of is not None and completed.analysis != analysis(self.of):
            raise Difference(f"it completes {text(analysis(self.of))}", f"it completes {_subject(completed)}")


class EmptyQueryResponse(CommandComplete):
    """No statement at all."""


class PortalSuspended(CommandComplete):
    """The rows that were asked for are there, and more could come."""


class CopyInResponse(ServerMessage):
    def play(self, state: ConnectionState) -> None:
        state.copy_in_began()


class CopyOutResponse(ServerMessage):
    def play(self, state: ConnectionState) -> None:
        state.copy_out_began()


class FunctionCallResponse(ServerMessage):
    def play(self, state: ConnectionState) -> None:
        state.returned()


@dataclass(frozen=True)
class ErrorResponse(ServerMessage):
    #: What the client gets in its place.
    denial: bytes | None = field(default=None, kw_only=True)

    def play(self, state: ConnectionState) -> None:
        failed = state.failed()
        same("denial", self.denial, None if failed is None else failed.denial)


@dataclass(frozen=True)
class ReadyForQuery(ServerMessage):
    #: I, T or E
    status: str = "I"

    def play(self, state: ConnectionState) -> None:
        state.ready(self.status.encode())
