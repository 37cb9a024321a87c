"""DO blocks of definitions alone: all of what they run is known, or nothing of it. A bypass found once stays here."""

import pytest
from google.protobuf.message import Message

from proxy.postgres.sql.analysis import analyse
from proxy.postgres.sql.effects.blocks import statements_of_block
from support.sql import facts_of, tree_of

MOOD = "create type mood as enum ('a')"
KEY = 'ALTER TABLE "a" ADD CONSTRAINT "k" FOREIGN KEY ("b") REFERENCES "public"."c"("id") ON DELETE no action'


def block(body: str, before: str = "do") -> list[Message]:
    return statements_of_block(tree_of(f"{before} $do${body}$do$"))


def read(*statements: str) -> list[Message]:
    return [tree_of(each) for each in statements]


def bare(trees: list[Message]) -> list[str]:
    """Without the places in the text."""
    return ["\n".join(line for line in str(tree).splitlines() if "location" not in line) for tree in trees]


@pytest.mark.parametrize(
    ("body", "statements"),
    [
        (f"begin {MOOD}; exception when duplicate_object then null; end", (MOOD,)),
        (f"BEGIN\n {KEY};\nEXCEPTION\n WHEN duplicate_object THEN null;\nEND;\n", (KEY,)),
        (f"begin {MOOD}; {KEY}; end", (MOOD, KEY)),
        (
            f"begin {MOOD}; exception when a or sqlstate '42710' then null; when others then null; end",
            (MOOD,),
        ),
        (f"begin -- as ';'\n {MOOD}; /* exception */ end", (MOOD,)),
        ("begin create table t (a text default 'x; end'); end", ("create table t (a text default 'x; end')",)),
        ('begin create table "into" (a int); end', ('create table "into" (a int)',)),
    ],
)
def test_its_statements(body: str, statements: tuple[str, ...]) -> None:
    assert bare(block(body)) == bare(read(*statements))


def test_the_language_may_be_named() -> None:
    assert bare(block(f"begin {MOOD}; end", "do language plpgsql")) == bare(read(MOOD))


@pytest.mark.parametrize(
    "body",
    [
        "begin end",
        "begin null; end",
        f"{MOOD};",
        f"begin {MOOD} end",
        f"begin {MOOD};; end",
        f"declare x int; begin {MOOD}; end",
        f"<<l>> begin {MOOD}; end",
        f"#option dump\nbegin {MOOD}; end",
        f"begin begin {MOOD}; end; end",
        f"begin if true then {MOOD}; end if; end",
        f"begin {MOOD}; perform 1; end",
        f"begin {MOOD}; truncate cards; end",
        f"begin {MOOD}; execute 'drop table cards'; end",
        f"begin {MOOD}; raise notice '%', (table cards); end",
        f"begin {MOOD}; exception when duplicate_object then perform f(); end",
        f"begin {MOOD}; exception when duplicate_object then null; null; end",
        f"begin {MOOD}; exception when duplicate_object then null; truncate cards; end",
        f"begin {MOOD}; exception when duplicate_object then end",
        f"begin {MOOD}; exception when f() then null; end",
        f"begin {MOOD}; exception when then null; end",
        f"begin {MOOD}; exception when a or then null; end",
        f"begin {MOOD}; exception when sqlstate f then null; end",
        f"begin {MOOD}; exception end",
        f"begin {MOOD}; end; begin {MOOD}; end",
        f"begin {MOOD}; end l",
        # PL/pgSQL would take `into x` out, and the statement is another.
        "begin alter table cards into x add a int; end",
        "begin create table t as select cvv from cards; end",
        "begin create table t as select found; end",
        "begin create view v as select cvv from cards; end",
        "begin create rule r as on insert to t do also (delete from a; delete from b); end",
        "begin create schema s create view v as select 1; end",
        "begin create function f() returns int language sql as 'select 1'; end",
        "begin create function f() returns int begin atomic select 1; select 2; end; end",
        "begin create trigger g before insert on cards execute function f(); end",
        "begin create extension e; end",
        "begin create role r; end",
        "begin alter system set a = 1; end",
        "begin alter function f() rename to g; end",
        "begin create publication p for table cards; end",
        r"begin create type m as enum ('\'); exception when others then null; end",
        "begin create table t (a int; end",
        "begin create type m as enum ('a; end",
    ],
)
def test_anything_else_is_not_followed(body: str) -> None:
    assert block(body) == []


@pytest.mark.parametrize("before", ["do language plperl", "do language sql"])
def test_nor_is_another_language(before: str) -> None:
    assert block(f"begin {MOOD}; end", before) == []


def test_no_other_statement_is_a_block() -> None:
    assert statements_of_block(tree_of(MOOD)) == []


@pytest.mark.parametrize(
    "sql",
    [
        MOOD,
        "alter table hr.ledger drop column a",
        "create table t (a int default nextval('s'))",
        "create index on t (f(a))",
    ],
)
def test_it_is_judged_as_its_statements_are(sql: str) -> None:
    """Each of their parts, with `do` besides: leave for DO is what it was."""
    [by_itself], [within] = facts_of(sql), facts_of(f"do $do$ begin {sql}; exception when others then null; end $do$")
    assert within.labels == by_itself.labels | {"do"}
    assert within.parts[0] == by_itself.parts[0] | {"do"}
    assert set(within.parts) == {part | {"do"} for part in by_itself.parts}
    assert within.unqualified == by_itself.unqualified
    assert within.kind == "do"


def test_what_it_keeps_may_change_names_as_well() -> None:
    kept = "create table t (a text default set_config('search_path', 'x', false))"
    [by_itself], [within] = analyse(kept.encode()), analyse(f"do $do$ begin {kept}; end $do$".encode())
    assert by_itself.keeps_naming
    assert within.keeps_naming
