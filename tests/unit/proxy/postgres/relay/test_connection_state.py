"""Which answer belongs to which question, and what a name may stand for, in every order that the protocol allows."""

import pytest

from proxy.postgres.protocol.frames import ProtocolViolation
from proxy.postgres.protocol.messages import Column
from proxy.postgres.relay.connection_state import MAX_MEANINGS, Conversation, Kind
from proxy.postgres.sql.query import QueryAnalyser, QueryAnalysis

ANALYSER = QueryAnalyser(lambda _: False)
SELECT, DELETE = ANALYSER.analyse(b"select 1"), ANALYSER.analyse(b"delete from t")
PREPARE_DELETE = ANALYSER.analyse(b"prepare s as delete from t")
ONE = (Column("a", 1, 1, 25, 0),)
TWO = (Column("a", 1, 1, 25, 0), Column("b", 1, 2, 20, 0))


def prepared(conversation: Conversation, name: str, analysis: QueryAnalysis) -> None:
    conversation.parse(name, analysis)
    conversation.sync()
    conversation.parse_complete()
    conversation.ready(b"I")


def test_extended_query_in_order() -> None:
    conversation = Conversation()
    conversation.parse("", SELECT)
    conversation.bind("", "", (1,))
    conversation.describe("P", "")
    portal = conversation.portal("")
    assert portal is not None
    assert not conversation.needs_description(portal)
    conversation.execute(portal, SELECT)
    conversation.sync()
    conversation.parse_complete()
    conversation.answered(Kind.BIND)
    conversation.rows_described(TWO)
    assert conversation.row_columns() == TWO
    assert conversation.completed().analysis == SELECT
    conversation.ready(b"T")
    assert (conversation.outstanding, conversation.status) == (0, b"T")


@pytest.mark.parametrize(
    ("formats", "expected"), [((), (0, 0)), ((1,), (1, 1)), ((0, 1), (0, 1))], ids=["none", "one", "each"]
)
def test_a_later_run_takes_its_formats_from_bind(formats: tuple[int, ...], expected: tuple[int, ...]) -> None:
    conversation = Conversation()
    conversation.parse("s", SELECT)
    conversation.describe("S", "s")
    conversation.sync()
    conversation.parse_complete()
    conversation.parameters_described()
    conversation.rows_described(TWO)
    conversation.ready(b"I")
    conversation.bind("", "s", formats)
    portal = conversation.portal("")
    assert portal is not None
    assert not conversation.needs_description(portal)
    conversation.execute(portal, SELECT)
    conversation.answered(Kind.BIND)
    assert tuple(column.format for column in conversation.row_columns()) == expected


def test_a_statement_that_nobody_described_needs_it() -> None:
    conversation = Conversation()
    prepared(conversation, "s", SELECT)
    conversation.bind("", "s", ())
    portal = conversation.portal("")
    assert portal is not None
    assert conversation.needs_description(portal)
    conversation.execute(portal, SELECT)
    conversation.answered(Kind.BIND)
    with pytest.raises(ProtocolViolation, match="never described"):
        conversation.row_columns()


def test_a_description_that_was_discarded_counts_for_nothing() -> None:
    conversation = Conversation()
    prepared(conversation, "s", SELECT)
    conversation.bind("bad", "nothing", ())
    conversation.describe("S", "s")
    conversation.sync()
    conversation.failed()
    conversation.ready(b"I")
    conversation.bind("", "s", ())
    portal = conversation.portal("")
    assert portal is not None
    assert conversation.needs_description(portal)


def test_an_error_discards_up_to_the_next_sync_and_no_further() -> None:
    conversation = Conversation()
    conversation.parse("", SELECT)
    conversation.bind("", "", ())
    conversation.sync()
    conversation.parse("", SELECT)
    conversation.sync()
    conversation.failed()
    assert not conversation.discarding
    conversation.ready(b"I")
    conversation.parse_complete()
    conversation.ready(b"I")


def test_an_error_before_the_sync_is_sent() -> None:
    conversation = Conversation()
    conversation.parse("", SELECT)
    conversation.failed()
    assert conversation.discarding
    conversation.sync()
    assert not conversation.discarding
    conversation.ready(b"I")


def test_a_name_means_both_until_the_answer_comes() -> None:
    conversation = Conversation()
    prepared(conversation, "s", DELETE)
    conversation.parse("s", SELECT)
    assert conversation.analyses_of("s") == [DELETE, SELECT]
    conversation.sync()
    conversation.failed()
    conversation.ready(b"I")
    assert conversation.analyses_of("s") == [DELETE]


