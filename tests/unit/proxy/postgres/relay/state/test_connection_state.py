"""Which answer belongs to which question, and what a name may stand for, in every order that the protocol allows."""

import pytest

from proxy.postgres.protocol.messages import Column
from proxy.postgres.relay.state.connection_state import ConnectionState
from proxy.postgres.sql.texts.query import QueryAnalysis
from support.playbook import Line, client, now, play, server
from support.playbook_messages import (
    Bind,
    BindComplete,
    Close,
    CloseComplete,
    CommandComplete,
    CopyDone,
    CopyInResponse,
    DataRow,
    Describe,
    ErrorResponse,
    Execute,
    FunctionCall,
    FunctionCallResponse,
    ParameterDescription,
    Parse,
    ParseComplete,
    Query,
    ReadyForQuery,
    Refused,
    RowDescription,
    Sync,
)

COPY = "copy t from stdin"
SELECT, DELETE, PREPARE_DELETE = "select 1", "delete from t", "prepare s as delete from t"
ONE = (Column("a", 1, 1, 25, 0),)
TWO = (Column("a", 1, 1, 25, 0), Column("b", 1, 2, 20, 0))
UNASKED = "an answer to nothing that was asked"


def prepare(name: str, sql: str) -> list[Line]:
    return [client >> Parse(name, sql), client >> Sync(), server << ParseComplete(), server << ReadyForQuery("I")]


def test_extended_query_in_order() -> None:
    play(
        client >> Parse("", SELECT),
        client >> Bind("", "", (1,)),
        client >> Describe("P", ""),
        now(needs_description={"": False}),
        client >> Execute(""),
        client >> Sync(),
        server << ParseComplete(),
        server << BindComplete(),
        server << RowDescription(TWO),
        server << DataRow(TWO),
        server << CommandComplete(of=SELECT),
        server << ReadyForQuery("T"),
        now(outstanding=0, status="T"),
    )


@pytest.mark.parametrize(
    ("formats", "expected"), [((), (0, 0)), ((1,), (1, 1)), ((0, 1), (0, 1))], ids=["none", "one", "each"]
)
def test_a_later_run_takes_its_formats_from_bind(formats: tuple[int, ...], expected: tuple[int, ...]) -> None:
    play(
        client >> Parse("s", SELECT),
        client >> Describe("S", "s"),
        client >> Sync(),
        server << ParseComplete(),
        server << ParameterDescription(),
        server << RowDescription(TWO),
        server << ReadyForQuery("I"),
        client >> Bind("", "s", formats),
        now(needs_description={"": False}),
        client >> Execute(""),
        server << BindComplete(),
        server << DataRow(tuple(column._replace(format=form) for column, form in zip(TWO, expected, strict=True))),
    )


def test_a_statement_that_nobody_described_needs_it() -> None:
    play(
        *prepare("s", SELECT),
        client >> Bind("", "s"),
        now(needs_description={"": True}),
        client >> Execute(""),
        server << BindComplete(),
        server << DataRow().is_violation("never described"),
    )


def test_a_description_that_was_asked_for_on_the_way_is_not_the_clients() -> None:
    play(
        *prepare("s", SELECT),
        client >> Bind("", "s"),
        client >> Describe("P", "", injected=True),
        now(needs_description={"": False}),
        client >> Execute(""),
        server << BindComplete(),
        server << RowDescription(ONE, injected=True),
        server << DataRow(ONE),
    )


def test_a_description_that_was_discarded_counts_for_nothing() -> None:
    play(
        *prepare("s", SELECT),
        client >> Bind("bad", "nothing"),
        client >> Describe("S", "s"),
        client >> Sync(),
        server << ErrorResponse(),
        server << ReadyForQuery("I"),
        client >> Bind("", "s"),
        now(needs_description={"": True}),
    )


def test_an_error_discards_up_to_the_next_sync_and_no_further() -> None:
    play(
        client >> Parse("", SELECT),
        client >> Bind("", ""),
        client >> Sync(),
        client >> Parse("", SELECT),
        client >> Sync(),
        server << ErrorResponse(),
        now(discarding=False),
        server << ReadyForQuery("I"),
        server << ParseComplete(),
        server << ReadyForQuery("I"),
    )


def test_an_error_before_the_sync_is_sent() -> None:
    play(
        client >> Parse("", SELECT),
        server << ErrorResponse(),
        now(discarding=True),
        client >> Sync(),
        now(discarding=False),
        server << ReadyForQuery("I"),
    )


def test_a_name_means_both_until_the_answer_comes() -> None:
    play(
        *prepare("s", DELETE),
        client >> Parse("s", SELECT),
        now(candidates={"s": [DELETE, SELECT]}),
        client >> Sync(),
        server << ErrorResponse(),
        server << ReadyForQuery("I"),
        now(candidates={"s": [DELETE]}),
    )


