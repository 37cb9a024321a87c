"""Questions that the gateway asks on the client's own connection, between the client's messages. Pure.

    show search_path; show role                      as a Query, where the client's own is one
    P B E C C for each, H                            in the client's batch, where its statement is an Execute
    D(S name) H                                      the types of a prepared statement's parameters
    C(P name) for each                               closes what waits for a review, before something else runs

Of SQL only SHOW is asked: it takes no snapshot, locks nothing and runs no code, so the client's transaction is none the
wiser. The names are random: a client that knew them could not tell them from its own. A question that fails in a batch
fails the batch, as anything in it would; the client gets that error. What stands around a read of a large object is
asked by calls of its functions (calls/object_reading.py).
"""

import secrets
from collections.abc import Sequence

from proxy.postgres.protocol import messages
from proxy.postgres.protocol.frames import ProtocolViolation
from proxy.postgres.protocol.parameters import read_parameter_description
from proxy.postgres.relay.state.connection_state import ConnectionState
from proxy.postgres.relay.state.pending_reply import Kind, Question
from proxy.postgres.relay.state.portals import Portal

_EACH = (Kind.PARSE, Kind.BIND, Kind.EXECUTE, Kind.CLOSE, Kind.CLOSE)


def ask_by_query(state: ConnectionState, settings: Sequence[str]) -> tuple[Question, bytes]:
    """The values of these settings, where the client's next message is a Query."""
    question = Question()
    state.ask(question, Kind.QUERY)
    return question, messages.query("; ".join(f"show {name}" for name in settings))


def ask_in_batch(state: ConnectionState, settings: Sequence[str]) -> tuple[Question, bytes]:
    """The same, between the messages of a batch: neither its unnamed statement nor its unnamed portal is touched."""
    question = Question()
    parts: list[bytes] = []
    for setting in settings:
        name = f"gatepass_{secrets.token_hex(8)}"
        state.ask(question, *_EACH)
        parts += [messages.parse(name, f"show {setting}"), messages.bind(name, name), messages.execute(name)]
        parts += [messages.close("P", name), messages.close("S", name)]
    return question, b"".join([*parts, messages.FLUSH])


def ask_types(state: ConnectionState, statement: str) -> tuple[Question, bytes]:
    """The types of a prepared statement's parameters."""
    question = Question()
    state.ask(question, Kind.DESCRIBE)
    return question, messages.describe_statement(statement) + messages.FLUSH


def close_waiting(state: ConnectionState, running: Portal | None = None) -> bytes:
    """Take portals away that wait for a review, but for the one that runs now.

    SQL's FETCH and MOVE run any portal that has a name, a DELETE … RETURNING as well, and so does any function that
    opens cursors: a Bind by what its planning calls, a Parse and a statement's Describe by the checks of a literal's
    domains. So nothing runs beside what nobody has approved. PostgreSQL 18 crashes besides where the portal that a
    Bind's FETCH found is gone at its Describe.
    """
    if not (names := state.take_waiting(running)):
        return b""
    state.ask(Question(), *(Kind.CLOSE for _ in names))
    return b"".join(messages.close("P", name) for name in names)


def take_answer(question: Question, tag: int, payload: bytes, state: ConnectionState) -> None:
    """One message of the server that answers it, and is no ErrorResponse. Raises ProtocolViolation."""
    match chr(tag):
        case "1":
            state.parse_complete()
        case "2":
            state.bind_complete()
        case "3":
            state.close_complete()
        case "t":
            question.types = read_parameter_description(payload)
            state.parameters_described()
        case "T" | "n":
            state.rows_described(())
        case "D":
            question.cells += [messages.text_of(cell or b"") for cell in messages.read_data_row(payload)[:1]]
        case "C":
            state.completed()
        case "V":
            state.returned()
            question.result = payload
        case "Z":
            state.ready(payload)
        case _:
            raise ProtocolViolation("an answer to something else than what was asked")
    question.done = not state.still_asks(question)
