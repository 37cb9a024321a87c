"""Which columns are granted: those of the template, but for what is denied, and what is made of that."""

from proxy.postgres.ephemeral.columns import Relation, denied, grants, readable, relations
from proxy.postgres.sql.reading import read

CARDS = [
    ["16400", "public", "cards", "1", "id"],
    ["16400", "public", "cards", "2", "cvv"],
    ["16400", "public", "cards", "3", "copy"],
    ["16410", "public", "codes", "1", "id"],
    ["16410", "public", "codes", "2", "code"],
    ["16420", "public", "copies", "1", "id"],
    ["16420", "public", "copies", "2", "other"],
    ["16430", "public", "further", "1", "anything"],
]
VIEWS = [
    ["16410", "select id, cvv as code from cards"],
    ["16420", "select id, copy as other from cards"],
    ["16430", "select other as anything from copies"],
]
USES = [
    ((16400, 3), (16400, 2)),
    ((16410, 0), (16400, 1)),
    ((16410, 0), (16400, 2)),
    ((16420, 0), (16400, 1)),
    ((16420, 0), (16400, 3)),
    ((16430, 0), (16420, 2)),
]


def found() -> set[tuple[int, int]]:
    catalogue = read(CARDS, VIEWS, lambda name: name == "cvv")
    return denied(catalogue, [(int(row[0]), int(row[3])) for row in CARDS], USES)


def test_a_column_and_what_a_view_shows_of_it() -> None:
    assert {(16400, 2), (16410, 2)} <= found()
    assert not {(16400, 1), (16410, 1)} & found()


def test_what_is_generated_from_it_and_views_of_that_which_nobody_traced() -> None:
    assert {(16400, 3), (16420, 1), (16420, 2), (16430, 1)} <= found()


def relation() -> Relation:
    rows = [
        ["16400", "public", "cards", "1", "id", "t", "t", "f"],
        ["16400", "public", "cards", "2", 'c"vv', "t", "t", "t"],
        ["16440", "public", "closed", "1", "id", "f", "f", "f"],
    ]
    [only] = relations(rows, [["16400", "delete"], ["16999", "truncate"]])
    return only


def test_grants_leave_out_what_is_denied() -> None:
    only = relation()
    assert list(grants(only, "gp", lambda column: column == (16400, 2))) == [
        'grant select ("id"), insert ("id", "c""vv"), delete on "public"."cards" to "gp"'
    ]
    assert readable(only, lambda column: column == (16400, 2)) == [(16400, 1)]
    assert str(only) == "public.cards"


def test_without_denied_columns_all_of_the_templates_rights_are_granted() -> None:
    assert list(grants(relation(), "gp", lambda _: False)) == [
        'grant select ("id", "c""vv"), insert ("id", "c""vv"), update ("c""vv"), delete on "public"."cards" to "gp"'
    ]


def test_what_leaves_nothing_grants_nothing() -> None:
    only = Relation(1, "s", "t", {1: "a"}, {"select": {1}})
    assert not list(grants(only, "gp", lambda _: True))