def test_a_name_that_was_closed_and_parsed_again() -> None:
    play(
        client >> Parse("s", DELETE),
        client >> Close("S", "s"),
        client >> Parse("s", SELECT),
        server << ParseComplete(),
        now(candidates={"s": [DELETE, SELECT]}),
        server << CloseComplete(),
        now(candidates={"s": [SELECT]}),
        server << ParseComplete(),
        now(candidates={"s": [SELECT]}),
    )


def test_a_portal_keeps_what_its_statement_meant() -> None:
    play(
        *prepare("s", DELETE),
        client >> Bind("p", "s"),
        client >> Close("S", "s"),
        client >> Parse("s", SELECT),
        now(portals={"p": [DELETE]}),
    )


def test_sql_prepare_shares_the_names_of_the_protocol() -> None:
    play(
        *prepare("s", SELECT),
        client >> Query(PREPARE_DELETE),
        now(candidates={"s": [SELECT, PREPARE_DELETE]}),
    )


def test_sql_prepare_makes_a_name_that_nobody_had() -> None:
    play(client >> Query(PREPARE_DELETE), now(candidates={"s": [PREPARE_DELETE]}))


def test_what_sql_prepares_again_behind_a_close_outlives_it() -> None:
    play(
        client >> Query(PREPARE_DELETE),
        server << CommandComplete(),
        server << ReadyForQuery("I"),
        client >> Close("S", "s"),
        client >> Query(PREPARE_DELETE),
        server << CloseComplete(),
        now(candidates={"s": [PREPARE_DELETE]}),
    )


def test_what_sql_prepares_again_and_again_stands_for_one() -> None:
    state = play(*[client >> Query(PREPARE_DELETE)] * 100)
    assert len(state.prepared("s")) == 1


def test_a_portal_that_could_not_be_made_has_no_rows() -> None:
    play(
        client >> Parse("s", SELECT),
        client >> Describe("S", "s"),
        client >> Sync(),
        server << ParseComplete(),
        server << ParameterDescription(),
        server << RowDescription(ONE),
        server << ReadyForQuery("I"),
        client >> Bind("p", "s"),
        client >> Sync(),
        client >> Execute("p"),
        server << ErrorResponse(),
        server << ReadyForQuery("I"),
        server << DataRow().is_violation("a portal that could not be made"),
    )


def test_the_unnamed_statement_is_the_latest_unless_that_was_discarded() -> None:
    play(
        *prepare("", DELETE),
        client >> Describe("S", "nothing"),
        client >> Parse("", SELECT),
        now(candidates={"": [SELECT]}),
        client >> Sync(),
        server << ErrorResponse(),
        server << ReadyForQuery("I"),
        now(candidates={"": [DELETE]}),
    )


@pytest.mark.parametrize("target", ["S", "P"])
def test_the_latest_is_certain_in_its_batch_and_once_it_is_answered(target: str) -> None:
    sent = [client >> Parse("", SELECT), client >> Bind("", "")]
    state = play(*sent)
    assert state.is_certain(target, "")
    state = play(*sent, client >> Sync())
    assert not state.is_certain(target, "")
    state = play(*sent, client >> Sync(), server << ParseComplete(), server << BindComplete())
    assert state.is_certain(target, "")


def test_a_refusal_takes_the_place_of_the_error_it_provokes() -> None:
    play(
        client >> Parse("", SELECT),
        client >> Refused(b"denied"),
        now(discarding=True),
        client >> Sync(),
        server << ParseComplete(),
        server << ErrorResponse(denial=b"denied"),
        server << ReadyForQuery("I"),
    )


def test_a_refusal_behind_an_error_is_never_said() -> None:
    play(
        client >> Parse("", SELECT),
        client >> Refused(b"denied"),
        client >> Sync(),
        server << ErrorResponse(denial=None),
        server << ReadyForQuery("I"),
    )


def test_a_refused_message_that_does_not_fail_is_a_fault() -> None:
    play(
        client >> Refused(b"denied"),
        server << ParseComplete().is_violation("a refused message that did not fail"),
    )
    play(
        client >> Query(SELECT, denial=b"denied"),
        server << CommandComplete().is_violation("a refused statement that did not fail"),
    )


def test_a_copy_is_awaited_until_the_server_says_whether_it_takes_rows() -> None:
    sent = [client >> Query(f"{COPY}; {COPY}")]
    assert play(*sent).awaits_copy
    begun = [*sent, server << CopyInResponse()]
    assert not play(*begun).awaits_copy
    first = [*begun, client >> CopyDone()]
    assert play(*first).awaits_copy
    second = [*first, server << CommandComplete(), server << CopyInResponse()]
    assert not play(*second).awaits_copy
    done = [*second, client >> CopyDone(), server << CommandComplete(), server << ReadyForQuery("I")]
    assert not play(*done).awaits_copy
    assert not play(*begun, server << ErrorResponse(), server << ReadyForQuery("I")).awaits_copy


def test_a_copy_that_nothing_asked_for_is_a_fault() -> None:
    play(client >> Query(SELECT), server << CopyInResponse().is_violation("nothing asked for"))


