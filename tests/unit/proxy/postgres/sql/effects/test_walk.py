"""The walk: every table, effect and function of a statement is a part, and nothing that is read ends it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.postgres.sql.analysis import analyse
from support.sql import facts_of, parts_of

RULE = "create rule r as on insert to t do also delete from u where a = 1"


@pytest.mark.parametrize(
    ("sql", "parts"),
    [
        ("select 1", [{"select", "read"}]),
        (
            "with d as (delete from t where id = 1 returning *) select * from s",
            [
                {"delete", "write", "writes:t", "table:t"},
                {"delete", "read", "reads:t", "table:t"},
                {"select", "read", "reads:s", "table:s"},
            ],
        ),
        ("create table n as select * from t", [{"ddl", "table:n"}, {"select", "read", "reads:t", "table:t"}]),
        ("select * into n from t", [{"ddl", "table:n"}, {"select", "read", "reads:t", "table:t"}]),
        ("explain analyze delete from t", [{"delete", "delete_without_where", "write", "writes:t", "table:t"}]),
        ("explain delete from t", [{"explain", "table:t"}]),
        ("declare c cursor for select * from t", [{"select", "read", "reads:t", "table:t"}]),
        ("prepare p as delete from t where id = 1", [{"delete", "write", "writes:t", "table:t"}]),
        ("drop table a.b, c", [{"ddl", "drop", "table:b", "table:a.b"}, {"ddl", "drop", "table:c"}]),
        ("drop function f(int)", [{"ddl", "drop", "function:f"}]),
        ("create schema s grant select on t to bob", [{"ddl"}, {"grant", "privilege", "table:t"}]),
        (
            "create trigger x before insert on t execute function f()",
            [{"ddl", "table:t", "function:f", "opaque_function"}],
        ),
        (RULE, [{"ddl", "delete", "write", "writes:u", "table:u"}]),
        ("vacuum t", [{"vacuum", "table:t"}]),
        ("select json_value(a, 'x')", [{"opaque_function", "function:json_value"}]),
        ("select * from json_array(1) x", [{"opaque_function", "function:json_array"}]),
        ("select json_array(lo_unlink(1))", [{"write", "function:lo_unlink"}]),
        ("select * from t for update", [{"select", "read", "reads:t", "table:t"}]),
    ],
)
def test_parts(sql: str, parts: list[set[str]]) -> None:
    found = parts_of(sql)
    assert all(part in found for part in parts), found


PIECES = (
    "select insert into values update set delete from merge using on when matched then do nothing where with as "
    "( ) , ; * . = < > t s u a b id 1 'x' $1 null true not and or in exists union all copy to stdout program create "
    "table function view role returns int language sql alter drop column owner grant revoke set_config pg_read_file "
    "lower explain analyze prepare execute truncate returning recursive like between is case end row array [ ] :: text"
)
SEEDS = [
    "merge into t using s on t.a = s.a when matched then delete when not matched then insert values (1)",
    "with recursive d as (delete from t where a like 'x%' returning *) update s set a = d.b from d where s.id = d.id",
    "create function f() returns int language sql security definer set search_path = a as 'select set_config(a, b, c)'",
    "copy (select f(a), count(*) from t tablesample system(1)) to program 'sh -c \"x\"'",
    "alter table t drop column a, owner to b, add constraint c check (f(a) operator(x.+) 1)",
    "delete from t using (select * from s) x where exists (select 1 from y where y.a = t.a) or (a, b) in ((1, 2))",
    "create foreign table ft (a int) server s options (filename 'x')",
    "insert into t select * from s on conflict (a) do update set a = excluded.a returning nextval('q')",
]
WORDS = PIECES.split()


def have_labels(sql: str) -> bool:
    return all(facts.labels and all(part <= facts.labels for part in facts.parts) for facts in facts_of(sql))


@given(st.lists(st.sampled_from(WORDS), max_size=25))
def test_any_words_get_labels(words: list[str]) -> None:
    assert have_labels(" ".join(words))


@given(st.sampled_from(SEEDS), st.data())
def test_any_change_of_a_statement_gets_labels(seed: str, data: st.DataObject) -> None:
    words = seed.split()
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(words)))
        words[place : place + data.draw(st.integers(0, 2))] = [data.draw(st.sampled_from(["", *WORDS]))]
    assert have_labels(" ".join(words))


@pytest.mark.parametrize(("server", "calls"), [(0, True), (15, True), (16, True), (17, False), (18, False)])
def test_a_word_is_a_function_where_the_server_is_older(server: int, calls: bool) -> None:
    [statement] = analyse(b"select json_value(a, 'x') from t", server=server)
    assert "function:json_value" in statement.facts.labels
    assert ("opaque_function" in statement.facts.labels) is calls
    assert ("function:json_value" in statement.facts.unqualified) is calls


def test_a_word_of_json_that_the_server_has_known_before() -> None:
    [statement] = analyse(b"select json_array(1)", server=16)
    assert "opaque_function" not in statement.facts.labels
