"""Definitions: what they may do with masked columns, by the kinds of statements that are listed."""

import pytest

from proxy.postgres.sql.columns.defining.definitions import define, shown_by_view
from proxy.postgres.sql.columns.relations import Used, Why
from proxy.postgres.sql.columns.scope import Scope
from support.sql import tree_of


@pytest.mark.parametrize(
    "sql",
    [
        "create view v as select id, cvv from cards",
        "create view v (a, cvv) as select id, cvv from cards",
        "create index on cards (id, holder) include (cvv)",
        "create rule r as on insert to users do also notify x",
        "create policy p on cards using (holder = current_user)",
        "create table t (like cards including all)",
        "copy cards to stdout",
        "truncate cards",
        "create role r",
    ],
)
def test_harmless(scope: Scope, sql: str) -> None:
    define(tree_of(sql), scope)


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("create view v as select cvv as x from cards", Why.RENAMED),
        ("create view v as select * from g()", Why.RENAMED),
        ("create view v as select upper(cvv) as cvv from cards", Why.USED),
        ("create index on cards (reverse(cvv))", Why.USED),
        ("create index on cards (cvv my_ops)", Why.COMPARED),
        ("create index on cards (id, cvv)", Why.COMPARED),
        ("cluster cards using cards_pkey", Why.SHAPE),
        ("create or replace view users_view as select name, cvv from users join cards using (id)", Why.GROWN),
        ("create domain d as int check ((g()).cvv is null)", Why.WHOLE_ROW),
        ("create table t (a int check (f(g()::text)))", Why.WHOLE_ROW),
        ("create table t partition of u for values in (reverse(g()::text))", Why.WHOLE_ROW),
        ("alter table u attach partition t for values in (reverse(g()::text))", Why.WHOLE_ROW),
        ("create aggregate a (int) (sfunc = g, stype = int)", Why.WHOLE_ROW),
        ("create rule r as on update to cards do also notify x", Why.SHAPE),
        ("create trigger t after insert on cards execute function f()", Why.SHAPE),
        ("create policy p on users using (exists (select 1 from cards where cvv = name))", Why.USED),
        ("create statistics s on (cvv || ''), id from cards", Why.USED),
        ("create table t (cvv text) partition by list (cvv)", Why.COMPARED),
        ("create schema s create view v as select cvv as x from cards", Why.RENAMED),
        ("alter table cards set schema x", Why.SHAPE),
        ("create publication p for all tables", Why.AROUND),
        ("copy cards to '/tmp/x'", Why.MOVED),
        ("copy nobody to stdout", Why.MOVED),
        ("call p((select cvv from cards limit 1))", Why.MOVED),
        ("execute p((select c.f from cards c limit 1))", Why.WHOLE_ROW),
    ],
)
def test_more_than_showing(scope: Scope, sql: str, why: Why) -> None:
    with pytest.raises(Used) as raised:
        define(tree_of(sql), scope)
    assert raised.value.why is why


def test_what_a_view_gives_under_its_own_names(scope: Scope) -> None:
    given = shown_by_view(tree_of("create view v (a, b) as select id, cvv from cards"), scope)  # type: ignore[arg-type]
    assert [(column.name, column.masked) for column in given.columns] == [("a", ""), ("b", "cvv")]
