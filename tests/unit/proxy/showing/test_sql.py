"""What is shown of SQL: code and names as they are, data by its class, and what cannot be shown is said to be so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.visible import MAX_SHOWN_CHARS
from proxy.showing.shown import Shown
from proxy.showing.sql import show_statements
from support.sql import facts_of

SECRET = "4111111111111111"

#: Each of these has a literal, and some place where it could hide.
HIDDEN = [
    "select '{}'",
    "select {}",
    "select -{}.5e3",
    "select E'\\x41{}'",
    "select $${}$$",
    "select $tag${}$tag$",
    "select U&'{}'",
    "select N'{}'",
    "select date '{}', interval '{}' day",
    "select 1 -- {}",
    "/* {} */ select 1",
    "select 1 /* a /* {} */ b */",
    "select 'a'\n'{}'",
    'select "{}" from t',
    'select 1 as "{}"',
    'select * from "{}"',
    'select U&"{}" from t',
    "select a{} from t",
    "select 1 as a{}",
    'select "4111 1111 1111 1111" from t',
    'select "4111-1111-1111-1111" from t',
    'select a as "alice.{}@example.com" from t',
    "alter role r password '{}'",
    "create role r password '{}' valid until '{}'",
    "create user mapping for r server s options (user 'x', password '{}')",
    "copy t from '/tmp/{}'",
    "copy t to program 'curl {}'",
    "copy (select '{}') to stdout with (null '{}')",
    "set a.b = '{}'",
    "set a.b to '{}'",
    "set a.b = {}",
    "set local a.b = hunter2{}",
    "alter role r set a.b = 'x{}'",
    "alter role r set a.b to x{}",
    "alter database d set a.b = 'x{}'",
    "alter system set a.b = '{}'",
    "do $$ begin raise notice '{}'; end $$",
    "do 'select {}'",
    "create function f() returns text as $$ select '{}' $$ language sql",
    "create function f() returns text language sql return '{}'",
    "create function f(a text default '{}') returns text language sql as ''",
    "comment on table t is '{}'",
    "security label on table t is '{}'",
    "notify c, '{}'",
    "create table t (a text default '{}', check (a <> '{}'))",
    "create type e as enum ('{}')",
    "alter type e add value '{}'",
    "create table p partition of t for values in ('{}')",
    "create index on t ((a || '{}')) where b = '{}'",
    "create view v as select '{}'",
    "create policy p on t using (a = '{}')",
    "create subscription s connection 'password={}' publication p",
    "create server s foreign data wrapper f options (host '{}')",
    "create rule r as on insert to t do instead delete from u where a = '{}'",
    "create trigger t before insert on t execute function f('{}')",
    "prepare p as select '{}'",
    "execute p('{}')",
    "execute p({})",
    "declare c cursor for select '{}'",
    "explain select '{}'",
    "call f('{}')",
    "prepare transaction '{}'",
    "load '{}'",
    "insert into t values ('{}', {})",
    "update t set a = '{}' where b = '{}'",
    "merge into t using s on t.a = '{}' when matched then update set b = '{}'",
    "select * from json_table('{}', '$.a' columns (x int path '$.{}'))",
    "select xmlparse(document '{}')",
    "create sequence s start {}",
    "select * from t limit {} offset {}",
    "import foreign schema s from server r into u options (a '{}')",
    # Not SQL at all.
    "alter role r password {}x y",
    "select '{}",
    "{}",
]


def shown(sql: str) -> Shown:
    """The one statement of `sql`, as it is shown when it is held."""
    [one] = show_statements(sql.encode("utf-8", "surrogatepass"))
    return one


@pytest.mark.parametrize("sql", HIDDEN)
def test_no_literal_survives(sql: str) -> None:
    filled = sql.replace("{}", SECRET)
    for text in [facts.text for facts in facts_of(filled)] + [each.text for each in show_statements(filled.encode())]:
        assert SECRET not in text
        # A command line shows the last digits of a card, as everything masked does.
        assert "1111" not in text.replace("************1111", "")
        assert "hunter2" not in text


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="'\\"), min_size=1, max_size=30))
def test_a_string_is_a_string(value: str) -> None:
    sql = f"insert into t values ('{value}')"  # noqa: S608 - parsed, never run
    [facts] = facts_of(sql)
    assert facts.text == "insert into t values (‹text›)"
    assert shown(sql).text in {f"insert into t values (‹text ≤{size}›)" for size in (8, 16, 64)}  # noqa: S608


#: What stays as it was written.
WHOLE = [
    "select a::text, -1, $1, b from t where c is null and d = true",
    'drop table "Old Cards"',
    "drop table events_20240101",
    "delete from audit_2026112801",
    "select * from größe",
    "select ''",
    "delete from only app.t using u where t.a = u.a returning *",
    "set search_path = a, b",
    "set search_path = 'evil', public",
    "set role admin",
    "set session authorization 'bob'",
    "set time zone 'Europe/Berlin'",
    "set statement_timeout = '30s'",
    "set work_mem = '64 MB'",
    "set geqo_seed to -0.5",
    "set transaction isolation level serializable",
    "alter role r set search_path to evil",
    "alter function f() set search_path = evil, 'x'",
    "alter system set shared_preload_libraries = 'evil, other'",
    "select set_config('search_path', 'evil', false)",
    "select pg_read_file('/etc/passwd'), lo_export(1234, '/tmp/x')",
    "select nextval('s'), 'app.t'::regclass, regclass 'u', to_regclass('v'), table_to_xml('t', true, true, '')",
    "copy t from '/etc/passwd'",
    "copy t to stdout with (format 'csv', header, delimiter ',', null '')",
    "load 'evil'",
    "explain (analyze 'true') delete from t",
    "do $$ begin delete from customers where a = ''; end $$",
    "do 'begin delete from customers; end'",
    "create function f() returns void language sql as 'delete from customers'",
    "create function f() returns void language sql begin atomic delete from t where a = 5; select 1; end",
    "create tablespace s location '/data/x'",
    "create server s foreign data wrapper f options (host 'db', filename '/tmp/x')",
    "select query_to_xml('delete from customers', true, true, '')",
    "select app.run('drop table customers')",
    "select json_scalar('drop table customers')",
    "call run('update t set a = 5')",
    "select run(q => 'delete from customers')",
    "execute p('delete from customers')",
    "do $$ begin raise notice '', run('delete from customers'); end $$",
    "do $$ declare x int = run('delete from customers'); begin end $$",
    "do $$ declare x text := 'delete from customers'; begin perform run(x); end $$",
    "do $$ declare x int default run('delete from customers'); begin exit when run('drop table t'); end $$",
    "create trigger g before insert on t for each row execute function run('delete from customers')",
    "security label on table t is 'MASKED WITH FUNCTION f()'",
    "prepare p as delete from t where a = $1",
    "create rule r as on insert to t do instead delete from u",
]


@pytest.mark.finding("H3")
@pytest.mark.finding("H6")
@pytest.mark.finding("pg-F9")
@pytest.mark.parametrize("sql", WHOLE)
def test_what_decides_stays_as_it_was_written(sql: str) -> None:
    assert shown(sql) == Shown(sql)


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("select  a,b\n from t /* x */ where c in (1,'2') ; -- y", "select a,b from t where c in (1,‹text ≤8›)"),
        ("update t set cents = 500000 where id = 'a17'", "update t set cents = 500000 where id = ‹text ≤8›"),
        ("select 123456789, 0x1F, 1.5e3, b'01'", "select ‹number, 9 digits›, 0x1F, 1.5e3, ‹bits ≤8›"),
        ("select date '2026-11-28', 'x'::date", "select date ‹text ≤16›, ‹text ≤8›::date"),
        ("select'a'from t", "select ‹text ≤8› from t"),
        ("select N'a', 'a'\n'b', U&'d!0061' uescape '!'", "select ‹text ≤8›, ‹text ≤8›, ‹text ≤8›"),
        ("select U&\"d!0061ta\" uescape '!' from t", 'select "data" from t'),
        (
            "alter role r password 'x' valid until '2027-01-01'",
            "alter role r password ‹secret› valid until '2027-01-01'",
        ),
        (
            "alter user mapping for u server s options (set a 'b')",
            "alter user mapping for u server s options (set a ‹secret›)",
        ),
        (
            "create subscription s connection 'a=b' publication p",
            "create subscription s connection ‹secret› publication p",
        ),
        ("select dblink_exec('host=a password=b', 'drop table t')", "select dblink_exec(‹secret›, 'drop table t')"),
        ("set app.tenant = 'alice'", "set app.tenant = ‹text ≤8›"),
        ("set app.tenant = alice", "set app.tenant = ‹text ≤8›"),
        ("alter system set primary_conninfo = 'host=a password=b'", "alter system set primary_conninfo = ‹secret›"),
        ("do $x$ begin raise notice 'a'; end $x$", "do 'begin raise notice ‹text ≤8›; end'"),
        ("do $x$ begin execute 'drop table t'; end $x$", "do $$ begin execute 'drop table t'; end $$"),
        ("do $x$begin\n\n  -- y\n  delete from t;\nend$x$", "do $$\nbegin\n  delete from t;\nend\n$$"),
        ("execute p('a', 7)", "execute p(‹text ≤8›, 7)"),
        ("select 41111111, 11111111", "select ‹number, 8 digits›, ‹number, 8 digits›"),
        ("update c set cvv = 923 where id = 5", "update c set cvv = ‹number, 3 digits› where id = ‹number, 1 digit›"),
    ],
)
def test_data_is_shown_by_its_class(sql: str, text: str) -> None:
    assert shown(sql) == Shown(text)


@pytest.mark.finding("H3")
@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("selec 1", "could not parse"),
        ("do $$ begin execute 'drop table ' || x; end $$", "put together"),
        ("do $$ begin execute format('drop table %I', x); end $$", "put together"),
        ("do $$ begin execute x; end $$", "put together"),
        ("do $$ begin for r in execute x loop null; end loop; end $$", "put together"),
        ("create function f(x text) returns void as $$ begin execute x; end $$ language plpgsql", "put together"),
        ("select query_to_xml('delete ' || 'from t', true, true, '')", "put together"),
        ("select query_to_xml($1, true, true, '')", "put together"),
        ("select dblink_exec(c, s) from t", "put together"),
        (
            "select query_to_xml(query => 'delete from t', nulls => true, tableforest => true, targetns => '')",
            "together",
        ),
        ("select set_config(a, b, true) from t", "when it runs"),
        ("select set_config('role', b, true) from t", "when it runs"),
        ("select pg_read_file('/etc/' || a) from t", "when it runs"),
        ("create function f() returns void language plpython3u as 'import os'", "plpython3u"),
        ("create function f() returns int language c as 'evil', 'f'", "compiled library"),
        ("create function f() returns void language sql as 'nonsense'", "could not be parsed"),
        ("do 'begin perform 1; --\\x0a delete from t; end'", "backslash"),
        ("update pg_catalog.pg_proc set prosrc = 'x'", "catalogue"),
        ("insert into cron.job (command) values ('x')", "catalogue"),
        ("set search_path = '4111111111111111'", "search_path"),
        ('drop table "4111 1111 1111 1111"', "card number"),
        ('drop table "alice@example.com"', "card number"),
        (f'drop table "{"x" * 64}"', "63 bytes"),
        ("do $$ begin U&\"exec!0075te\" 'x'; end $$", "U&"),
    ],
)
def test_what_cannot_be_shown_is_not_put_to_a_reviewer(sql: str, why: str) -> None:
    assert why in shown(sql).unreviewable


@pytest.mark.finding("M8")
@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ('delete from t as "x\u202e;sremotsuc"', 'delete from t as "x\\u202e;sremotsuc"'),
        ('delete from t as "é\n\n-- harmless\x1b[8m"', 'delete from t as "é\\n\\n-- harmless\\x1b[8m"'),
        ("delete from cust\u200bomers", 'delete from "cust\\u200bomers"'),
        ('delete from "a\\u200b"', 'delete from "a\\\\u200b"'),
        ('delete from "‹text ≤8›"', 'delete from "\\u2039text ≤8\\u203a"'),
        ("copy t to '/tmp/a\u202eb'", "copy t to '/tmp/a\\u202eb'"),
        ('do $$ begin delete from "a\u202eb"; end $$', "do 'begin delete from \"a\\u202eb\"; end'"),
    ],
)
def test_what_cannot_be_seen_is_shown_as_its_code(sql: str, text: str) -> None:
    assert shown(sql).text == text


@pytest.mark.finding("H2")
def test_a_long_statement_is_shown_to_its_end_or_to_nobody() -> None:
    tail = "; create table pwned as select * from customers"
    for count, fits in ((1_200, True), (6_000, False)):
        [first, last] = show_statements(("select " + ",".join(["1"] * count) + tail).encode())
        assert first.text.endswith("1,1,1")
        assert last == Shown("create table pwned as select * from customers")
        assert (not first.unreviewable) == fits
        assert (len(first.text) <= MAX_SHOWN_CHARS) == fits


def test_length_counts_as_slack_counts() -> None:
    text = 'select "' + chr(0x1D54F) * 15 + '"'
    several = ", ".join([text.removeprefix("select ")] * 300)
    assert len(several) < MAX_SHOWN_CHARS
    assert "too long" in shown(f"select {several}").unreviewable


def test_numbers_beside_private_names_are_hidden() -> None:
    sql = b"update t set pin = 1234 where name = 5"
    assert show_statements(sql)[0].text == "update t set pin = 1234 where name = 5"
    hidden = show_statements(sql, lambda name: name == "name")[0].text
    assert hidden == "update t set pin = ‹number, 4 digits› where name = ‹number, 1 digit›"


def test_each_statement_of_a_batch_is_shown() -> None:
    assert [each.text for each in show_statements(b"begin; /* x */ delete from t;; commit -- y")] == [
        "begin",
        "delete from t",
        "commit",
    ]
    assert show_statements(b"-- nothing") == []


def test_code_in_code_ends_somewhere() -> None:
    sql = "drop table t"
    for level in range(9):
        sql = f"do $a{level}$ begin {sql}; end $a{level}$"
    assert "too many times" in shown(sql).unreviewable


@given(st.text(max_size=80))
def test_any_text_is_shown_or_not(sql: str) -> None:
    for each in show_statements(sql.replace("\0", "").encode("utf-8", "replace")):
        assert each.text or each.unreviewable
