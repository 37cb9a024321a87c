"""The catalogue: which origins are masked, views traced through views, and what is known at all."""

import pytest

from proxy.postgres.protocol.messages import Column
from proxy.postgres.sql.catalogue import Catalogue, Table
from proxy.postgres.sql.reading import read
from support.cards import COLUMNS, is_masked


@pytest.mark.parametrize(
    ("oid", "attribute", "name"),
    [
        (20000, 4, "cvv"),
        (20000, 2, None),
        (20002, 2, "cvv"),
        (20002, 1, None),
        (20003, 1, "cvv"),
        (20004, 1, "cvv"),
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


def test_masked_columns_of_a_name_are_those_of_every_schema() -> None:
    other = [("30000", "app", "cards", "1", "cvv"), ("30000", "app", "cards", "2", "pin")]
    catalogue = read([*COLUMNS, *other], [], lambda name: name in {"cvv", "pin"})
    assert catalogue.masked_columns("cards") == {"cvv", "pin"}
    assert catalogue.masked_columns("users") == set()


def test_a_definition_that_cannot_be_read_masks_all_of_the_view() -> None:
    catalogue = read(COLUMNS, [("20002", "SELECT FROM cards WHERE (")], is_masked)
    table = catalogue.table(20002)
    assert table is not None
    assert table.masked == {1: "id", 2: "code"}


def test_a_view_that_is_not_among_the_tables_is_left_out() -> None:
    assert read(COLUMNS, [("77777", "SELECT cards.cvv FROM cards")], is_masked).table(77777) is None


def test_what_the_session_makes_is_one_more_meaning_of_its_name(catalogue: Catalogue) -> None:
    view = Table(0, "", "users", {1: "cvv"}, {1: "cvv"}, is_view=True)
    assert catalogue.remember([view])
    assert not catalogue.remember([view])
    assert len(catalogue.named("users")) == len(catalogue.named("users", "any_schema")) + 1 == 2
    assert catalogue.masked_columns("users") == {"cvv"}


def test_schemas_say_nothing_once_they_may_have_been_renamed(catalogue: Catalogue) -> None:
    assert catalogue.named("cards", "other") == []
    assert catalogue.counts_plainly
    assert catalogue.remember([], unsettled=True)
    assert len(catalogue.named("cards", "other")) == 1
    assert not catalogue.counts_plainly


def test_masked_places_are_told_apart_by_schema_and_position(catalogue: Catalogue) -> None:
    places = catalogue.masked_places()
    # A dropped column has no position.
    assert places["table:cards"] == {("public", 2, "cvv")}
    assert places["table:people"] == {("hidden", 1, "cvv")}
    assert places["function:g"] == {("public", 2, "cvv")}
    assert not {"table:users", "function:f"} & set(places)
