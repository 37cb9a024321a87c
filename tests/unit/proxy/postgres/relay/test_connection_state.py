"""Which answer belongs to which question, and what a name may stand for, in every order that the protocol allows."""

import pytest

from proxy.postgres.protocol.frames import ProtocolViolation
from proxy.postgres.protocol.messages import Column
from proxy.postgres.relay.connection_state import MAX_CANDIDATES, ConnectionState
from proxy.postgres.sql.query import QueryAnalyser, QueryAnalysis

ANALYSER = QueryAnalyser(lambda _: False)
SELECT, DELETE = ANALYSER.analyse(b"select 1"), ANALYSER.analyse(b"delete from t")
PREPARE_DELETE = ANALYSER.analyse(b"prepare s as delete from t")
ONE = (Column("a", 1, 1, 25, 0),)
TWO = (Column("a", 1, 1, 25, 0), Column("b", 1, 2, 20, 0))


def prepared(state: ConnectionState, name: str, analysis: QueryAnalysis) -> None:
    state.parse(name, analysis)
    state.sync()
    state.parse_complete()
    state.ready(b"I")


def test_extended_query_in_order() -> None:
    state = ConnectionState()
    state.parse("", SELECT)
    state.bind("", "", (1,))
    state.describe("P", "")
    portal = state.portal("")
    assert portal is not None
    assert not state.needs_description(portal)
    state.execute(portal, SELECT)
    state.sync()
    state.parse_complete()
    state.bind_complete()
    state.rows_described(TWO)
    assert state.row_columns() == TWO
    assert state.completed().analysis == SELECT
    state.ready(b"T")
    assert (state.outstanding, state.status) == (0, b"T")


@pytest.mark.parametrize(
    ("formats", "expected"), [((), (0, 0)), ((1,), (1, 1)), ((0, 1), (0, 1))], ids=["none", "one", "each"]
)
def test_a_later_run_takes_its_formats_from_bind(formats: tuple[int, ...], expected: tuple[int, ...]) -> None:
    state = ConnectionState()
    state.parse("s", SELECT)
    state.describe("S", "s")
    state.sync()
    state.parse_complete()
    state.parameters_described()
    state.rows_described(TWO)
    state.ready(b"I")
    state.bind("", "s", formats)
    portal = state.portal("")
    assert portal is not None
    assert not state.needs_description(portal)
    state.execute(portal, SELECT)
    state.bind_complete()
    assert tuple(column.format for column in state.row_columns()) == expected


def test_a_statement_that_nobody_described_needs_it() -> None:
    state = ConnectionState()
    prepared(state, "s", SELECT)
    state.bind("", "s", ())
    portal = state.portal("")
    assert portal is not None
    assert state.needs_description(portal)
    state.execute(portal, SELECT)
    state.bind_complete()
    with pytest.raises(ProtocolViolation, match="never described"):
        state.row_columns()


def test_a_description_that_was_discarded_counts_for_nothing() -> None:
    state = ConnectionState()
    prepared(state, "s", SELECT)
    state.bind("bad", "nothing", ())
    state.describe("S", "s")
    state.sync()
    state.failed()
    state.ready(b"I")
    state.bind("", "s", ())
    portal = state.portal("")
    assert portal is not None
    assert state.needs_description(portal)


def test_an_error_discards_up_to_the_next_sync_and_no_further() -> None:
    state = ConnectionState()
    state.parse("", SELECT)
    state.bind("", "", ())
    state.sync()
    state.parse("", SELECT)
    state.sync()
    state.failed()
    assert not state.discarding
    state.ready(b"I")
    state.parse_complete()
    state.ready(b"I")


def test_an_error_before_the_sync_is_sent() -> None:
    state = ConnectionState()
    state.parse("", SELECT)
    state.failed()
    assert state.discarding
    state.sync()
    assert not state.discarding
    state.ready(b"I")


def test_a_name_means_both_until_the_answer_comes() -> None:
    state = ConnectionState()
    prepared(state, "s", DELETE)
    state.parse("s", SELECT)
    assert state.analyses_of("s") == [DELETE, SELECT]
    state.sync()
    state.failed()
    state.ready(b"I")
    assert state.analyses_of("s") == [DELETE]


