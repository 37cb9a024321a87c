"""No literal survives in a statement's text: each of these has one, and some place where it could hide."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.sql import facts_of

SECRET = "4111111111111111"

HIDDEN = [
    "select '{}'",
    "select {}",
    "select -{}.5e3",
    "select E'\\x41{}'",
    "select $${}$$",
    "select $tag${}$tag$",
    "select U&'{}'",
    "select N'{}'",
    "select date '{}', interval '{}' day",
    "select 1 -- {}",
    "/* {} */ select 1",
    "select 1 /* a /* {} */ b */",
    "select 'a'\n'{}'",
    'select "{}" from t',
    'select 1 as "{}"',
    'select * from "{}"',
    'select U&"{}" from t',
    "select a{} from t",
    "select 1 as a{}",
    'select "4111 1111 1111 1111" from t',
    'select "4111-1111-1111-1111" from t',
    'select a as "alice.{}@example.com" from t',
    "alter role r password '{}'",
    "create role r password '{}' valid until '{}'",
    "create user mapping for r server s options (user 'x', password '{}')",
    "copy t from '/tmp/{}'",
    "copy t to program 'curl {}'",
    "copy (select '{}') to stdout with (null '{}')",
    "set a.b = '{}'",
    "set a.b to '{}'",
    "set a.b = {}",
    "set local a.b = hunter2{}",
    "alter role r set a.b = 'x{}'",
    "alter role r set a.b to x{}",
    "alter database d set a.b = 'x{}'",
    "alter system set a.b = '{}'",
    "do $$ begin raise notice '{}'; end $$",
    "do 'select {}'",
    "create function f() returns text as $$ select '{}' $$ language sql",
    "create function f() returns text language sql return '{}'",
    "create function f(a text default '{}') returns text language sql as ''",
    "comment on table t is '{}'",
    "security label on table t is '{}'",
    "notify c, '{}'",
    "create table t (a text default '{}', check (a <> '{}'))",
    "create type e as enum ('{}')",
    "alter type e add value '{}'",
    "create table p partition of t for values in ('{}')",
    "create index on t ((a || '{}')) where b = '{}'",
    "create view v as select '{}'",
    "create policy p on t using (a = '{}')",
    "create subscription s connection 'password={}' publication p",
    "create server s foreign data wrapper f options (host '{}')",
    "create rule r as on insert to t do instead delete from u where a = '{}'",
    "create trigger t before insert on t execute function f('{}')",
    "prepare p as select '{}'",
    "execute p('{}')",
    "execute p({})",
    "declare c cursor for select '{}'",
    "explain select '{}'",
    "call f('{}')",
    "prepare transaction '{}'",
    "load '{}'",
    "insert into t values ('{}', {})",
    "update t set a = '{}' where b = '{}'",
    "merge into t using s on t.a = '{}' when matched then update set b = '{}'",
    "select * from json_table('{}', '$.a' columns (x int path '$.{}'))",
    "select xmlparse(document '{}')",
    "create sequence s start {}",
    "select * from t limit {} offset {}",
    "import foreign schema s from server r into u options (a '{}')",
    # Not SQL at all.
    "alter role r password {}x y",
    "select '{}",
    "{}",
]


@pytest.mark.parametrize("sql", HIDDEN)
def test_no_literal_survives(sql: str) -> None:
    for facts in facts_of(sql.replace("{}", SECRET)):
        assert SECRET not in facts.text
        assert "1111" not in facts.text
        assert "hunter2" not in facts.text


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="'\\"), min_size=1, max_size=30))
def test_a_string_is_a_string(value: str) -> None:
    [facts] = facts_of(f"insert into t values ('{value}')")  # noqa: S608 - parsed, never run
    assert facts.text == "insert into t values (?)"


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("select  a,b\n from t  where c in (1,2) ;", "select a,b from t where c in (?,?)"),
        ('drop table "Old Cards"', 'drop table "Old Cards"'),
        ("drop table events_20240101", "drop table events_20240101"),
        ("select a from t where b = $1 and c = 'x'", "select a from t where b = $1 and c = ?"),
        ("select a::text, -1, 'x' || b", "select a::text, -?, ? || b"),
        ("set search_path = a, b", "set search_path = ?"),
        ("select * from größe", "select * from größe"),
    ],
)
def test_the_rest_reads_as_it_was(sql: str, text: str) -> None:
    [facts] = facts_of(sql)
    assert facts.text == text
