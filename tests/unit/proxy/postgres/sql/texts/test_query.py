"""Remembering analyses: never one that is another statement's."""

import pytest

from proxy.postgres.sql.catalogue import Catalogue
from proxy.postgres.sql.reading import read
from proxy.postgres.sql.texts.query import (
    MAX_REMEMBERED,
    QueryAnalyser,
    QueryAnalysis,
    may_run_code,
)
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


@pytest.mark.parametrize("sql", [b"select set_config('role', 'x', true)", b"delete from t where a like 'x%'"])
def test_what_a_literal_decides_is_not_shared(analyser: QueryAnalyser, sql: bytes) -> None:
    analyser.analyse(sql)
    assert analyser.remembered(sql) is not None
    assert analyser.remembered(sql.replace(b"x", b"y").replace(b"role", b"work_mem")) is None


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


#: What a name comes to mean beside or instead of what it meant, and a statement of before that has it.
_PEOPLE = [("30000", "public", "people", "1", "id"), ("30000", "public", "people", "2", "cvv")]
_TURNED = [
    ("of another schema", _PEOPLE, FUNCTIONS, b"select a from people"),
    ("a function's rows", COLUMNS[:0], [*FUNCTIONS, ("21002", "public", "fu", "20000", "cvv")], b"select a from fu()"),
    ("one more", COLUMNS[:0], [*FUNCTIONS, ("21003", "app", "g", "0", "cvv")], b"select a from g()"),
]


@pytest.mark.parametrize(("columns", "functions", "sql"), [each[1:] for each in _TURNED], ids=[e[0] for e in _TURNED])
def test_what_comes_to_show_masked_data_outdates_its_name(
    knowing: QueryAnalyser, columns: list[tuple[str, ...]], functions: list[tuple[str, ...]], sql: bytes
) -> None:
    before = list(map(knowing.analyse, (sql, b"select a from log", b"select a from cards")))
    knowing.catalogue = read([*COLUMNS, *columns], VIEWS, is_masked, functions, SYSTEM)
    assert list(map(knowing.is_outdated, before)) == [True, False, False]
    since = knowing.analyse(sql)
    knowing.catalogue = read([*COLUMNS, *columns], VIEWS, is_masked, functions, SYSTEM)
    assert not knowing.is_outdated(since)


def test_what_moves_under_a_masked_column_outdates_its_table(knowing: QueryAnalyser) -> None:
    """In `from cards as c(a, b)` b is masked no longer, and a is."""
    before = knowing.analyse(b"select reverse(a) from cards c(a)")
    knowing.catalogue = read([row for row in COLUMNS if row[4] != "holder"], VIEWS, is_masked, FUNCTIONS, SYSTEM)
    assert knowing.is_outdated(before)


def test_what_the_session_made_is_not_news_when_it_is_fetched(knowing: QueryAnalyser) -> None:
    knowing.analyse(b"alter table users add column cvv text")
    since = knowing.analyse(b"select name from users")
    more = ("20001", "public", "users", "3", "cvv")
    knowing.catalogue = read([*COLUMNS, more], VIEWS, is_masked, FUNCTIONS, SYSTEM)
    assert not knowing.is_outdated(since)


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


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (b"create table t (id int)", True),
        (b"commit prepared 'x'", True),
        (b"commit", False),
        (b"prepare transaction 'x'", False),
        (b"rollback prepared 'x'", False),
    ],
)
def test_what_may_change_the_catalogue(analyser: QueryAnalyser, sql: bytes, expected: bool) -> None:
    assert analyser.analyse(sql).is_ddl is expected


@pytest.mark.parametrize("sql", ["select '(1)'::t", "select $$(1)$$::t", "select E'1'", "select U&'1'", "select $1"])
def test_a_literal_may_run_code_when_it_is_read(sql: str) -> None:
    assert may_run_code(sql.encode())


def test_without_a_literal_nothing_is_run_by_reading() -> None:
    assert not may_run_code(b'select f(a, 1) from "t" where b > 2')
