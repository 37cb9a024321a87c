"""PendingReply: a message that was sent upstream and is not answered yet, and what it was about. Pure.

Data alone: connection_state.py changes it. A Question is answered by answers.py.
"""

from dataclasses import dataclass, field
from enum import IntEnum, auto

from proxy.postgres.large_objects.functions import ObjectCall
from proxy.postgres.protocol.messages import Column
from proxy.postgres.relay.state.portals import Portal
from proxy.postgres.relay.state.prepared import Prepared
from proxy.postgres.sql.texts.query import QueryAnalysis


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


#: What a ReadyForQuery ends. Others belong to a batch, of which the server discards the rest if one fails.
READY = frozenset({Kind.QUERY, Kind.SYNC, Kind.CALL})
_RUNNING = frozenset({Kind.QUERY, Kind.EXECUTE})


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
    #: Call: what was called.
    call: ObjectCall | None = None
    #: How many statements had been sent to run by then, with its own.
    runs: int = 0

    @property
    def may_copy_in(self) -> bool:
        """Whether the server may wait for rows because of it."""
        return self.analysis is not None and self.kind in _RUNNING and self.analysis.may_copy_in