def test_a_name_that_was_closed_and_parsed_again() -> None:
    state = ConnectionState()
    state.parse("s", DELETE)
    state.close("S", "s")
    state.parse("s", SELECT)
    state.parse_complete()
    assert state.analyses_of("s") == [DELETE, SELECT]
    state.close_complete()
    assert state.analyses_of("s") == [SELECT]
    state.parse_complete()
    assert state.analyses_of("s") == [SELECT]


def test_a_portal_keeps_what_its_statement_meant() -> None:
    state = ConnectionState()
    prepared(state, "s", DELETE)
    state.bind("p", "s", ())
    state.close("S", "s")
    state.parse("s", SELECT)
    portal = state.portal("p")
    assert portal is not None
    assert [candidate.analysis for candidate in portal.candidates] == [DELETE]


def test_sql_prepare_shares_the_names_of_the_protocol() -> None:
    state = ConnectionState()
    prepared(state, "s", SELECT)
    state.query(PREPARE_DELETE)
    assert state.analyses_of("s") == [SELECT, PREPARE_DELETE]


def test_the_unnamed_statement_is_always_the_latest() -> None:
    state = ConnectionState()
    prepared(state, "", DELETE)
    state.parse("", SELECT)
    assert state.analyses_of("") == [SELECT]
    state.failed()
    assert state.analyses_of("") == []


def test_names_are_bounded() -> None:
    state = ConnectionState()
    for _ in range(MAX_CANDIDATES):
        state.parse("s", SELECT)
    with pytest.raises(ProtocolViolation):
        state.parse("s", SELECT)


def test_a_refusal_takes_the_place_of_the_error_it_provokes() -> None:
    state = ConnectionState()
    state.parse("", SELECT)
    state.refuse(b"denied")
    assert state.discarding
    state.sync()
    state.parse_complete()
    failed = state.failed()
    assert failed is not None
    assert failed.denial == b"denied"
    state.ready(b"I")


def test_a_refusal_behind_an_error_is_never_said() -> None:
    state = ConnectionState()
    state.parse("", SELECT)
    state.refuse(b"denied")
    state.sync()
    failed = state.failed()
    assert failed is not None
    assert failed.denial is None
    state.ready(b"I")


def test_a_refused_message_that_does_not_fail_is_a_fault() -> None:
    state = ConnectionState()
    state.refuse(b"denied")
    with pytest.raises(ProtocolViolation):
        state.parse_complete()
    state = ConnectionState()
    state.query(SELECT, b"denied")
    with pytest.raises(ProtocolViolation):
        state.completed()


def test_syncs_sent_before_a_copy_began_are_ignored_like_the_server_does() -> None:
    state = ConnectionState()
    state.parse("", SELECT)
    state.bind("", "", ())
    portal = state.portal("")
    assert portal is not None
    state.execute(portal, SELECT)
    state.sync()
    state.parse_complete()
    state.bind_complete()
    state.copy_in_began()
    state.sync()
    state.copy_end()
    state.sync()
    state.completed()
    state.ready(b"I")
    assert state.outstanding == 0


def test_a_copy_whose_end_was_sent_ahead() -> None:
    state = ConnectionState()
    state.query(SELECT)
    state.copy_end()
    state.query(DELETE)
    state.copy_in_began()
    state.completed()
    state.ready(b"I")
    assert state.completed().analysis == DELETE


@pytest.mark.parametrize("answer", ["parse_complete", "close_complete", "completed", "row_columns", "copy_in_began"])
def test_answers_to_nothing_are_faults(answer: str) -> None:
    with pytest.raises(ProtocolViolation):
        getattr(ConnectionState(), answer)()


def test_each_statement_of_a_query_describes_its_own_rows() -> None:
    state = ConnectionState()
    state.query(SELECT)
    state.rows_described(ONE)
    state.completed()
    with pytest.raises(ProtocolViolation):
        state.row_columns()
    state.rows_described(TWO)
    assert state.row_columns() == TWO
