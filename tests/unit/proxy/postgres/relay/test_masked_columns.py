"""Which rules mask a COPY's columns, where its name alone does not say which table it is."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from proxy.errors import PolicyFault
from proxy.masking.rules import DEFAULT_RULES, Masker
from proxy.postgres.relay.masked_columns import CatalogueChanges, MaskedColumns
from proxy.postgres.sql.reading import read

COLUMNS = [
    ("20000", "public", "cards", "1", "id"),
    ("20000", "public", "cards", "2", "cvv"),
    ("20001", "app", "cards", "1", "cvv"),
    ("20001", "app", "cards", "2", "id"),
    ("20001", "app", "cards", "3", "note"),
    ("20002", "public", "shown", "1", "id"),
    ("20002", "public", "shown", "2", "code"),
]
VIEWS = [("20002", "SELECT cards.id, cards.cvv AS code FROM cards;")]


@pytest.fixture
def masked_columns() -> MaskedColumns:
    masker = Masker(DEFAULT_RULES)
    # It asks the resource only where it is, and not the role, before it fetches anything.
    resource = SimpleNamespace(upstream=SimpleNamespace(host="127.0.0.1", port=5432))
    masked_columns = MaskedColumns(cast("Any", resource), cast("Any", None), "payments", masker)
    masked_columns.analyser.catalogue = read(COLUMNS, VIEWS, masked_columns.is_masked)
    return masked_columns


@pytest.mark.parametrize(
    ("schema", "table", "columns", "masked"),
    [
        ("public", "cards", (), [False, True]),
        ("app", "cards", (), [True, False, False]),
        # The search path decides, and it is the client's.
        (None, "cards", (), [True, True, False]),
        (None, "cards", ("id", "cvv"), [False, True]),
        (None, "shown", (), [False, True]),
        (None, "shown", ("code", "id"), [True, False]),
        (None, "shown", ("note",), [False]),
        (None, None, (), []),
    ],
)
def test_copy_rules(
    masked_columns: MaskedColumns, schema: str | None, table: str | None, columns: tuple[str, ...], masked: list[bool]
) -> None:
    assert [rule is not None for rule in masked_columns.copy_rules(schema, table, columns)] == masked


@pytest.mark.parametrize(("table", "is_changed"), [("other", False), ("cards", True)])
def test_a_copy_of_columns_that_are_not_known(masked_columns: MaskedColumns, table: str, is_changed: bool) -> None:
    masked_columns.expire(changed=is_changed)
    with pytest.raises(PolicyFault, match="Name the columns in COPY"):
        masked_columns.copy_rules(None, table, ())
    assert masked_columns.copy_rules(None, table, ("cvv",)) != [None]


def test_ddl_makes_the_catalogue_stale_here_at_once_and_elsewhere_once_it_is_committed() -> None:
    changes = CatalogueChanges()
    place = SimpleNamespace(upstream=SimpleNamespace(host="db", port=5432))

    def session(database: str) -> MaskedColumns:
        return MaskedColumns(cast("Any", place), cast("Any", None), database, Masker(DEFAULT_RULES), changes)

    one, two, other = session("payments"), session("payments"), session("ledger")
    one.committed()
    assert not any(each.is_stale for each in (one, two, other))
    one.expire(changed=True)
    assert (one.is_stale, two.is_stale) == (True, False)
    one.committed()
    assert (one.is_stale, two.is_stale, other.is_stale) == (True, True, False)
