"""Masked columns: shown as they are, or used; and what views show of them. A bypass found once stays here."""

import pytest

from proxy.postgres.protocol.messages import Column
from proxy.postgres.sql.catalogue import Catalogue, read
from proxy.postgres.sql.query import QueryAnalyser


def is_masked(name: str) -> bool:
    return name == "cvv"


COLUMNS = [
    ("20000", "public", "cards", "1", "id"),
    ("20000", "public", "cards", "2", "holder"),
    ("20000", "public", "cards", "4", "cvv"),
    ("20001", "public", "users", "1", "id"),
    ("20001", "public", "users", "2", "name"),
    ("20002", "public", "plain_view", "1", "id"),
    ("20002", "public", "plain_view", "2", "code"),
    ("20003", "public", "nested_view", "1", "x"),
    ("20004", "public", "piece_view", "1", "first"),
    ("20005", "public", "union_view", "1", "name"),
    ("20006", "public", "users_view", "1", "name"),
]
VIEWS = [
    ("20003", "SELECT plain_view.code AS x FROM plain_view;"),
    ("20002", "SELECT cards.id, cards.cvv AS code FROM cards;"),
    ("20004", "SELECT substr(c.y, 1, 1) AS first FROM (SELECT cards.cvv AS y FROM cards) c;"),
    ("20005", "SELECT users.name FROM users UNION SELECT cards.cvv FROM cards;"),
    ("20006", "SELECT users.name FROM users;"),
]


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return read(COLUMNS, VIEWS, is_masked)


@pytest.fixture
def analyser(catalogue: Catalogue) -> QueryAnalyser:
    analyser = QueryAnalyser(is_masked)
    analyser.catalogue = catalogue
    return analyser


SHOWN = [
    "select * from cards",
    "select cvv as x from cards",
    "select c.* from cards c",
    "select x from (select cvv as x from cards) s",
    "with c as (select * from cards) select * from c",
    "select u.name, c.cvv from users u join cards c on c.id = u.id",
    "select id from cards where holder = 'x' order by id",
    "select count(*) from cards",
    "select id from cards where cvv is null",
    "select exists (select * from cards)",
    "select code from plain_view",
    "insert into cards (id, cvv) values (1, '123') returning *",
    "update cards set cvv = '1' where id = 1 returning cvv as x",
    "insert into cards (id, cvv) values (1, '1') on conflict (id) do update set cvv = excluded.cvv",
    "delete from cards where id = 1 returning *",
    "copy cards to stdout",
    "copy cards (id, cvv) to stdout with csv",
    "copy cards from stdin",
    "declare c cursor for select cvv from cards",
    "prepare p as select cvv from cards",
    "explain select * from cards",
    "create table cards2 (cvv text check (length(cvv) = 3))",
    "alter table cards alter cvv type text",
    "alter table cards alter cvv type varchar(20), alter id type int8",
    "alter table cards alter cvv type pg_catalog.bit",
    "alter table cards alter holder type dd",
    "alter table cards alter cvv set default '', alter cvv drop not null",
    "alter table cards alter cvv set default btrim('0')",
    "create domain dd as text check (lk3(value))",
    "alter domain dd set not null",
    "update cards set cvv = cvv",
    "update users u set name = 'x' from cards c where c.id = u.id",
    "create or replace view v as select cvv from cards",
    "select substr(name, 1, 1), users::text from users",
    "select name from users union select name from users",
    "copy (select * from users) to stdout",
    "insert into log select u.* from users u",
    "select status from status, users",
    "do $$ begin perform 1; end $$",
    "create view v as select * from cards",
    "create view v as select id as x, cvv from cards",
    "create view v (a) as select name from users",
    "alter table cards rename column holder to owner",
    "alter table users rename to people",
    "alter table cards add column x int",
    "create trigger t before insert on users execute function f()",
    "create function f() returns trigger language plpgsql as 'begin return new; end'",
    "update cards set id = id returning old.cvv as x, new.cvv as y, old.*",
]

