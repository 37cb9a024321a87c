"""Names that earlier code may use, and settings that are kept, where a database has masked columns."""

import pytest
from postgast import pg_query_pb2 as pg

from proxy.postgres.sql.columns.defining.shadowing import leave_alone, temporary
from proxy.postgres.sql.columns.relations import Used, Why
from proxy.postgres.sql.columns.scope import Scope
from support.sql import tree_of


@pytest.mark.parametrize(
    "sql",
    [
        "create function half(n int) returns int language sql return n / 2",
        "create function btrim() returns trigger language plpgsql as 'begin return new; end'",
        "create table fresh (id int)",
        "create temp table fresh (id int)",
        "create table elsewhere.users (id int)",
        "create domain code as text",
        "create view v as select id from users",
        "drop table users",
        "alter type wrapped drop attribute n",
        "drop schema app",
        "drop table users cascade",
        "create type mood as enum ('a')",
        "call p(set_config('search_path', 'x', false))",
    ],
)
def test_harmless(scope: Scope, sql: str) -> None:
    leave_alone(tree_of(sql), scope)


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("create function public.btrim(varchar) returns text language sql return ''", Why.SHADOWED),
        ("create function g(text) returns text language sql return ''", Why.SHADOWED),
        ("create aggregate public.count(varchar) (sfunc = array_append, stype = text[])", Why.SHADOWED),
        ("create operator public.= (leftarg = varchar, rightarg = varchar, function = texteq)", Why.SHADOWED),
        ("create operator class c for type text using btree as function 1 bttextcmp(text, text)", Why.SHADOWED),
        ("alter function f() reset search_path", Why.SHADOWED),
        ("drop function f()", Why.DROPPED),
        ("drop schema app cascade", Why.DROPPED),
        ("drop extension pgcrypto", Why.DROPPED),
        ("drop owned by app_owner", Why.DROPPED),
        ("create domain public.trigger as text", Why.SHADOWED),
        ("create domain public.btrim as text", Why.SHADOWED),
        ("create type starts_with as range (subtype = text)", Why.SHADOWED),
        ("create type x as range (subtype = text, multirange_type_name = lower)", Why.SHADOWED),
        ("create type g as enum ('a')", Why.SHADOWED),
        ("create function date(text) returns text language sql return ''", Why.SHADOWED),
        ("create temp table users (id int)", Why.SHADOWED),
        ("create table pg_temp.users (id int)", Why.SHADOWED),
        ("create temp view users as select 1", Why.SHADOWED),
        ("create domain pg_temp.code as text", Why.SHADOWED),
        ("create type pg_temp.mood as enum ('a')", Why.SHADOWED),
        ("create type pg_temp.pair as (a int)", Why.SHADOWED),
        ("alter type wrapped drop attribute cvv", Why.KEPT),
        ("create view v as select set_config('client_encoding', 'SJIS', false)", Why.SETTING),
        ("create table t (a text default set_config('x.y', 'z', false))", Why.SETTING),
        ("create view v as select * from pg_settings", Why.SETTING),
    ],
)
def test_refused(scope: Scope, sql: str, why: Why) -> None:
    with pytest.raises(Used) as refused:
        leave_alone(tree_of(sql), scope)
    assert refused.value.why is why


def test_a_temporary_table_of_its_own_name(scope: Scope) -> None:
    temporary(pg.RangeVar(relname="nobody", relpersistence="t"), scope)
    with pytest.raises(Used):
        temporary(pg.RangeVar(relname="cards", relpersistence="t"), scope)
