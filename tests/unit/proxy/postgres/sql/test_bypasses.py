"""Reading around columns: by functions, statistics, and code that is text. A bypass found once stays here."""

import pytest

from proxy.postgres.sql.analysis import analyse
from proxy.postgres.sql.bypasses import READERS, STATISTICS, in_code, reads_around
from proxy.postgres.sql.catalogue import Catalogue
from proxy.postgres.sql.query import QueryAnalyser
from support.cards import is_masked

AROUND = (
    "select * from pg_stats",
    "select * from pg_catalog.pg_statistic",
    "select query_to_xml('select * from cards', true, true, '')",
    "select table_to_xml('cards', true, true, '')",
    "select pg_catalog.database_to_xml(true, true, '')",
    "do $$ begin raise notice '%', (select cvv from cards limit 1); end $$",
    "do $$ declare c record; begin for c in select * from Cards loop raise notice '%', c; end loop; end $$",
    "create function f() returns text language sql as 'select cvv from cards'",
    "prepare p as select cvv as x from cards; create table t as execute p",
    "explain analyze create table t as execute p",
    "do $$ begin execute 'select c' || 'vv from car' || 'ds'; end $$",
    "create function f() returns setof text language plpgsql as 'begin return query execute $1; end'",
    "create function f(c cards) returns text language sql as 'select $1::text'",
    "select pg_logical_slot_peek_changes('s', null, null)",
    "select x.ts_stat from concat('select to_tsvector(cvv) from cards') x",
    "select ('select to_tsvector(cvv) from cards'::text).ts_stat",
    """create function f() returns text language sql as $$ select U&"\\0063vv" from U&"\\0063ards" $$""",
    """do $$ begin raise notice '%', (select U&"\\0063vv" from U&"\\0063ards"); end $$""",
    "create function f() returns text language sql as 'select c\\166v from c\\141rds'",
    "create function f() returns text language sql as 'select c\\x76v from u'",
    "create function f() returns text language sql as 'select c\\u0076v from u'",
    "do $$ begin alter /* a */ domain dd add check (lk3(value)); end $$",
)

HARMLESS = (
    "do $$ begin perform 1; end $$",
    "do $$ begin raise notice 'executed'; end $$",
    "create function f() returns trigger language plpgsql as 'begin return new; end'",
    "select * from pg_stat_activity",
    "select xmlelement(name x, 'query_to_xml')",
)


def found(sql: str, catalogue: Catalogue) -> list[str]:
    trees = [statement.tree for statement in analyse(sql.encode()) if statement.tree is not None]
    ways = [reads_around(tree) or in_code(tree, catalogue, is_masked) for tree in trees]
    return [way for way in ways if way]


@pytest.mark.parametrize("sql", AROUND)
def test_a_way_around(analyser: QueryAnalyser, catalogue: Catalogue, sql: str) -> None:
    assert found(sql, catalogue)
    refusal = analyser.analyse(sql.encode()).refusal
    assert refusal is not None
    assert "mask" in refusal


@pytest.mark.parametrize("sql", HARMLESS)
def test_no_way_around(analyser: QueryAnalyser, catalogue: Catalogue, sql: str) -> None:
    assert not found(sql, catalogue)
    assert analyser.analyse(sql.encode()).refusal is None


@pytest.mark.parametrize("name", sorted(name for name in READERS if "." not in name))
def test_every_reader_is_refused_in_any_schema(catalogue: Catalogue, name: str) -> None:
    assert found(f"select * from s.{name}('x')", catalogue) == [name]  # noqa: S608 - parsed, never run


@pytest.mark.parametrize("name", sorted(STATISTICS))
def test_statistics_are_refused_in_any_schema(catalogue: Catalogue, name: str) -> None:
    assert found(f"select 1 from pg_catalog.{name} s", catalogue) == [name]  # noqa: S608 - parsed, never run