USED = [
    "select substr(cvv, 1, 1) from cards",
    "select cvv || '' from cards",
    "select cvv::int from cards",
    "select id from cards where cvv = '123'",
    "select id from cards where cvv like '1%'",
    "select id from cards order by cvv",
    "select max(cvv) from cards",
    "select 1 from cards group by cvv",
    "select case when cvv > '5' then 1 end from cards",
    "select (select cvv from cards limit 1)",
    "select array(select cvv from cards)",
    "select 1 where '123' in (select cvv from cards)",
    "select name from users union select cvv from cards",
    "select * from users union all select id, cvv from cards",
    "with recursive r as (select cvv from cards union select cvv from r) select * from r",
    "select c from cards c",
    "select cards from cards",
    "select c::text from cards c",
    "select (c).cvv from cards c",
    "select cvv(c) from cards c",
    "select row_to_json(c) from cards c",
    "select row(c.*) from cards c",
    "select json_agg(s) from (select * from cards) s",
    "select to_jsonb(s.*) from (select cvv as x from cards) s",
    "select substr(x, 1, 1) from (select cvv as x from cards) s",
    "select substr(x, 1, 1) from (select * from cards) s(a, b, x)",
    "select substr(x, 1, 1) from cards as c(a, b, x)",
    "with c(a, b, x) as (select * from cards) select x || '' from c",
    "select v.x from cards c, lateral (values (c.cvv)) v(x)",
    "select unnest(array[cvv]) from cards",
    "select * from cards natural join other",
    "select * from cards join other using (cvv)",
    "update cards set holder = cvv",
    "update cards set holder = 'x' where cvv = '1'",
    "update cards set (holder, id) = (select cvv, 1 from cards limit 1)",
    "delete from cards where cvv = '1'",
    "delete from users using cards where cards.cvv = users.name returning name",
    "insert into users (name) select cvv from cards",
    "insert into users select * from cards",
    "insert into users (name) values ('x') returning (select cvv from cards limit 1)",
    "merge into users u using cards c on u.id = c.id when matched then update set name = c.cvv",
    "merge into users u using cards c on u.id = c.id when not matched then insert values (1, c.cvv)",
    "create table t as select cvv from cards",
    "create materialized view m as select cvv as x from cards",
    "select cvv into t from cards",
    "copy (select cvv from cards) to stdout",
    "copy (select * from cards) to stdout",
    "copy cards to '/tmp/x'",
    "copy cards to program 'cat'",
    "copy cards to stdout with (format binary)",
    "copy binary cards to stdout",
    "select * from pg_stats",
    "select * from pg_catalog.pg_statistic",
    "select query_to_xml('select * from cards', true, true, '')",
    "select table_to_xml('cards', true, true, '')",
    "select pg_catalog.database_to_xml(true, true, '')",
    "do $$ begin raise notice '%', (select cvv from cards limit 1); end $$",
    "do $$ declare c record; begin for c in select * from Cards loop raise notice '%', c; end loop; end $$",
    "create function f() returns text language sql as 'select cvv from cards'",
    "explain analyze select * from cards where cvv = '1'",
    "declare c cursor for select cvv || '' from cards",
    "prepare p as select cvv || '' from cards",
    "alter table cards add x text generated always as (cvv) stored",
    "create index on cards ((cvv || ''))",
    "select code || '' from plain_view",
    "select f.cvv as x from get_cards() f",
    # Within a transaction our catalogue does not see what was just made, so it must not hide a masked column.
    "create view v as select cvv as x from cards",
    "create temp view v as select x from (select cvv as x from cards) s",
    "create view v (a, b, c) as select * from cards",
    "create view v as select code from plain_view",
    "create view v as select * from plain_view",
    "create view v as select * from cards union select * from cards",
    "alter table cards rename column cvv to x",
    "alter table cards rename to x",
    "alter view anything rename column cvv to x",
    "alter table cards inherit x",
    "alter table x attach partition cards default",
    "create trigger t after update on cards execute function f()",
    "create rule r as on update to cards do also insert into log select new.*",
    "create rule r as on update to cards do also insert into log values (new)",
    "prepare p as select cvv as x from cards; create table t as execute p",
    "explain analyze create table t as execute p",
    "with u as (update cards set id = id returning cvv as z) select substr(z, 1, 1) from u",
    "with u as (delete from cards returning *) insert into log select u from u",
    "do $$ begin execute 'select c' || 'vv from car' || 'ds'; end $$",
    "create function f() returns setof text language plpgsql as 'begin return query execute $1; end'",
    "create function f(c cards) returns text language sql as 'select $1::text'",
    "select pg_logical_slot_peek_changes('s', null, null)",
    "select * from cards where (cards.*) is not null",
    "select id from cards where row(cards.*) is null",
    "select 1 from cards having max(cvv) > '5'",
    "select row_number() over (order by cvv) from cards",
    "select distinct on (cvv) id from cards",
    'select id, cvv collate "C" from cards',
    "select id from cards limit (select cvv::int from cards limit 1)",
    "select x.a from cards as c(a, b, z), lateral (select z || '' as a) x",
    "select j.* from cards c, jsonb_each(to_jsonb(c)) j",
    "values ((select cvv from cards limit 1))",
    "table cards union table cards",
    "this is not sql",
]