def test_a_name_that_was_closed_and_parsed_again() -> None:
    conversation = Conversation()
    conversation.parse("s", DELETE)
    conversation.close("S", "s")
    conversation.parse("s", SELECT)
    conversation.parse_complete()
    assert conversation.analyses_of("s") == [DELETE, SELECT]
    conversation.close_complete()
    assert conversation.analyses_of("s") == [SELECT]
    conversation.parse_complete()
    assert conversation.analyses_of("s") == [SELECT]


def test_a_portal_keeps_what_its_statement_meant() -> None:
    conversation = Conversation()
    prepared(conversation, "s", DELETE)
    conversation.bind("p", "s", ())
    conversation.close("S", "s")
    conversation.parse("s", SELECT)
    portal = conversation.portal("p")
    assert portal is not None
    assert [meaning.analysis for meaning in portal.meanings] == [DELETE]


def test_sql_prepare_shares_the_names_of_the_protocol() -> None:
    conversation = Conversation()
    prepared(conversation, "s", SELECT)
    conversation.query(PREPARE_DELETE)
    assert conversation.analyses_of("s") == [SELECT, PREPARE_DELETE]


def test_the_unnamed_statement_is_always_the_latest() -> None:
    conversation = Conversation()
    prepared(conversation, "", DELETE)
    conversation.parse("", SELECT)
    assert conversation.analyses_of("") == [SELECT]
    conversation.failed()
    assert conversation.analyses_of("") == []


def test_names_are_bounded() -> None:
    conversation = Conversation()
    for _ in range(MAX_MEANINGS):
        conversation.parse("s", SELECT)
    with pytest.raises(ProtocolViolation):
        conversation.parse("s", SELECT)


def test_a_refusal_takes_the_place_of_the_error_it_provokes() -> None:
    conversation = Conversation()
    conversation.parse("", SELECT)
    conversation.refuse(b"denied")
    assert conversation.discarding
    conversation.sync()
    conversation.parse_complete()
    failed = conversation.failed()
    assert failed is not None
    assert failed.denial == b"denied"
    conversation.ready(b"I")


def test_a_refusal_behind_an_error_is_never_said() -> None:
    conversation = Conversation()
    conversation.parse("", SELECT)
    conversation.refuse(b"denied")
    conversation.sync()
    failed = conversation.failed()
    assert failed is not None
    assert failed.denial is None
    conversation.ready(b"I")


def test_a_refused_message_that_does_not_fail_is_a_fault() -> None:
    conversation = Conversation()
    conversation.refuse(b"denied")
    with pytest.raises(ProtocolViolation):
        conversation.parse_complete()
    conversation = Conversation()
    conversation.query(SELECT, b"denied")
    with pytest.raises(ProtocolViolation):
        conversation.completed()


def test_syncs_sent_before_a_copy_began_are_ignored_like_the_server_does() -> None:
    conversation = Conversation()
    conversation.parse("", SELECT)
    conversation.bind("", "", ())
    portal = conversation.portal("")
    assert portal is not None
    conversation.execute(portal, SELECT)
    conversation.sync()
    conversation.parse_complete()
    conversation.answered(Kind.BIND)
    conversation.copy_in_began()
    conversation.sync()
    conversation.copy_end()
    conversation.sync()
    conversation.completed()
    conversation.ready(b"I")
    assert conversation.outstanding == 0


def test_a_copy_whose_end_was_sent_ahead() -> None:
    conversation = Conversation()
    conversation.query(SELECT)
    conversation.copy_end()
    conversation.query(DELETE)
    conversation.copy_in_began()
    conversation.completed()
    conversation.ready(b"I")
    assert conversation.completed().analysis == DELETE


@pytest.mark.parametrize("answer", ["parse_complete", "close_complete", "completed", "row_columns", "copy_in_began"])
def test_answers_to_nothing_are_faults(answer: str) -> None:
    with pytest.raises(ProtocolViolation):
        getattr(Conversation(), answer)()


def test_each_statement_of_a_query_describes_its_own_rows() -> None:
    conversation = Conversation()
    conversation.query(SELECT)
    conversation.rows_described(ONE)
    conversation.completed()
    with pytest.raises(ProtocolViolation):
        conversation.row_columns()
    conversation.rows_described(TWO)
    assert conversation.row_columns() == TWO
