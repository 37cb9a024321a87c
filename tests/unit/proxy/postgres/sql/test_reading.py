"""Reading: the catalogue from the rows of its queries; rows that hold rows, functions, PostgreSQL's own tables."""

import pytest

from proxy.postgres.sql.catalogue import Catalogue
from proxy.postgres.sql.reading import is_partial, read
from support.cards import COLUMNS, FUNCTIONS, SYSTEM, VIEWS, is_masked


def test_views_are_traced_through_views(catalogue: Catalogue) -> None:
    assert catalogue.masked_columns("nested_view") == {"x"}
    assert catalogue.masked_columns("users_view") == set()


def test_a_column_that_holds_rows_with_masked_columns_is_masked(catalogue: Catalogue) -> None:
    [archive] = catalogue.named("archive")
    assert archive.masked == {2: "cvv"}


def test_rows_that_hold_rows() -> None:
    outer = [("30000", "public", "outer", "1", "inner", "r", "20009")]
    catalogue = read([*outer, *COLUMNS], VIEWS, is_masked)
    assert catalogue.masked_columns("outer") == {"inner"}


def test_row_types_are_no_tables_but_what_functions_give(catalogue: Catalogue) -> None:
    assert catalogue.named("wrapped") == []
    [function] = catalogue.functions(["w"])
    assert function.columns == (("n", ""), ("cvv", "cvv"))


def test_functions_are_looked_up_with_a_schema_or_without(catalogue: Catalogue) -> None:
    assert catalogue.functions(["public", "g"]) == catalogue.functions(["g"])
    assert catalogue.functions(["other", "g"]) == []


def test_a_count_of_the_database() -> None:
    assert read(COLUMNS, VIEWS, is_masked, FUNCTIONS, SYSTEM).counts_plainly
    own = [*FUNCTIONS, ("22000", "public", "count", "0", "")]
    assert not read(COLUMNS, VIEWS, is_masked, own, SYSTEM).counts_plainly


def test_system_tables_are_known_where_no_other_has_their_name(catalogue: Catalogue) -> None:
    [table] = catalogue.named("pg_class")
    assert "relname" in table.columns.values()
    assert catalogue.named("pg_class", "public") == []
    masked = [("13001", "pg_catalog", "pg_odd", "oid cvv", "r")]
    [odd] = read(COLUMNS, VIEWS, is_masked, FUNCTIONS, masked).named("pg_odd")
    assert odd.masked == {2: "cvv"}


def test_a_view_of_statistics_is_masked_whole() -> None:
    columns = [*COLUMNS, ("20100", "public", "common", "1", "vals", "v", "0")]
    catalogue = read(columns, [("20100", "SELECT pg_stats.most_common_vals AS vals FROM pg_stats;")], is_masked)
    assert catalogue.masked_columns("common") == {"vals"}


def test_views_of_views_are_found_in_the_order_of_their_making() -> None:
    chain = [(str(21000 + n), "public", f"v{n}", "1", "a", "v", "0") for n in range(50)]
    views = [("21000", "SELECT cards.cvv AS a FROM cards;")]
    views += [(str(21000 + n), f"SELECT v{n - 1}.a FROM v{n - 1};") for n in range(1, 50)]  # noqa: S608 - never run
    assert read([*COLUMNS, *chain], views, is_masked).masked_columns("v49") == {"a"}


def test_a_function_that_gives_a_row_in_one_of_its_columns() -> None:
    rows = [("21002", "public", "h", "0", "n", "0"), ("21002", "public", "h", "0", "c", "20000")]
    [function] = read(COLUMNS, VIEWS, is_masked, [*FUNCTIONS, *rows], SYSTEM).functions(["h"])
    assert function.columns == (("n", ""), ("c", "cvv"))


def test_a_row_in_a_column_without_a_name_is_masked_as_well() -> None:
    rows = [("21002", "public", "h", "0", "", "0"), ("21002", "public", "h", "0", "", "20000")]
    [function] = read(COLUMNS, VIEWS, is_masked, rows, SYSTEM).functions(["h"])
    assert function.columns == (("column1", "cvv"), ("column2", "cvv"))


def test_a_function_that_gives_no_rows_is_known_by_its_name() -> None:
    [function] = read(COLUMNS, VIEWS, is_masked, [("21002", "public", "h", "0", "", "0")], SYSTEM).functions(["h"])
    assert function.columns == ()


@pytest.mark.parametrize(
    ("definition", "masked"),
    [
        ("SELECT t.x AS y FROM g() t(a, b, x);", {"y"}),
        ("SELECT (g()).cvv AS y;", {"y"}),
        ('SELECT t.cvv AS y FROM "we""ird" t;', {"y"}),
        ("SELECT users.name AS y FROM users;", set()),
    ],
)
def test_views_over_functions_and_over_names_in_quotes(definition: str, masked: set[str]) -> None:
    columns = [
        *(("30000", "public", 'we"ird', "1", "id"), ("30000", "public", 'we"ird', "2", "cvv")),
        ("30001", "public", "shown", "1", "y", "v", "0"),
    ]
    catalogue = read([*COLUMNS, *columns], [*VIEWS, ("30001", definition)], is_masked, FUNCTIONS, SYSTEM)
    assert catalogue.masked_columns("shown") == masked


@pytest.mark.parametrize(
    ("expression", "masked"),
    [
        ("upper(cvv)", {"cvv", "made"}),
        ("upper(holder)", {"cvv"}),
        # Not read, for somebody has the table locked, or not understood.
        ("?", {"cvv", "made"}),
        ("(select", {"cvv", "made"}),
    ],
)
def test_what_a_column_is_generated_as(expression: str, masked: set[str]) -> None:
    columns = [*COLUMNS, ("20000", "public", "cards", "5", "made", "r", "0", expression)]
    assert read(columns, [], is_masked).masked_columns("cards") == masked


def test_a_column_generated_from_one_that_holds_rows() -> None:
    columns = [*COLUMNS, ("20009", "public", "archive", "3", "made", "r", "0", "(old)::text")]
    assert read(columns, [], is_masked).masked_columns("archive") == {"old", "made"}


def test_a_view_that_could_not_be_read_is_masked_whole() -> None:
    views = [("20006", "?")]
    assert read(COLUMNS, views, is_masked).masked_columns("users_view") == {"name"}
    assert is_partial(COLUMNS, views)
    assert is_partial([("20000", "public", "cards", "5", "made", "r", "0", "?")], [])
    assert not is_partial([("20000", "public", "cards", "5", "?", "r", "0", "")], VIEWS)
