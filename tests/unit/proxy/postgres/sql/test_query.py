"""Remembering analyses: never one that is another statement's."""

import pytest

from access.policy.labels import UNPARSEABLE
from proxy.postgres.sql.catalogue import Catalogue
from proxy.postgres.sql.query import MAX_REMEMBERED, QueryAnalyser, QueryAnalysis, expand, may_run_code
from proxy.postgres.sql.reading import read
from support.cards import COLUMNS, FUNCTIONS, SYSTEM, VIEWS, is_masked


@pytest.fixture
def analyser() -> QueryAnalyser:
    return QueryAnalyser(lambda name: name == "cvv")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (b"select 1", b"select 2"),
        (b"select a from t where b = 'x'", b"select a from t where b = ''"),
        (b"update t set a = 5, b = 'y' where c = 10", b"update t set a = 66, b = 'z;' where c = 1"),
        (b"select f(1, -2)", b"select f(33, -4)"),
    ],
)
def test_texts_of_one_shape_share_an_analysis(analyser: QueryAnalyser, first: bytes, second: bytes) -> None:
    analysis = analyser.analyse(first)
    assert analyser.remembered(second) is analysis


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (b"copy t to ''", b"copy t to '/etc/passwd'"),
        (b"select 'a'", b"select 'a' -- '"),
        (b"select 'a'", b"select 'a'; drop table t"),
        (b"select 'a'", rb"select '\'; drop table t; --'"),
        (b"select 'a'", b"select ''''"),
        (b"select '' || ''", b"select '' || '' from t"),
        (b"select a1", b"select a2"),
        (b"select 1.5", b"select 1.6"),
        (b"select $1", b"select $2"),
        (b"explain (analyze 0) delete from t", b"explain (analyze 1) delete from t"),
        (b'select "a1"', b'select "a2"'),
        (b"do 'x'", b"do 'select cvv'"),
    ],
)
def test_other_texts_do_not(analyser: QueryAnalyser, first: bytes, second: bytes) -> None:
    analyser.analyse(first)
    assert analyser.remembered(second) is None


@pytest.mark.parametrize(
    "sql",
    [
        "delete from t using (select id from t where name like '{}') s where t.id = s.id",
        "with s as (select id from t where name like '{}') delete from t where id in (select id from s)",
        "with d as (delete from t where name like '{}' returning id) select * from d",
    ],
)
def test_a_pattern_that_matches_everything_is_judged_anew(analyser: QueryAnalyser, sql: str) -> None:
    """Wherever it stands, it decides which rows are met."""
    analyser.analyse(sql.format("abc").encode())
    everything = sql.format("%").encode()
    found = analyser.remembered(everything) or analyser.analyse(everything)
    assert "delete_without_where" in found.statements[0].facts.labels


def test_an_analysis_is_the_same_remembered_or_not(analyser: QueryAnalyser) -> None:
    analyser.analyse(b"delete from t where a = 1")
    assert analyser.remembered(b"delete from t where a = 2") == QueryAnalyser(lambda _: False).analyse(
        b"delete from t where a = 2"
    )


def test_memory_is_bounded(analyser: QueryAnalyser) -> None:
    first = b"select c from t0"
    analyser.analyse(first)
    for number in range(MAX_REMEMBERED):
        analyser.analyse(b"select c from u%d" % number)
    assert analyser.remembered(first) is None


def test_execute_is_what_was_prepared(analyser: QueryAnalyser) -> None:
    prepared = analyser.analyse(b"delete from t")
    execute = analyser.analyse(b"explain analyze execute p")
    [facts] = expand(execute, lambda name: [prepared] if name == "p" else []).facts
    assert {"explain", "execute", "delete_without_where"} <= facts.labels


def test_execute_must_pass_in_the_parts_of_what_was_prepared(analyser: QueryAnalyser) -> None:
    prepared = analyser.analyse(b"prepare p as merge into t using s on true when matched then delete")
    [facts] = expand(analyser.analyse(b"execute p"), lambda _: [prepared]).facts
    whole, *parts = facts.parts
    assert {"execute", "prepare", "merge"} <= whole
    assert "delete" not in whole, "a rule that allows delete must not decide for MERGE"
    assert any({"merge", "delete", "writes:t"} <= part for part in parts)
    assert "table:t" in facts.unqualified


@pytest.mark.parametrize("sql", [b"select set_config('role', 'x', true)", b"delete from t where a like 'x%'"])
def test_what_a_literal_decides_is_not_shared(analyser: QueryAnalyser, sql: bytes) -> None:
    analyser.analyse(sql)
    assert analyser.remembered(sql) is not None
    assert analyser.remembered(sql.replace(b"x", b"y").replace(b"role", b"work_mem")) is None


def test_execute_of_something_unknown_could_be_anything(analyser: QueryAnalyser) -> None:
    [facts] = expand(analyser.analyse(b"execute p"), lambda _: list[QueryAnalysis]()).facts
    assert UNPARSEABLE in facts.labels


def test_execute_inherits_a_refusal(analyser: QueryAnalyser) -> None:
    prepared = analyser.analyse(b"select cvv || '' from cards")
    assert expand(analyser.analyse(b"execute p"), lambda _: [prepared]).refusal == prepared.refusal is not None


def texts(analysis: QueryAnalysis) -> list[str]:
    return [facts.text for facts in analysis.facts]


