"""Changes that would show masked values to other code, and those that cannot. A bypass found once stays here."""

import pytest

from proxy.postgres.sql.analysis import analyse
from proxy.postgres.sql.changes import run_code, types_made
from proxy.postgres.sql.texts.query import QueryAnalyser
from support.cards import is_masked
from support.sql import tree_of

RUN_CODE = (
    "alter table cards alter cvv type dd",
    "alter table cards alter cvv type app.text",
    "alter table cards alter cvv type dd[] using null",
    "alter table if exists only app.cards add column x int, alter column cvv set data type dd",
    "alter table cards alter cvv type text using lk(1)",
    "alter table cards alter cvv set default lk(1)",
    "create domain text as pg_catalog.text check (lk3(value))",
    "create type app.text as enum ('a')",
    "create type int4 as (a int)",
    "create type uuid as range (subtype = int)",
    "create type jsonb",
    "create domain dd as text check (lk3(value))",
    "create domain dd as text default lk3('a')",
    "create cast (text as et) with function conv(text) as assignment",
    "create or replace aggregate a (text) (sfunc = f, stype = text)",
    "alter table cards alter cvv type varchar(9)",
    "alter table cards alter cvv type int2",
    "alter table cards alter cvv type pg_catalog.regclass",
    "alter table cards add column cvv regclass",
    "alter table users add cvv dd",
    "alter domain dd add check (lk3(value))",
    "alter domain dd validate constraint c",
    "create table cards2 (cvv text check (lk3(cvv)))",
    "create table cards2 (cvv text, check (cvv operator(app.=) '1'))",
    "create table cards2 (cvv text, check (cvv::dd is not null))",
    "create table cards_2026 partition of cards for values in (1)",
)

ALLOWED = (
    "create table cards2 (cvv text check (length(cvv) = 3))",
    "alter table cards alter cvv type text",
    "alter table cards alter cvv type varchar, alter id type int8",
    "alter table users add cvv varchar(20)",
    "create type et as enum ('a')",
    "alter table cards alter holder type dd",
    "alter table cards alter cvv set default '', alter cvv drop not null",
    "alter table cards alter cvv set default btrim('0')",
    "create domain dd as text check (length(value) > 3)",
    "alter domain dd set not null",
    "alter table cards add column x int",
    "create table other (a dd check (lk3(a)))",
    "alter table cards alter holder type dd",
)


def found(sql: str, *, reads_masked: bool = True) -> list[str]:
    [statement] = analyse(sql.encode())
    assert statement.tree is not None
    return list(run_code(statement.tree, is_masked, reads_masked=reads_masked))


@pytest.mark.parametrize("sql", RUN_CODE)
def test_other_code_would_see_masked_values(analyser: QueryAnalyser, sql: str) -> None:
    assert found(sql)
    assert analyser.analyse(sql.encode()).refusal is not None


@pytest.mark.parametrize("sql", ALLOWED)
def test_no_other_code_sees_them(analyser: QueryAnalyser, sql: str) -> None:
    assert not found(sql)
    assert analyser.analyse(sql.encode()).refusal is None


def test_a_partition_of_a_table_without_masked_columns() -> None:
    assert not found("create table users_2026 partition of users for values in (1)", reads_masked=False)


def test_the_types_that_a_range_brings_along() -> None:
    sql = "create type app.rangeful as range (subtype = int, multirange_type_name = app.several)"
    assert {"rangeful", "several", "multirangeful"} <= set(types_made(tree_of(sql)))
