"""PendingReply: a message that was sent upstream and is not answered yet, and what it was about. Pure.

Data alone: connection_state.py changes it, but for `started`: that is a decision, and requests.py's. A Question is
answered by answers.py.
"""

from dataclasses import dataclass, field
from enum import IntEnum, auto

from proxy.postgres.large_objects.functions import ObjectCall
from proxy.postgres.protocol.frames import ProtocolViolation
from proxy.postgres.protocol.messages import Column
from proxy.postgres.sql.query import QueryAnalysis


class Kind(IntEnum):
    """An integer, for those are found in a set at once: Enum's own hash is a call for each answer."""

    QUERY = auto()
    PARSE = auto()
    BIND = auto()
    DESCRIBE = auto()
    EXECUTE = auto()
    CLOSE = auto()
    SYNC = auto()
    #: A function called by its OID.
    CALL = auto()
    #: The client's CopyDone or CopyFail; no answer of its own.
    COPY_END = auto()


@dataclass(eq=False, slots=True)
class Question:
    """Something that the gateway itself asks on the client's connection; the client gets none of its answers."""

    #: The first column of each row.
    cells: list[str] = field(default_factory=list[str])
    #: Of a ParameterDescription.
    types: tuple[int, ...] = ()
    #: Everything that was asked has been answered.
    done: bool = False
    #: The payload of a FunctionCallResponse.
    result: bytes | None = None
    #: What the server said where it did not answer, and the masked ErrorResponse where it is still to be sent.
    failed: str | None = None
    error: bytes = b""


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
    #: How much had changed when what `columns` says was asked for (ConnectionState).
    described_after: int = -1
    failed: bool = False


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
    #: How many statements had been sent to run when it was bound.
    bound_after: int = 0
    #: How many had been when it was bound or ran last.
    last_run: int = 0
    #: How much had changed when it was bound (ConnectionState).
    changes: int = 0
    #: The Bind's payload, where reviewers may have to be shown its values; else empty.
    bind: bytes = b""

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


@dataclass(eq=False, slots=True)
class PendingReply:
    """One message that was sent on, and what its answer will mean."""

    kind: Kind
    analysis: QueryAnalysis | None = None
    prepared: Prepared | None = None
    portal: Portal | None = None
    name: str = ""
    #: It is ours: its answer is not the client's.
    injected: bool = False
    #: What it asks, if it is a question of ours.
    question: Question | None = None
    #: Sent to the client in place of the ErrorResponse to what stands for a refused message.
    denial: bytes | None = None
    #: Query: which of its statements is answered now, and the columns of its rows.
    index: int = 0
    columns: tuple[Column, ...] | None = None
    candidates: tuple[Prepared, ...] = field(default=())
    #: Describe: how much had changed when it was sent.
    changes: int = 0
    #: Call: what was called.
    call: ObjectCall | None = None


def _formatted(columns: tuple[Column, ...], formats: tuple[int, ...]) -> tuple[Column, ...]:
    """Columns of a statement in the result formats of a Bind: none means text, one means all."""
    if not formats:
        return columns
    chosen = formats * len(columns) if len(formats) == 1 else formats
    if len(chosen) != len(columns):
        raise ProtocolViolation("another number of result formats than columns")
    return tuple(column._replace(format=form) for column, form in zip(columns, chosen, strict=True))
