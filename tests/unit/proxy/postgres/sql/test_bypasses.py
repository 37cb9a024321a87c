"""Reading around columns: by functions and statistics. A bypass found once stays here."""

import pytest

from proxy.postgres.sql.analysis import analyse
from proxy.postgres.sql.bypasses import READERS, STATISTICS, reads_around
from proxy.postgres.sql.texts.query import QueryAnalyser

AROUND = (
    "select * from pg_stats",
    "select * from pg_catalog.pg_statistic",
    "select query_to_xml('select * from cards', true, true, '')",
    "select table_to_xml('cards', true, true, '')",
    "select pg_catalog.database_to_xml(true, true, '')",
    "prepare p as select cvv as x from cards; create table t as execute p",
    "explain analyze create table t as execute p",
    "select pg_logical_slot_peek_changes('s', null, null)",
    "select x.ts_stat from concat('select to_tsvector(cvv) from cards') x",
    "select ('select to_tsvector(cvv) from cards'::text).ts_stat",
)

HARMLESS = (
    "select * from pg_stat_activity",
    "select xmlelement(name x, 'query_to_xml')",
)


def found(sql: str) -> list[str]:
    trees = [statement.tree for statement in analyse(sql.encode()) if statement.tree is not None]
    ways = [reads_around(tree) for tree in trees]
    return [way for way in ways if way]


@pytest.mark.parametrize("sql", AROUND)
def test_a_way_around(analyser: QueryAnalyser, sql: str) -> None:
    assert found(sql)
    refusal = analyser.analyse(sql.encode()).refusal
    assert refusal is not None
    assert "mask" in refusal


@pytest.mark.parametrize("sql", HARMLESS)
def test_no_way_around(analyser: QueryAnalyser, sql: str) -> None:
    assert not found(sql)
    assert analyser.analyse(sql.encode()).refusal is None


@pytest.mark.parametrize("name", sorted(name for name in READERS if "." not in name))
def test_every_reader_is_refused_in_any_schema(name: str) -> None:
    assert found(f"select * from s.{name}('x')") == [name]  # noqa: S608 - parsed, never run


@pytest.mark.parametrize("name", sorted(STATISTICS))
def test_statistics_are_refused_in_any_schema(name: str) -> None:
    assert found(f"select 1 from pg_catalog.{name} s") == [name]  # noqa: S608 - parsed, never run
