"""The table of answers is the grammar, and each answer is taken where the table says so and nowhere else."""

import re

import pytest

from proxy.postgres.protocol.messages import Column
from proxy.postgres.relay.state import replies
from proxy.postgres.relay.state.connection_state import ConnectionState
from proxy.postgres.relay.state.pending_reply import Kind
from proxy.postgres.relay.state.replies import REPLIES
from support.playbook import client, play, server
from support.playbook_messages import (
    Bind,
    BindComplete,
    Close,
    CloseComplete,
    CommandComplete,
    CopyInResponse,
    CopyOutResponse,
    DataRow,
    Describe,
    EmptyQueryResponse,
    Execute,
    FunctionCall,
    FunctionCallResponse,
    NoData,
    ParameterDescription,
    Parse,
    ParseComplete,
    PortalSuspended,
    Query,
    ReadyForQuery,
    RowDescription,
    ServerMessage,
    Sync,
)

#: It may be answered by anything.
SELECT = "no sql"
ONE = (Column("a", 1, 1, 25, 0),)
UNASKED = "an answer to nothing that was asked"

MESSAGES: dict[str, ServerMessage] = {
    "1": ParseComplete(),
    "2": BindComplete(),
    "3": CloseComplete(),
    "t": ParameterDescription(),
    "T": RowDescription(ONE),
    "n": NoData(),
    "D": DataRow(),
    "C": CommandComplete(),
    "I": EmptyQueryResponse(),
    "s": PortalSuspended(),
    "G": CopyInResponse(),
    "H": CopyOutResponse(),
    "V": FunctionCallResponse(),
    "Z": ReadyForQuery("I"),
}
#: One message of each kind, pending.
ASKED = {
    Kind.QUERY: [client >> Query(SELECT)],
    Kind.PARSE: [client >> Parse("", SELECT)],
    Kind.BIND: [client >> Bind("", "")],
    Kind.DESCRIBE: [client >> Describe("S", "")],
    Kind.EXECUTE: [client >> Execute("")],
    Kind.CLOSE: [client >> Close("S", "")],
    Kind.SYNC: [client >> Sync()],
    Kind.CALL: [client >> FunctionCall()],
}


def grammar() -> dict[str, set[Kind]]:
    """Tag -> the kinds that it answers, by the lines `Kind -> answer` of the module's docstring."""
    answers: dict[str, set[Kind]] = {}
    for name, answer in re.findall(r"(\w+) +-> (.+?)(?= {2,}|$)", replies.__doc__ or "", re.MULTILINE):
        for tag in re.findall(r"\b\w\b", answer):
            answers.setdefault(tag, set()).update(ASKED if name == "Any" else {Kind[name.upper()]})
    return answers


def test_the_table_is_the_grammar() -> None:
    assert {tag: set(reply.kinds) for tag, reply in REPLIES.items()} == grammar()


def test_what_takes_a_message_is_there() -> None:
    for reply in REPLIES.values():
        assert reply.method is None or callable(getattr(ConnectionState, reply.method))


@pytest.mark.parametrize("tag", MESSAGES)
def test_answers_to_nothing_are_faults(tag: str) -> None:
    play(server << MESSAGES[tag].is_violation(UNASKED))


@pytest.mark.parametrize("kind", ASKED)
@pytest.mark.parametrize("tag", MESSAGES)
def test_an_answer_is_taken_where_the_table_says_so(tag: str, kind: Kind) -> None:
    # Where one method takes several messages, it takes them wherever one of them is legal.
    legal = {kind for reply in REPLIES.values() if reply.method == REPLIES[tag].method for kind in reply.kinds}
    if kind not in legal:
        play(*ASKED[kind], server << MESSAGES[tag].is_violation(UNASKED))
    elif tag == "D":
        play(*ASKED[kind], server << MESSAGES[tag].is_violation("never described"))
    else:
        play(*ASKED[kind], server << MESSAGES[tag])
