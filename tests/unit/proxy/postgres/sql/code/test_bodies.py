"""Functions and DO blocks of a client: which are proven to read no rows. A bypass found once stays here."""

import pytest

from proxy.postgres.sql.catalogue import Catalogue
from proxy.postgres.sql.code.bodies import unproven
from proxy.postgres.sql.texts.query import QueryAnalyser
from support.cards import is_masked
from support.sql import tree_of

HARMLESS = (
    "do $$ begin perform 1; end $$",
    "do language plpgsql $$ begin raise notice 'executed'; end $$",
    "create function f() returns trigger language plpgsql as 'begin return new; end'",
    "create or replace function trg() returns trigger language plpgsql as 'begin return old; end'",
    "create function ff(i int) returns int language sql return i + 1",
    "create function ff(i int default 1) returns int language sql immutable strict as 'select i + 1 where i > 0'",
    "create function ff(i int) returns table (a int, b text) language sql as 'select i, $1::text'",
    "create function ff(a text, out b text) language sql begin atomic; select upper(a); end",
    "create function ff(variadic a text[]) returns setof text language sql as 'select a[1]'",
    "create procedure p(inout n int) language plpgsql as 'begin n := n + 1; end'",
    "create or replace function fresh() returns int language sql return 1",
)

UNPROVEN = (
    "do $$ begin raise notice '%', (select cvv from cards limit 1); end $$",
    "do $$ declare c record; begin for c in select * from Cards loop raise notice '%', c; end loop; end $$",
    "do $$ begin execute 'select c' || 'vv from car' || 'ds'; end $$",
    "do $$ declare c refcursor := 'c'; r text; begin fetch c into r; raise notice '%', reverse(r); end $$",
    "do $$ begin alter /* a */ domain dd add check (lk3(value)); end $$",
    """do $$ begin raise notice '%', (select U&"\\0063vv" from U&"\\0063ards"); end $$""",
    "do language plperl 'elog(NOTICE, 1)'",
    "create function f() returns text language sql as 'select cvv from cards'",
    "create function f() returns bigint language sql as 'select count(*) from users'",
    "create function f() returns setof text language plpgsql as 'begin return query execute $1; end'",
    "create function f(c cards) returns text language sql as 'select $1::text'",
    "create function f(c refcursor) returns text language plpgsql as 'begin return 1; end'",
    "create function f(d dd) returns text language sql return 1",
    "create function f() returns setof cards language sql as 'select null'",
    "create function f() returns setof record language sql as 'select 1, 2'",
    "create function f() returns cards.cvv%type language sql return 'a'",
    """create function f() returns text language sql as $$ select U&"\\0063vv" from U&"\\0063ards" $$""",
    "create function f() returns text language sql as 'select c\\166v from c\\141rds'",
    "create function f() returns text language sql as 'select c\\x76v from u'",
    "create function f() returns text language sql as 'select (select 1)'",
    "create function f() returns text language sql as 'table cards'",
    "create function f() returns text language sql as 'execute q'",
    "create function f() returns text language sql as 'fetch all from c'",
    "create function f() returns text language sql as 'select 1; delete from users'",
    "create function f() returns text language sql as 'select 1; with a as (select 1) select 2'",
    "create function f() returns text language sql as 'this is no sql'",
    "create function f(word text) returns text language sql as 'select word.g'",
    "create function f(word text) returns text language sql as 'select (word).g'",
    "create function f() returns text language sql as 'select g1()::text'",
    "create function f() returns text language sql return g1()::text",
    "create function f() returns text language sql return 'cards'::regclass::text",
    "create function f() returns text language sql return 1 operator(app.+) 2",
    "create function f() returns text begin atomic select reverse(l::text) from later l; end",
    "create function f() returns text begin atomic select 1; select cvv from cards; end",
    "create function f(i text default reverse(g1()::text)) returns text language sql return i",
    "create function f(i int default (select 1)) returns int language sql return i",
    "create function f() returns text language internal as 'pg_read_file'",
    "create function f() returns int as 'x.so', 'f' language c",
    "create function f(int) returns int transform for type int language sql as 'select 1'",
    # What calls it already, as a check does, may hand it masked values.
    "create or replace function g() returns int language sql return 1",
)


