"""What names mean to code that is there, and would mean otherwise after a statement."""

import pytest

from proxy.postgres.sql.catalogue import Catalogue
from proxy.postgres.sql.columns.defining.remade import Kind, Remade, is_misled, remade
from proxy.postgres.sql.columns.made import made
from support.cards import is_masked
from support.sql import tree_of


def of(sql: str, catalogue: Catalogue) -> list[tuple[str, Kind]]:
    tree = tree_of(sql)
    return [(each.name, each.kind) for each in remade(tree, made(tree, catalogue, is_masked), catalogue)]


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("create table hidden.log (id int)", ["log"]),
        ("create view evil.report as select id, cvv from cards", ["report"]),
        # What it writes to may be another table.
        ("create or replace view public.plain_view as select id, cvv as code from cards", ["plain_view"]),
        ("create table t as select id from cards", ["t"]),
        ("select id into t from cards", ["t"]),
        ("create schema s create table audit (a int)", ["audit"]),
        ("alter table log rename to cards", ["cards"]),
        ("alter index log rename to cards", ["cards"]),
        ("alter table log rename column name to x", []),
        ("alter table hidden.people set schema public", ["people"]),
        ("create function app.luhn(text) returns bool language sql return true", ["luhn"]),
        ("create domain app.code as text", ["code"]),
        ("drop table cards", []),
        ("drop index i cascade", []),
        ("insert into log select 1", []),
    ],
)
def test_what_gets_another_meaning(catalogue: Catalogue, sql: str, names: list[str]) -> None:
    assert of(sql, catalogue) == [(name, Kind.NAME) for name in names]


@pytest.mark.parametrize(
    ("sql", "name", "kind"),
    [
        ("drop table app.cards cascade", "cards", Kind.TYPE),
        ("drop view v cascade", "v", Kind.TYPE),
        ("drop type app.color cascade", "color", Kind.TYPE),
        ("drop domain code cascade", "code", Kind.TYPE),
    ],
)
def test_what_columns_vanish_with(catalogue: Catalogue, sql: str, name: str, kind: Kind) -> None:
    assert of(sql, catalogue) == [(name, kind)]


@pytest.mark.parametrize(
    ("sql", "name", "kinds"),
    [
        ("alter table cards drop column cvv", "cards", [Kind.PLACES, Kind.STAR]),
        ("alter table cards drop column id, add column x text", "cards", [Kind.PLACES, Kind.STAR]),
        ("alter type wrapped drop attribute n", "wrapped", [Kind.PLACES, Kind.STAR]),
        # Its children may have masked columns.
        ("alter table log drop column id", "log", [Kind.PARENT, Kind.STAR]),
        ("alter table log add column x text", "log", [Kind.STAR]),
        ("alter table log alter column id set not null", "log", []),
        ("create or replace view users_view as select name, id from users", "users_view", [Kind.NAME, Kind.STAR]),
    ],
)
def test_what_moves_columns(catalogue: Catalogue, sql: str, name: str, kinds: list[Kind]) -> None:
    assert of(sql, catalogue) == [(name, kind) for kind in kinds]


@pytest.mark.parametrize(
    ("code", "is_followed"),
    [
        ("insert into hist select a.*, new.* from log a", True),
        ("insert into hist select * from log join cards using (id)", True),
        ("select distinct on (id) * from log, cards", True),
        ("select *, cvv from log", True),
        ("execute 'select l.*, c.* from log l'", True),
        ("an unfinished 'text, log, *", True),
        ("select * from log; perform f(a, b)", False),
        ("select l.* from log l where id in (1, 2)", False),
        ("select new.cvv, l.* from log l", False),
        ("select count(*), 2 * id from log, cards", False),
        ("select * from audit join cards using (id)", False),
        ("select into a, b, c * from log x, cards y", True),
        ("select into a, b * from log; perform f(a, b)", False),
        ("update log l set id = c.id from cards c returning *", True),
        ("delete from log l using cards c where l.id = c.id returning *", True),
        ("merge into log l using cards c on true when matched then delete returning *", True),
        ("delete from log where id = (select id from log limit 1) returning *", False),
        ("insert into log select id from cards; update log set id = 1 returning *", False),
        ("select 2 * id from log where id = 3 * $1 or id in (2 * 2)", False),
    ],
)
def test_what_comes_behind_a_star(code: str, is_followed: bool) -> None:
    assert is_misled(Remade("log", Kind.STAR), [("star", code)]) is is_followed


def test_whose_star_it_is() -> None:
    """A function's that has another name for it, or whose rows it is given; and of no others."""
    star = ("star", "select x.*, l.* from given() x, cards l")
    own = ("own", "select new.*, l.* from cards l")
    remade = Remade("log", Kind.STAR)
    assert not is_misled(remade, [star, ("named", "log"), ("own", "select new.* from cards l")])
    assert is_misled(remade, [star, ("named", "given")])
    assert is_misled(remade, [own])


def test_long_code_is_read_at_once() -> None:
    """In the square of its stars this took minutes."""
    code = "log; select 2*2" + ", 2*2" * 100_000
    assert not is_misled(Remade("log", Kind.STAR), [("star", code)])


@pytest.mark.parametrize(
    ("name", "code", "has_it"),
    [
        ("audit", "insert into Audit values (1)", True),
        ("audit", 'insert into public."audit"values (1)', True),
        ("audit", "execute format('insert into %I.audit', x)", True),
        ("audit", "perform audited(), audit_2, an$audit", False),
        ("audit", "/* audit */ perform x() -- audit", False),
        ("Odd Cards", 'select * from "Odd Cards"', True),
        ('we"ird', 'select * from "we""ird"', True),
        ("it's", "execute 'table \"it''s\"'", True),
        ("audit", 'insert into U&"\\0061udit" values (1)', True),
        ("audit", "an unfinished 'text, audit", True),
        ("audit", r"execute E'insert into audit values ($1)' using x", True),
        ("audit", r"execute e'insert into\naudit values ($1)' using x", True),
        ("audit", r"execute E'insert into\naudi values ($1)' using x", False),
        ("audit", r"execute E'insert into \x61udit values ($1)' using x", True),
        ("audit", r"execute e'insert into \141udit values ($1)' using x", True),
        ("audit", r"perform regexp_match($1, '\d+\x')", False),
        ("audit", "execute $q$insert into audit values ($1)$q$ using x", True),
        ("a" * 60, "select " + "a" * 70, True),
        ("größe", "select * from größe", True),
        ("größe", "select * from größe2", False),
    ],
)
def test_what_code_has_a_name(name: str, code: str, has_it: bool) -> None:
    assert is_misled(Remade(name), [("code", code)]) is has_it


@pytest.mark.parametrize(
    ("kind", "telling"),
    [
        (Kind.NAME, {"code"}),
        (Kind.PLACES, {"code", "signature", "column", "triggers", "children"}),
        (Kind.PARENT, {"children"}),
        (Kind.TYPE, {"column", "views"}),
    ],
)
def test_what_is_there_tells_by_what_is_remade(kind: Kind, telling: set[str]) -> None:
    rows = [("code", "cards"), ("signature", "setof cards"), ("column", "cards[]"), ("triggers", ""), ("children", "")]
    assert {row[0] for row in [*rows, ("views", "")] if is_misled(Remade("cards", kind), [row])} == telling


def test_they_stand_in_an_order() -> None:
    assert sorted([Remade("a", Kind.TYPE), Remade("a")]) == [Remade("a"), Remade("a", Kind.TYPE)]
