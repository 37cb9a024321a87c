"""Playbook: what a PostgreSQL client and its server say to one another, line by line, as a test reads it.

    play(
        client >> Parse("s", "select 1"),
        client >> Sync(),
        server << ParseComplete(),
        now(candidates={"s": ["select 1"]}),
        server << ReadyForQuery("I"),
    )

`client >>` is what goes upstream, `server <<` what comes back, `now(…)` what must be true in between; each line may
expect something of its own. Where the state of the connection differs, `play` fails with the whole transcript and the
difference in its place. It plays to a ConnectionState; bytes are not its business.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from proxy.postgres.protocol.frames import ProtocolViolation
from proxy.postgres.relay.state.connection_state import ConnectionState
from proxy.postgres.relay.state.portals import Portal
from proxy.postgres.sql.texts.query import QueryAnalysis
from support.playbook_messages import ClientMessage, Difference, Message, ServerMessage, analysis, arguments, same, text

# --- what must be true in between ---------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class _Now(Message):
    candidates: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    portals: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    needs_description: Mapping[str, bool] = field(default_factory=dict[str, bool])
    discarding: bool | None = None
    outstanding: int | None = None
    status: str | None = None

    def __str__(self) -> str:
        return f"({', '.join(arguments(self))})"

    def play(self, state: ConnectionState) -> None:
        for name, texts in self.candidates.items():
            _same_analyses(f"statement {name!r}", texts, state.analyses_of(name))
        for name, texts in self.portals.items():
            _same_analyses(f"portal {name!r}", texts, [each.analysis for each in _portal(state, name).candidates])
        for name, needed in self.needs_description.items():
            same(
                f"portal {name!r} needs a description",
                needed,
                state.needs_description(_portal(state, name), origins=False),
            )
        if self.discarding is not None:
            same("discarding", self.discarding, state.discarding)
        if self.outstanding is not None:
            same("outstanding", self.outstanding, state.outstanding)
        if self.status is not None:
            same("status", self.status, state.status.decode())


def now(
    *,
    candidates: Mapping[str, Sequence[str]] | None = None,
    portals: Mapping[str, Sequence[str]] | None = None,
    needs_description: Mapping[str, bool] | None = None,
    discarding: bool | None = None,
    outstanding: int | None = None,
    status: str | None = None,
) -> "Line":
    """What must be true here; `candidates` and `portals`: name -> the SQL that it may stand for, oldest first."""
    return Line(
        "now",
        _Now(
            candidates=candidates or {},
            portals=portals or {},
            needs_description=needs_description or {},
            discarding=discarding,
            outstanding=outstanding,
            status=status,
        ),
    )


# --- the play -----------------------------------------------------------------------------------------------------


class Line(NamedTuple):
    """One line of the transcript."""

    speaker: str
    message: ClientMessage | ServerMessage | _Now

    def __str__(self) -> str:
        return f"{self.speaker}{self.message}"


class _Client:
    def __rshift__(self, message: ClientMessage) -> Line:
        return Line("client >> ", message)


class _Server:
    def __lshift__(self, message: ServerMessage) -> Line:
        return Line("server << ", message)


client = _Client()
server = _Server()


def play(*lines: Line) -> ConnectionState:
    """Play the lines to a new connection's state and return it. Raises AssertionError with the transcript."""
    state = ConnectionState()
    for number, line in enumerate(lines):
        try:
            _play(line.message, state)
        except Difference as difference:
            raise AssertionError(transcript(lines, number, difference)) from None
    return state


def _play(message: ClientMessage | ServerMessage | _Now, state: ConnectionState) -> None:
    try:
        message.play(state)
    except ProtocolViolation as violation:
        if message.violation is None or message.violation not in str(violation):
            raise Difference(_wanted(message), f"ProtocolViolation: {violation}") from violation
    else:
        if message.violation is not None:
            raise Difference(_wanted(message), "no ProtocolViolation")


def _wanted(message: Message) -> str:
    return "no ProtocolViolation" if message.violation is None else f"ProtocolViolation: … {message.violation} …"


def transcript(lines: Sequence[Line], number: int, difference: Difference) -> str:
    """The whole play: up to line `number` it went as written, there it differs, and the rest was not played."""
    written = ["the conversation went another way:", ""]
    written += [f"    {line}" for line in lines[: number + 1]]
    written += [f"  - {'':9} {difference.expected}", f"  + {'':9} {difference.found}"]
    written += [f"  . {line}" for line in lines[number + 1 :]]
    return "\n".join(written)


def _portal(state: ConnectionState, name: str) -> Portal:
    portal = state.portal(name)
    if portal is None:
        raise Difference(f"portal {name!r}", "no such portal")
    return portal


def _same_analyses(what: str, texts: Sequence[str], found: Sequence[QueryAnalysis]) -> None:
    expected = [analysis(sql) for sql in texts]
    if expected != list(found):
        raise Difference(f"{what}: {[*map(text, expected)]}", f"{what}: {[*map(text, found)]}")
