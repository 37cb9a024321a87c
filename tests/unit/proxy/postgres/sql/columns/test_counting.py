"""Statements that tell columns by their places, and those that give them others."""

import pytest

from proxy.postgres.sql.catalogue import Catalogue
from proxy.postgres.sql.columns.counting import counts_columns, moves_columns
from support.sql import tree_of


@pytest.mark.parametrize(
    ("sql", "moves"),
    [
        ("alter table users add column x int", True),
        ("alter table users drop column name", True),
        ("alter type wrapped add attribute x int cascade", True),
        ("drop type color cascade", True),
        ("drop owned by app", True),
        ("alter table users rename to people", True),
        ("alter table people set schema hidden", True),
        ("alter table users rename column name to x", False),
        ("alter table users alter column name set not null", False),
        ("drop table users", False),
        ("create table t (a int)", False),
        ("select 1", False),
    ],
)
def test_what_moves_columns(sql: str, moves: bool) -> None:
    assert moves_columns(tree_of(sql)) is moves


@pytest.mark.parametrize(
    ("sql", "counts"),
    [
        ("select j.c from (users u cross join cards k) as j(a, b, c)", True),
        ("select x from cards as c(x)", True),
        ("select t.x from g() as t(x)", True),
        ("select t.x from rows from (unnest(array[1]), w()) as t(x)", True),
        ("select c from (select * from users, cards) as s(a, b, c)", True),
        ("with s(a, b, c) as (select u.*, c.* from users u, cards c) select c from s", True),
        ("prepare q as select c from (select * from users, cards) as s(a, b, c)", True),
        ("select 'a', 'b', 'c', 'd', 'e' union all select u.*, c.* from users u, cards c", True),
        ("insert into log select u.* from users u join cards c on true", True),
        ("create view v (a, b, c) as select * from users, cards", True),
        ("create table t (a, b, c) as select * from users, cards", True),
        ("select row(u.*, c.*) from users u, cards c", True),
        ("select u.*, c.cvv from users u, cards c", False),
        ("select (a.old).* from archive a", False),
        ("select * from (select * from cards) c", False),
        ("select count(*) from cards", False),
        ("with n(id) as (select id from users) select cvv from cards, n", False),
        ("select u.x from unnest(array[1]) as u(x), cards", False),
        ("select j.a from (users cross join log) as j(a)", False),
        ("insert into cards (id) values (1)", False),
    ],
)
def test_what_counts_columns(catalogue: Catalogue, sql: str, counts: bool) -> None:
    assert counts_columns(tree_of(sql), catalogue) is counts


def test_a_text_without_a_tree_counts_nothing(catalogue: Catalogue) -> None:
    assert not counts_columns(None, catalogue)
    assert not moves_columns(None)
