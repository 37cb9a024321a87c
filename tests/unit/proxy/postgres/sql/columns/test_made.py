"""Made: what a statement makes is known before it runs."""

import pytest

from proxy.postgres.sql.catalogue import Catalogue
from proxy.postgres.sql.columns.made import made, unsettles
from support.cards import is_masked
from support.sql import tree_of


@pytest.mark.parametrize(
    ("sql", "name", "columns", "masked"),
    [
        ("create temp view v as select cvv from cards", "v", ["cvv"], ["cvv"]),
        ("create table t (id int, cvv text)", "t", ["id", "cvv"], ["cvv"]),
        ("create table t (like users, x int)", "t", ["id", "name", "x"], []),
        ("create table t () inherits (cards)", "t", ["id", "holder", "cvv"], ["cvv"]),
        ("create table t (a) as select holder from cards", "t", ["a"], []),
        ("select id into t from cards", "t", ["id"], []),
        ("explain analyze create table t as select id from cards", "t", ["id"], []),
        ("alter table users add column cvv text", "users", ["id", "name", "cvv"], ["cvv"]),
        ("create schema s create view v as select cvv from cards", "v", ["cvv"], ["cvv"]),
    ],
)
def test_what_it_makes(catalogue: Catalogue, sql: str, name: str, columns: list[str], masked: list[str]) -> None:
    [table] = made(tree_of(sql), catalogue, is_masked)
    assert (table.name, list(table.columns.values()), list(table.masked.values())) == (name, columns, masked)
    assert not table.is_uncertain


@pytest.mark.parametrize(
    "sql", ["create table t as select * from users_view, f()", "create table t of wrapped", "create table t (like x)"]
)
def test_what_cannot_be_told(catalogue: Catalogue, sql: str) -> None:
    [table] = made(tree_of(sql), catalogue, is_masked)
    assert table.is_uncertain


def test_what_makes_nothing(catalogue: Catalogue) -> None:
    assert made(tree_of("select 1"), catalogue, is_masked) == []
    assert made(tree_of("alter table users drop column name"), catalogue, is_masked) == []


def test_a_table_of_many_changes_has_few_forms(catalogue: Catalogue) -> None:
    """Each may have been rolled back; with all of them, 14 changes held everything for half a minute."""
    for number in range(400):
        catalogue.remember(made(tree_of(f"alter table users add column c{number} int"), catalogue, is_masked))
    forms = catalogue.named("users")
    assert len(forms) < 400
    assert forms[-1].is_uncertain
    assert any({"c0", "c100"} <= set(form.columns.values()) for form in forms)


def test_columns_that_double_are_not_followed(catalogue: Catalogue) -> None:
    for number in range(20):
        like = f"create table t{number + 1} (like t{number}, like t{number})" if number else "create table t1 (a int)"
        catalogue.remember(made(tree_of(like), catalogue, is_masked))
    [table] = catalogue.named("t20")
    assert table.is_uncertain


@pytest.mark.parametrize(
    ("sql", "settled"),
    [
        ("select 1", True),
        ("create table t (a int)", True),
        ("create function count(text) returns text language sql return $1", False),
        ("do 'begin end'", False),
        ("alter schema a rename to b", False),
        ("create extension x", False),
    ],
)
def test_what_makes_functions_or_moves_names(sql: str, settled: bool) -> None:
    assert unsettles(tree_of(sql)) is not settled
