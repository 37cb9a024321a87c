"""Relations: which names may mean what, and what renaming and joining make of masked columns."""

import pytest

from proxy.postgres.sql.catalogue import Catalogue, Function, Table
from proxy.postgres.sql.columns.relations import Column, Relation, Rest, Used, joined, of_functions, of_tables

CARDS = Relation("cards", (Column("id"), Column("cvv", "cvv")))


def table(columns: dict[int, str], masked: dict[int, str], *, is_view: bool = False) -> Table:
    return Table(1, "public", "t", columns, masked, is_view=is_view)


def test_an_alias_renames_the_first_columns_where_their_order_is_known() -> None:
    renamed = CARDS.called("c", ["a"])
    assert (renamed.name, [column.name for column in renamed.columns]) == ("c", ["a", "cvv"])
    assert CARDS.called("c", ["a", "b"]).find("b") == Column("b", "cvv")


def test_where_the_order_is_not_known_any_new_name_may_be_the_masked_column() -> None:
    renamed = Relation("c", CARDS.columns, known=False).called("c", ["a"])
    assert renamed.find("a") == Column("a", "cvv")
    of_function = Relation("f", CARDS.columns, known=False, rest=Rest.NAMED).called("f", ["a"])
    assert of_function.find("a") == Column("a", "cvv", traced=False)


def test_the_masked_one_of_several_columns_of_a_name_is_found() -> None:
    assert joined("j", [CARDS, Relation("x", (Column("cvv"),))]).find("cvv") == Column("cvv", "cvv")


@pytest.mark.parametrize(("masked", "rest"), [(True, Rest.MASKED), (False, Rest.NAMED)])
def test_a_table_that_nobody_knows_may_be_masked_where_anything_is(masked: bool, rest: Rest) -> None:
    catalogue = Catalogue([table({1: "cvv"}, {1: "cvv"})] if masked else [])
    found = of_tables("unknown", [], catalogue)
    assert (found.rest, found.known, bool(found.masked)) == (rest, False, masked)


def test_a_name_of_several_tables_means_any_of_them() -> None:
    both = [table({1: "id", 2: "cvv"}, {2: "cvv"}), table({1: "id"}, {}, is_view=True)]
    found = of_tables("t", both, Catalogue())
    assert (found.known, found.masked, found.is_table, found.rest) == (False, "cvv", False, Rest.NONE)
    assert of_tables("t", both[:1] * 2, Catalogue()).known


def test_what_the_session_made_without_telling_may_be_masked() -> None:
    uncertain = Table(0, "", "t", is_uncertain=True)
    assert of_tables("t", [uncertain], Catalogue()).rest is Rest.MASKED


def test_a_functions_columns_have_no_origin() -> None:
    found = of_functions("g", [Function("public", "g", (("cvv", "cvv"),))])
    assert (found.find("cvv"), found.rest) == (Column("cvv", "cvv", traced=False), Rest.NAMED)


def test_more_columns_than_any_server_bears_are_refused() -> None:
    """Each level of `select l.*, r.*` has twice as many."""
    rows = Relation("t", tuple(Column(f"c{number}") for number in range(1_600)))
    assert len(joined("", [rows] * 10).columns) == 16_000
    with pytest.raises(Used):
        joined("", [rows] * 13)