@pytest.mark.parametrize("sql", SHOWN)
def test_shown(analyser: QueryAnalyser, sql: str) -> None:
    assert analyser.analyse(sql.encode()).refusal is None


HIDDEN = (
    "update cards set holder = holder returning with (old as o) o::text",
    "delete from cards returning with (old as o, new as n) to_jsonb(o)",
    """create function f() returns text language sql as $$ select U&"\\0063vv" from U&"\\0063ards" $$""",
    """do $$ begin raise notice '%', (select U&"\\0063vv" from U&"\\0063ards"); end $$""",
    "create function f() returns text language sql as 'select c\\166v from c\\141rds'",
    "create function f() returns text language sql as 'select c\\x76v from u'",
    "create function f() returns text language sql as 'select c\\u0076v from u'",
    "alter table cards add constraint oracle check (id <> 1 or cvv <> '737')",
    "alter table cards add check (shown_to_a_function(cvv))",
    "alter table cards alter cvv type dd",
    "alter table cards alter cvv type app.text",
    "alter table cards alter cvv type dd[] using null",
    "alter table if exists only app.cards add column x int, alter column cvv set data type dd",
    "alter table cards alter cvv type text using lk(1)",
    "alter table cards alter cvv set default lk(1)",
    "alter table cards add y text generated always as (lk(cvv)) stored",
    "create domain text as pg_catalog.text check (lk3(value))",
    "alter domain dd rename to text",
    "alter domain dd add check (lk3(value))",
    "alter domain dd validate constraint c",
    "do $$ begin alter /* a */ domain dd add check (lk3(value)); end $$",
    "create table cards2 (cvv text check (lk3(cvv)))",
    "create table cards2 (cvv text, check (cvv operator(app.=) '1'))",
    "create table cards2 (cvv text, check (cvv::dd is not null))",
    "create table cards_2026 partition of cards for values in (1)",
    "update cards2 set cvv = c.cvv from cards c",
    "merge into cards2 d using cards c on c.id = d.id when matched then update set cvv = c.cvv",
)


@pytest.mark.parametrize("sql", HIDDEN)
def test_used_under_another_spelling(analyser: QueryAnalyser, sql: str) -> None:
    assert analyser.analyse(sql.encode()).refusal is not None


@pytest.mark.parametrize("sql", USED)
def test_used(analyser: QueryAnalyser, sql: str) -> None:
    refusal = analyser.analyse(sql.encode()).refusal
    assert refusal is not None
    assert "mask" in refusal


@pytest.mark.parametrize(
    "sql", ["select * from pg_stats", "this is not sql", "select query_to_xml('x', true, true, '')"]
)
def test_without_masked_columns_more_is_free(sql: str) -> None:
    assert QueryAnalyser(is_masked).analyse(sql.encode()).refusal is None


@pytest.mark.parametrize(
    ("oid", "attribute", "name"),
    [
        (20000, 4, "cvv"),
        (20000, 2, None),
        (20002, 2, "cvv"),
        (20002, 1, None),
        (20003, 1, "code"),
        (20004, 1, "y"),
        (20005, 1, "cvv"),
        (20006, 1, None),
        (99999, 1, None),
        (0, 0, None),
    ],
)
def test_origins(catalogue: Catalogue, oid: int, attribute: int, name: str | None) -> None:
    assert catalogue.masked_name(Column("x", oid, attribute, 25, 0)) == name


def test_what_the_catalogue_knows(catalogue: Catalogue) -> None:
    assert catalogue.knows(Column("x", 20000, 4, 25, 0))
    assert catalogue.knows(Column("x", 1259, 1, 25, 0))
    assert catalogue.knows(Column("x", 0, 0, 25, 0))
    assert not catalogue.knows(Column("x", 20000, 5, 25, 0))
    assert not catalogue.knows(Column("x", 20099, 1, 25, 0))