def test_a_batch_may_fail_between_its_messages() -> None:
    parsed = [client >> Parse("", SELECT), server << ParseComplete()]
    assert play(*parsed, server << ErrorResponse()).discarding
    assert not play(*parsed, client >> Sync(), server << ReadyForQuery("I"), server << ErrorResponse()).discarding


@pytest.mark.finding("pg-F11")
def test_a_function_call_is_answered_like_a_query() -> None:
    play(
        client >> FunctionCall(),
        client >> FunctionCall(),
        client >> Query(SELECT),
        server << FunctionCallResponse(),
        server << ReadyForQuery("T"),
        now(outstanding=2),
        server << ErrorResponse(),
        server << ReadyForQuery("E"),
        now(outstanding=1, discarding=False, status="E"),
        server << CommandComplete(of=SELECT),
    )


@pytest.mark.finding("pg-F11")
def test_a_function_call_behind_an_error_is_discarded_up_to_the_sync() -> None:
    play(
        client >> Parse("", SELECT),
        client >> FunctionCall(),
        client >> Sync(),
        client >> FunctionCall(),
        server << ErrorResponse(),
        server << ReadyForQuery("I"),
        server << FunctionCallResponse(),
        server << ReadyForQuery("I"),
        now(outstanding=0),
    )


def test_each_statement_of_a_query_describes_its_own_rows() -> None:
    play(
        client >> Query(SELECT),
        server << RowDescription(ONE),
        server << CommandComplete(),
        server << DataRow().is_violation("never described"),
        server << RowDescription(TWO),
        server << DataRow(TWO),
    )


# --- what a run may mean ------------------------------------------------------------------------------------------


def test_runs_are_counted_and_a_portal_knows_when_it_was_bound() -> None:
    state = play(
        client >> Parse("s", "delete from t"),
        client >> Bind("p", "s"),
        client >> Query("select 1"),
        client >> Execute("p"),
    )
    portal = state.portal("p")
    assert portal is not None
    assert (portal.bound_after, state.runs) == (1, 3)


def test_a_refused_query_is_no_run() -> None:
    assert play(client >> Query("select 1", denial=b"no")).runs == 0


@pytest.mark.parametrize(("denial", "is_there"), [(None, False), (b"no", True)])
def test_a_query_takes_the_unnamed_portal_and_a_refused_one_leaves_it(denial: bytes | None, is_there: bool) -> None:
    bound = [client >> Parse("", SELECT), client >> Bind("", ""), client >> Bind("p", ""), client >> Sync()]
    state = play(*bound, client >> Query(SELECT, denial=denial))
    assert (state.portal("") is not None) is is_there
    assert state.portal("p") is not None


@pytest.mark.parametrize("sql", ["create table t (a int)", "select f()", "call p()", "do $$ begin end $$"])
def test_what_was_made_counts_until_the_transaction_ends(sql: str) -> None:
    begun = [client >> Query("begin"), server << CommandComplete(), server << ReadyForQuery("T")]
    made = [client >> Query(sql), server << CommandComplete(), server << ReadyForQuery("T")]
    ended = [client >> Query("rollback"), server << CommandComplete(), server << ReadyForQuery("I")]
    assert not play(*begun).has_made_things
    assert play(*begun, *made).has_made_things
    assert not play(*begun, *made, *ended).has_made_things


def test_a_transaction_has_failed_until_something_else_was_sent() -> None:
    failed = [client >> Query("select 1"), server << ErrorResponse(), server << ReadyForQuery("E")]
    assert play(*failed).has_failed
    assert not play(*failed, client >> Query("rollback")).has_failed


def test_all_is_settled_once_what_was_sent_last_is_answered() -> None:
    sent = [client >> Query(SELECT), client >> Query("set client_encoding = latin1")]
    first = [*sent, server << CommandComplete(), server << ReadyForQuery("I")]
    assert not play(*first).is_settled
    assert play(*first, server << CommandComplete(), server << ReadyForQuery("I")).is_settled


def test_an_encoding_that_was_asked_for_holds_until_its_batch_ends_or_runs_something() -> None:
    def asked() -> ConnectionState:
        state = ConnectionState()
        state.asked("LATIN1", "on")
        return state

    assert (asked().encoding, asked().is_settled) == ("LATIN1", True)
    (running := asked()).note_run(QueryAnalysis(()))
    (synced := asked()).sync()
    assert not running.is_settled
    assert (synced.encoding, synced.is_settled) == ("UTF8", False)


def test_what_runs_code_when_it_is_read_counts_as_a_run() -> None:
    state = ConnectionState()
    state.parse("plain", QueryAnalysis(()))
    assert state.is_settled
    state.parse("checked", QueryAnalysis(()), reads_code=True)
    assert (state.runs, state.is_settled) == (1, False)
    state.describe("S", "plain")
    assert state.runs == 1
    state.describe("S", "checked")
    assert state.runs == 2
