"""Bodies of functions: where SQL stands in PL/pgSQL, and what makes its literals mean something else."""

import pytest

from proxy.showing.bodies import uses_in_body
from proxy.showing.literals.collect import uses_of
from proxy.showing.literals.uses import Role, Uses
from proxy.syntax.sql import Unreadable, parse, unwrap, walk


def find_uses(sql: bytes, offset: int) -> Uses:
    scanned, tree = parse(sql)
    statement = unwrap(tree.stmts[0].stmt)
    found = uses_of(sql, scanned, statement, list(walk(statement)))
    found.by_start = {start + offset: use for start, use in found.by_start.items()}
    return found


def collected(body: str) -> dict[str, Role]:
    uses = uses_in_body("plpgsql", body.encode(), find_uses)
    assert uses.unreviewable == []
    return {
        body[each.start : each.end]: uses.by_start[each.start].role
        for each in uses.tokens
        if each.start in uses.by_start
    }


READER = "query_to_xml('q', true, true, '')"


@pytest.mark.parametrize(
    "body",
    [
        f"begin select {READER} into x; end",
        f"begin perform {READER}; end",
        f"begin x := {READER}; end",
        f"begin x = {READER}; end",
        f"declare x xml := {READER}; begin end",
        f"begin if {READER} is null then null; elsif a = {READER.replace('q', 'q')} then null; end if; end",
        f"begin return {READER}; end",
        f"begin return query select {READER}; end",
        f"begin for r in select {READER} loop null; end loop; end",
        f"begin while {READER} is null loop null; end loop; end",
        f"begin exception when others then perform {READER}; end",
        f"begin <<here>> perform {READER}; end",
        f"begin if a then b := 1; else perform {READER}; end if; end",
        f"begin merge into t using s on a when matched then update set x = {READER}; end",
        f"begin x := case when a then {READER} end; end",
        f"#variable_conflict error\nbegin perform {READER}; end",
    ],
)
def test_sql_is_found_wherever_it_stands(body: str) -> None:
    assert collected(body) == {"'q'": Role.SQL}


@pytest.mark.parametrize(
    "body",
    [
        "begin execute 'q'; end",
        "begin execute 'q' into a; end",
        "begin execute 'q' using b; end",
        "begin for r in execute 'q' loop null; end loop; end",
        "begin return query execute 'q' using 1; end",
        "begin open c for execute 'q'; end",
        "begin if a then execute 'q'; end if; end",
    ],
)
def test_one_literal_behind_execute_is_code(body: str) -> None:
    assert collected(body) == {"'q'": Role.SQL}


def test_statements_inside_keep_their_meaning() -> None:
    assert collected("begin copy t to program 'a'; set role 'b'; do 'c'; end") == {
        "'a'": Role.COMMAND,
        "'b'": Role.SETTING,
        "'c'": Role.BODY,
    }


@pytest.mark.parametrize(
    "body",
    [
        "begin execute x; end",
        "begin execute 'a' || x; end",
        "begin execute ('a'); end",
        "begin execute format('a'); end",
        "begin execute m(case when a then 'b' end); end",
        "begin return query execute x; end",
        "begin raise notice '%', query_to_xml('a', true, true, ''); end",
        "begin raise notice '%', \"dblink\"(x); end",
        "begin U&\"exec!0075te\" uescape '!' 'x'; end",
        "begin copy t to program 'a' nonsense; end",
        "begin set role 'a' nonsense; end",
        "begin open c for select query_to_xml('a', true, true, ''); end",
    ],
)
def test_what_gives_literals_another_meaning_unseen(body: str) -> None:
    assert uses_in_body("plpgsql", body.encode(), find_uses).unreviewable


@pytest.mark.parametrize("language", ["plpython3u", "plperl", "c", "PLpgSQL", ""])
def test_other_languages_are_not_read(language: str) -> None:
    assert uses_in_body(language, b"x", find_uses).unreviewable


def test_what_the_lexer_does_not_read_is_refused() -> None:
    with pytest.raises(Unreadable):
        uses_in_body("plpgsql", b"begin x := 'open; end", find_uses)


def test_upserts_are_no_do_blocks() -> None:
    assert collected("begin insert into t values (1) on conflict do nothing returning a into b; end") == {}
