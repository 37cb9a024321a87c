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