@pytest.mark.finding("H3")
def test_an_exact_analysis_has_the_values_of_its_own_text(analyser: QueryAnalyser) -> None:
    sql = b"update t set cents = 500000 where id = 'a'; select f('delete from t')"
    assert texts(analyser.analyse(sql)) == ["update t set cents = ‹number› where id = ‹text›", "select f(‹text›)"]
    assert texts(analyser.exactly(sql)) == [
        "update t set cents = 500000 where id = ‹text ≤8›",
        "select f('delete from t')",
    ]
    assert analyser.exactly(sql) is not analyser.exactly(sql)


@pytest.mark.parametrize("sql", [b"select nextval('a')", b"select query_to_xml('select 1', true, true, '')"])
def test_what_literals_decide_is_not_shared(analyser: QueryAnalyser, sql: bytes) -> None:
    analysis = analyser.analyse(sql)
    assert analyser.remembered(sql) is analysis
    assert analyser.remembered(sql.replace(b"a", b"b").replace(b"1", b"2")) is None


def test_numbers_beside_masked_columns_are_hidden(analyser: QueryAnalyser) -> None:
    assert texts(analyser.exactly(b"select 923 from t")) == ["select 923 from t"]
    assert texts(analyser.exactly(b"insert into t (cvv) values (923)")) == [
        "insert into t (cvv) values (‹number, 3 digits›)"
    ]


@pytest.mark.finding("H6")
def test_labels_have_the_real_names(analyser: QueryAnalyser) -> None:
    [facts] = analyser.analyse(b"delete from audit_2026112801").facts
    assert facts.text == "delete from audit_2026112801"
    assert "table:audit_2026112801" in facts.labels


@pytest.fixture
def knowing(catalogue: Catalogue) -> QueryAnalyser:
    """One that knows the tables of support.cards."""
    analyser = QueryAnalyser(is_masked)
    analyser.catalogue = catalogue
    return analyser


def test_a_prepared_statement_is_outdated_once_a_name_in_it_means_masked_data(knowing: QueryAnalyser) -> None:
    before = [knowing.analyse(sql) for sql in (b"select upper(name) from users", b"select upper(name) from log")]
    assert not any(map(knowing.is_outdated, before))
    knowing.analyse(b"create view evil.users as select cvv from cards")
    assert list(map(knowing.is_outdated, before)) == [True, False]
    assert not knowing.is_outdated(knowing.analyse(b"select users.cvv from users"))


def test_a_name_that_meant_masked_data_stays_suspicious(knowing: QueryAnalyser) -> None:
    knowing.analyse(b"create view evil.users as select cvv from cards")
    knowing.catalogue = read(COLUMNS, VIEWS, is_masked, FUNCTIONS, SYSTEM)
    assert knowing.analyse(b"select u.quote_literal from users u").refusal is not None


def test_code_wants_the_newest_catalogue(knowing: QueryAnalyser) -> None:
    for sql in (b"do 'begin end'", b"create function ff() returns int language sql as 'select 1'"):
        assert knowing.analyse(sql).is_news
        assert knowing.remembered(sql) is None
    assert not knowing.analyse(b"select 1").is_news
    assert knowing.analyse(b"select upper(a) from nobody").is_news


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (b"copy t from stdin", True),
        (b"select 1; copy t (a) from stdin csv", True),
        (b"no sql", True),
        (b"copy t to stdout", False),
        (b"copy t from '/tmp/t'", False),
        (b"copy t from program 'true'", False),
        (b"do $$begin end$$", False),
    ],
)
def test_what_may_wait_for_rows_of_the_clients(sql: bytes, expected: bool) -> None:
    assert QueryAnalyser(lambda _: False).analyse(sql).may_copy_in is expected


def test_an_execute_of_a_copy_waits_for_rows_too() -> None:
    analyser = QueryAnalyser(lambda _: False)
    copy = analyser.analyse(b"copy t from stdin")
    assert expand(analyser.analyse(b"execute s"), lambda _: [copy]).may_copy_in


def test_an_execute_of_an_execute_is_what_that_runs() -> None:
    analyser = QueryAnalyser(lambda _: False)
    prepared = {
        "a": b"delete from t",
        "b": b"execute a",
        "c": b"execute b",
        "self": b"execute self",
        "d": b"execute no",
    }

    def run(name: str) -> QueryAnalysis:
        asked = analyser.analyse(f"execute {name}".encode())
        return expand(asked, lambda name: [analyser.analyse(prepared[name])] if name in prepared else [])

    assert "delete_without_where" in run("c").facts[0].labels
    assert not run("c").facts[0].unreviewable
    assert run("c").facts[0].text.endswith("runs: execute b\nruns: execute a\nruns: delete from t")
    assert UNPARSEABLE not in run("self").facts[0].labels
    assert UNPARSEABLE in run("d").facts[0].labels
    prepared["a"] = b"copy t from stdin"
    assert run("c").may_copy_in


@pytest.mark.parametrize("sql", ["select '(1)'::t", "select $$(1)$$::t", "select E'1'", "select U&'1'", "select $1"])
def test_a_literal_may_run_code_when_it_is_read(sql: str) -> None:
    assert may_run_code(sql.encode())


def test_without_a_literal_nothing_is_run_by_reading() -> None:
    assert not may_run_code(b'select f(a, 1) from "t" where b > 2')
