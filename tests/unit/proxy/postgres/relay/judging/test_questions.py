"""Questions of the gateway's own, between the client's messages: none of their answers is the client's."""

import pytest

from proxy.postgres.protocol.frames import FrameReader, ProtocolViolation
from proxy.postgres.relay.judging.questions import ask_by_query, ask_in_batch, ask_types, take_answer
from proxy.postgres.relay.state.connection_state import ConnectionState
from proxy.postgres.relay.state.pending_reply import Kind, Question
from support.playbook import client, play
from support.playbook_messages import Bind, Execute, Parse

SETTINGS = ("search_path", "role")
ROW = b"\0\1\0\0\0\4prod"


def tags(sent: bytes) -> str:
    return "".join(chr(tag) for tag, _, _ in FrameReader().feed(sent)[1])


def answer(state: ConnectionState, question: Question, messages: str) -> None:
    payloads = {"D": ROW, "Z": b"I", "t": b"\0\1\0\0\0\x17"}
    for tag in messages:
        assert not question.done
        assert state.question is question
        take_answer(question, ord(tag), payloads.get(tag, b""), state)


def test_settings_by_a_query() -> None:
    state = ConnectionState()
    question, sent = ask_by_query(state, SETTINGS)
    assert b"show search_path; show role" in sent
    answer(state, question, "TDCTDCZ")
    assert (question.done, question.cells) == (True, ["prod", "prod"])
    assert state.question is None


def test_settings_in_a_batch_leave_what_has_no_name_alone() -> None:
    state = play(client >> Parse("", "select 1"), client >> Bind("", ""))
    state.parse_complete()
    state.bind_complete()
    question, sent = ask_in_batch(state, SETTINGS)
    assert tags(sent) == "PBECCPBECCH"
    answer(state, question, "12DC3312DC33")
    assert question.cells == ["prod", "prod"]
    assert state.portal("") is not None
    assert state.current is None


def test_names_of_ours_are_never_the_same() -> None:
    state = ConnectionState()
    assert ask_in_batch(state, SETTINGS)[1] != ask_in_batch(state, SETTINGS)[1]


def test_the_types_of_a_statement() -> None:
    state = play(client >> Parse("s", "select $1"))
    state.parse_complete()
    question, sent = ask_types(state, "s")
    assert tags(sent) == "DH"
    answer(state, question, "tn")
    assert question.types == (23,)
    assert question.done


def test_what_runs_next_is_the_clients_again() -> None:
    state = play(client >> Parse("s", "select 1"), client >> Bind("", "s"))
    state.parse_complete()
    state.bind_complete()
    question, _ = ask_in_batch(state, ["role"])
    play_on = Execute("")
    play_on.play(state)
    answer(state, question, "12DC33")
    assert state.current is not None
    assert state.current.kind is Kind.EXECUTE


def test_a_question_that_fails_in_a_batch_fails_the_batch() -> None:
    state = ConnectionState()
    ask_in_batch(state, SETTINGS)
    state.failed()
    assert state.discarding
    state.sync()
    assert state.outstanding == 1


@pytest.mark.finding("pg-F11")
def test_a_function_call_of_ours() -> None:
    state, question = ConnectionState(), Question()
    state.ask(question, Kind.CALL)
    answer(state, question, "VZ")
    assert (question.done, question.result) == (True, b"")


@pytest.mark.parametrize("tag", "GHdcsI")
def test_what_no_question_is_answered_by(tag: str) -> None:
    state = ConnectionState()
    question, _ = ask_by_query(state, SETTINGS)
    with pytest.raises(ProtocolViolation):
        take_answer(question, ord(tag), b"", state)
