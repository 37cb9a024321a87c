"""Definitions: what they may do with masked columns, by the kinds of statements that are listed."""

import pytest

from proxy.postgres.sql.columns.definitions import define, shown_by_view
from proxy.postgres.sql.columns.relations import Used, Why
from proxy.postgres.sql.columns.scope import Scope
from support.sql import tree_of


@pytest.mark.parametrize(
    "sql",
    [
        "create view v as select id, cvv from cards",
        "create view v (a, cvv) as select id, cvv from cards",
        "create index on cards (cvv, id)",
        "create rule r as on insert to users do also notify x",
        "create policy p on cards using (holder = current_user)",
        "create function ff(i int) returns int language sql return i + 1",
        "create table t (like cards including all)",
        "alter index cards_key rename to k",
        "alter table cards rename column holder to owner",
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
        ("create index on cards (cvv my_ops)", Why.SHAPE),
        ("create rule r as on update to cards do also notify x", Why.SHAPE),
        ("create trigger t after insert on cards execute function f()", Why.SHAPE),
        ("create policy p on users using (exists (select 1 from cards where cvv = name))", Why.USED),
        ("create statistics s on (cvv || ''), id from cards", Why.USED),
        ("create function ff() returns bigint begin atomic select count(*) from cards; end", Why.SHAPE),
        ("create table t (cvv text) partition by list (cvv)", Why.COMPARED),
        ("create schema s create view v as select cvv as x from cards", Why.RENAMED),
        ("alter table cards rename to x", Why.RENAMED),
        ("alter index cards rename to x", Why.RENAMED),
        ("alter table nobody rename to x", Why.RENAMED),
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
