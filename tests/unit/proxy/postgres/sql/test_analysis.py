"""What SQL asks for: a corpus of statements with the kind and labels that rules rely on. Bypasses found stay here."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.policy.labels import UNPARSEABLE, SqlLabel
from proxy.syntax.sql import MAX_CHAIN_TOKENS, MAX_SQL_BYTES
from support.sql import facts_of

CORPUS: list[tuple[str, str, set[str]]] = [
    ("select 1", "select", {"select"}),
    ("SELECT * FROM app.cards c JOIN users u USING (id)", "select", {"table:cards", "table:app.cards", "table:users"}),
    ("select pg_sleep(1), s.f(2)", "select", {"function:pg_sleep", "function:f", "function:s.f"}),
    ("insert into t values (1)", "insert", {"insert", "table:t"}),
    ("update t set a = 1", "update", {"update", "update_without_where"}),
    ("delete from t", "delete", {"delete", "delete_without_where", "table:t"}),
    ("delete from t where true", "delete", {"delete_without_where"}),
    ("delete from t where 1 = 1", "delete", {"delete_without_where"}),
    ("merge into t using s on t.a = s.a when matched then delete", "merge", {"merge", "table:t", "table:s"}),
    ("truncate t, u", "ddl", {"ddl", "truncate", "table:t", "table:u"}),
    ("drop table a.b, c cascade", "ddl", {"ddl", "drop", "table:a.b", "table:b", "table:c"}),
    ("drop function f(int)", "ddl", {"ddl", "drop", "function:f"}),
    ("drop role r", "ddl", {"ddl", "drop"}),
    ("drop database d", "ddl", {"ddl", "drop"}),
    ("create table t (a int)", "ddl", {"ddl", "table:t"}),
    ("create table t as select * from u", "ddl", {"ddl", "table:u"}),
    ("select * into t from u", "select", {"select", "ddl", "table:t"}),
    ("create index on t (a)", "ddl", {"ddl", "table:t"}),
    ("alter table t add b int", "ddl", {"ddl", "table:t"}),
    ("alter role r superuser", "ddl", {"ddl"}),
    ("alter system set x = 1", "ddl", {"ddl"}),
    ("create extension x", "ddl", {"ddl"}),
    ("comment on table t is 'x'", "ddl", {"ddl"}),
    ("grant select on t to r", "grant", {"grant", "table:t"}),
    ("revoke all on t from r", "grant", {"grant"}),
    ("grant r to s", "grant", {"grant"}),
    ("alter default privileges grant select on tables to r", "grant", {"grant"}),
    ("copy t to stdout", "copy", {"copy", "table:t"}),
    ("copy t from '/etc/passwd'", "copy", {"copy", "copy_server_file"}),
    ("copy t to program 'sh'", "copy", {"copy", "copy_program"}),
    ("copy (delete from t returning *) to stdout", "copy", {"copy", "delete", "delete_without_where"}),
    ("call p(1)", "call", {"call", "function:p"}),
    ("do $$ begin delete from t; end $$", "do", {"do", UNPARSEABLE}),
    ("set a.b = 1", "set", {"set"}),
    ("set role x", "set", {"set"}),
    ("begin", "transaction", {"transaction"}),
    ("rollback to savepoint s", "transaction", {"transaction"}),
    ("explain analyze delete from t", "explain", {"explain", "delete", "delete_without_where"}),
    ("explain (analyze true, costs off) delete from t", "explain", {"delete_without_where"}),
    ("prepare p as delete from t", "prepare", {"prepare", "delete", "delete_without_where"}),
    ("execute p", "execute", {"execute"}),
    ("declare c cursor for select * from t", "declare", {"declare", "select", "table:t"}),
    ("fetch 5 from c", "fetch", {"fetch"}),
    ("notify ch, 'x'", "notify", {"notify"}),
    ("with d as (delete from t returning *) select * from d", "select", {"delete", "delete_without_where"}),
    ("with u as (update t set a = 1) insert into v select 1", "insert", {"update", "update_without_where", "insert"}),
    ("create rule r as on insert to t do also delete from u", "ddl", {"ddl", "delete", "delete_without_where"}),
    ("create view v as select * from t", "ddl", {"ddl", "select", "table:t", "table:v"}),
    ("create function f() returns int begin atomic; delete from t; end", "ddl", {"ddl", "delete_without_where"}),
    ("vacuum t", "other", {"vacuum", "table:t"}),
    ("lock table t", "other", {"lock", "table:t"}),
    ("show all", "other", {"variableshow"}),
]


@pytest.mark.parametrize(("sql", "kind", "labels"), CORPUS)
def test_corpus(sql: str, kind: str, labels: set[str]) -> None:
    [facts] = facts_of(sql)
    assert facts.kind == kind
    assert labels <= facts.labels


def test_default_privileges_are_a_grant_and_no_ddl() -> None:
    """A role whose rules allow ddl and deny everything else must not give standing rights away."""
    [facts] = facts_of("alter default privileges in schema app grant select on tables to bob")
    assert facts.labels == {SqlLabel.GRANT, SqlLabel.PRIVILEGE}


@pytest.mark.parametrize(
    ("sql", "absent"),
    [
        ("delete from t where id = 1", "delete_without_where"),
        ("delete from t where current of c", "delete_without_where"),
        ("update t set a = 1 where id = $1", "update_without_where"),
        ("explain delete from t", "delete"),
        ("explain (analyze false) delete from t", "delete"),
        ("copy t from stdin", "copy_server_file"),
        ("copy t to stdout", "copy_program"),
        ("select 'drop table t'", "ddl"),
        ("select 1 /* ; drop table t */", "ddl"),
        ('select "drop" from t', "drop"),
    ],
)
def test_what_a_statement_does_not_do(sql: str, absent: str) -> None:
    [facts] = facts_of(sql)
    assert absent not in facts.labels


def test_each_statement_of_a_batch_has_facts() -> None:
    facts = facts_of("select 1; /* x */ delete from t;; drop table u -- end")
    assert [each.kind for each in facts] == ["select", "delete", "ddl"]
    assert [each.text for each in facts] == ["select ‹number›", "delete from t", "drop table u"]


@pytest.mark.parametrize("sql", ["", " ", ";", "-- nothing", "/* nothing */;;"])
def test_nothing_is_nothing(sql: str) -> None:
    assert facts_of(sql) == []


UNREADABLE = [
    "sel",
    "select 'open",
    "select * from t where a = '\udc80'",
    # Would end elsewhere if the session had turned standard_conforming_strings off.
    r"select '\'; drop table t; --'",
    r"select U&'\'; drop table t; --'",
    # In SJIS the backslash is the second half of a character, and the quote behind it ends the string.
    "select E'あ\\'; drop table t; --'",
    # Deep enough to overflow the parser's stack, were it asked.
    "select " + "+".join(["1"] * MAX_CHAIN_TOKENS),
    "select 1, 2" + " union select 1, 2" * 60_000,
    "select " + "(" * 50_000 + "1" + ")" * 50_000,
    "select '" + "x" * MAX_SQL_BYTES + "'",
]


@pytest.mark.parametrize("sql", UNREADABLE, ids=range(len(UNREADABLE)))
def test_what_cannot_be_read_for_certain(sql: str) -> None:
    [facts] = facts_of(sql)
    assert facts.labels == {UNPARSEABLE}
    assert (
        facts.text == f"(a statement of {len(sql.encode('utf-8', 'surrogateescape'))} bytes that could not be parsed)"
    )


@pytest.mark.parametrize("sql", [r"select E'it\'s'", r"select $$a\'b$$", r"select 'C:\dir'", "select 'あ'"])
def test_what_has_one_reading(sql: str) -> None:
    [facts] = facts_of(sql)
    assert facts.kind == "select"


def test_large_inserts_are_readable() -> None:
    [facts] = facts_of("insert into t values " + ",".join(["(1, 'abc', now())"] * 5_000))  # noqa: S608 - parsed, never run
    assert facts.kind == "insert"
    assert facts.text.endswith("(‹number›, ‹text›, now())")


@given(st.text(max_size=60))
def test_any_text_gets_facts(sql: str) -> None:
    for facts in facts_of(sql.replace("\0", "")):
        assert facts.labels
