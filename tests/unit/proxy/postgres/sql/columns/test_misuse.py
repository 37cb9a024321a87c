"""Masked columns: shown as they are, or used; and what views show of them. A bypass found once stays here."""

import pytest

from proxy.postgres.sql.reading import read
from proxy.postgres.sql.texts.query import QueryAnalyser
from support.cards import COLUMNS, is_masked

#: To a server from before PostgreSQL 16 a function of the database's own that gives rows of `cards`.
BY_A_WORD = [("21002", "public", "json_array", "20000", "cvv")]

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
    "declare c cursor for select cvv as x from cards",
    "declare c cursor with hold for select id as x, cvv from cards",
    "declare c cursor with hold for select holder as x from cards",
    "prepare p as select cvv from cards",
    "explain select * from cards",
    "create table cards2 (cvv text check (length(cvv) = 3))",
    "alter table cards alter cvv type text",
    "alter table cards alter cvv type varchar, alter id type int8",
    "alter table cards alter holder type dd",
    "alter table cards alter cvv set default '', alter cvv drop not null",
    "alter table cards alter cvv set default btrim('0')",
    "create domain dd as text check (length(value) > 3)",
    "alter domain dd set not null",
    "update cards set cvv = cvv",
    "update users u set name = 'x' from cards c where c.id = u.id",
    "create or replace view v as select cvv from cards",
    "select substr(name, 1, 1), users::text from users",
    "select name from users union select name from users",
    "copy (select * from users) to stdout",
    "insert into log select u.* from users u",
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
    "declare c cursor with hold for select cvv as x from cards",
    "declare c cursor with hold for select code from plain_view",
    "declare c cursor with hold for select old from archive",
    "declare c cursor with hold for select * from nobody",
    "select status from status, users",
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
    "with u as (update cards set id = id returning cvv as z) select substr(z, 1, 1) from u",
    "with u as (delete from cards returning *) insert into log select u from u",
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
    "alter table cards add constraint oracle check (id <> 1 or cvv <> '737')",
    "alter table cards add check (shown_to_a_function(cvv))",
    "alter table cards add y text generated always as (lk(cvv)) stored",
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
    "sql", ["select x.a from json_array(1) x (a, b, c)", "create view v as select * from json_array(1)"]
)
def test_a_function_that_is_called_by_a_word(sql: str) -> None:
    analyser = QueryAnalyser(is_masked)
    analyser.catalogue = read(COLUMNS, [], is_masked, BY_A_WORD)
    assert "json_array()" in (analyser.analyse(sql.encode()).refusal or "")
    analyser.catalogue = read(COLUMNS, [], is_masked)
    assert analyser.analyse(b"select json_array(1)").refusal is None
