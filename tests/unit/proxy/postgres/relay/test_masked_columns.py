"""Which rules mask a COPY's columns, where its name alone does not say which table it is."""

from typing import Any, cast

import pytest

from proxy.masking.rules import DEFAULT_RULES, Masker
from proxy.postgres.relay.masked_columns import Guard
from proxy.postgres.sql.catalogue import read

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
def guard() -> Guard:
    masker = Masker(DEFAULT_RULES)
    # It asks neither the resource nor the role before it fetches anything.
    guard = Guard(cast("Any", None), cast("Any", None), "payments", masker)
    guard.judge.catalogue = read(COLUMNS, VIEWS, guard.is_masked)
    return guard


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
        (None, "other", (), []),
        (None, None, (), []),
    ],
)
def test_copy_rules(
    guard: Guard, schema: str | None, table: str | None, columns: tuple[str, ...], masked: list[bool]
) -> None:
    assert [rule is not None for rule in guard.copy_rules(schema, table, columns)] == masked