@pytest.mark.parametrize("sql", HARMLESS)
def test_it_reads_no_rows(analyser: QueryAnalyser, catalogue: Catalogue, sql: str) -> None:
    assert unproven(tree_of(sql), catalogue, is_masked) is None
    assert analyser.analyse(sql.encode()).refusal is None


@pytest.mark.parametrize("sql", UNPROVEN)
def test_it_may_read_some(analyser: QueryAnalyser, catalogue: Catalogue, sql: str) -> None:
    assert unproven(tree_of(sql), catalogue, is_masked)
    refusal = analyser.analyse(sql.encode()).refusal
    assert refusal is not None
    assert "mask" in refusal


def test_names_that_views_give_to_masked_columns_are_hidden_as_well(catalogue: Catalogue) -> None:
    sql = (
        "create function f() returns trigger language plpgsql as 'begin raise notice ''%'', old.code; return new; end'"
    )
    assert unproven(tree_of(sql), catalogue, is_masked) == "code"


def test_without_masked_columns_nobody_asks() -> None:
    sql = b"create function f() returns bigint language sql as 'select count(*) from users'"
    assert QueryAnalyser(is_masked).analyse(sql).refusal is None


def test_other_statements_have_no_code(catalogue: Catalogue) -> None:
    assert unproven(tree_of("select 1 from cards"), catalogue, is_masked) is None


@pytest.mark.parametrize(
    "sql",
    [
        "create type mood as enum ('a')",
        "alter table users add constraint k foreign key (id) references log (id)",
        "create table if not exists fresh (id int primary key, cvv text)",
        "create index on users (name)",
    ],
)
def test_a_block_of_definitions_passes_as_they_do(catalogue: Catalogue, sql: str) -> None:
    for asked in (sql, f"do $do$ begin {sql}; exception when duplicate_object then null; end $do$"):
        analyser = QueryAnalyser(is_masked)
        analyser.catalogue = catalogue
        assert analyser.analyse(asked.encode()).refusal is None


@pytest.mark.parametrize(
    "sql",
    [
        "alter table cards add check (cvv > '5')",
        "alter table cards add check (f(cards))",
        "create index on cards (cvv)",
        "create index on cards (holder) where cvv > '5'",
        "alter table cards alter cvv type varchar(9)",
        "alter table cards add column x text generated always as (cvv) stored",
        "create table copied (like cards including all, x text default reverse(g()::text)) inherits (cards)",
        "create domain app.text as int",
        "create type pg_temp.mood as enum ('a')",
        "create temp table users (id int)",
        "create domain d as text check (f(value))",
    ],
)
def test_and_is_refused_as_they_are(catalogue: Catalogue, sql: str) -> None:
    said: list[str | None] = []
    blocks = (sql, f"do $do$ begin {sql}; end $do$", f"do $do$ begin create type m as enum (); {sql}; end $do$")
    for asked in blocks:
        analyser = QueryAnalyser(is_masked)
        analyser.catalogue = catalogue
        said.append(analyser.analyse(asked.encode()).refusal)
    assert said[0] is not None
    assert said == said[:1] * 3


def test_what_a_block_makes_is_known(catalogue: Catalogue) -> None:
    analyser = QueryAnalyser(is_masked)
    analyser.catalogue = catalogue
    made = analyser.analyse(b"do $$ begin create table fresh (id int, cvv text); exception when a then null; end $$")
    assert made.refusal is None
    assert {each.name for each in made.remakes} == {"fresh"}
    assert analyser.analyse(b"select reverse(cvv) from fresh").refusal is not None
    assert analyser.analyse(b"select reverse(id::text) from fresh").refusal is None
