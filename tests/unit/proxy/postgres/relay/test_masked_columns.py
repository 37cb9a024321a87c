"""Which rules mask a COPY's columns, where its name alone does not say which table it is."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from proxy.errors import PolicyFault
from proxy.masking.rules import DEFAULT_RULES, Masker
from proxy.postgres.relay.catalogue_changes import CatalogueChanges
from proxy.postgres.relay.masked_columns import MAX_OPEN_AGE_S, MaskedColumns
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


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def session(clock: Clock) -> Callable[[str], MaskedColumns]:
    """Of one process."""
    changes = CatalogueChanges(clock)
    place = SimpleNamespace(upstream=SimpleNamespace(host="db", port=5432))
    masker = Masker(DEFAULT_RULES)
    return lambda database: MaskedColumns(cast("Any", place), cast("Any", None), database, masker, changes, clock)


def test_ddl_makes_the_catalogue_stale_here_at_once_and_elsewhere_once_it_is_committed(
    session: Callable[[str], MaskedColumns],
) -> None:
    one, two, other = session("payments"), session("payments"), session("ledger")
    one.committed(is_quiet=True)
    assert not any(each.is_stale for each in (one, two, other))
    one.expire(changed=True)
    assert (one.is_stale, two.is_stale) == (True, False)
    one.committed(is_quiet=True)
    assert (one.is_stale, two.is_stale, other.is_stale) == (True, True, False)


#: As statements of one string, or of one batch, and whether others may see what is made before the session hears of it.
COURSES = [
    (["create table t (cvv text)"], False),
    (["begin", "create table t (cvv text)", "select 1"], False),
    (["begin", "create table t (cvv text)", "commit"], True),
    (["do 'begin end'"], True),
    (["begin", "select 1", "commit"], False),
]


@pytest.mark.parametrize(("course", "is_open"), COURSES)
def test_what_may_be_committed_without_a_word(
    session: Callable[[str], MaskedColumns], clock: Clock, course: list[str], is_open: bool
) -> None:
    one, two = session("payments"), session("payments")
    for sql in course:
        one.sent(one.analyser.analyse(sql.encode()))
    # What was fetched just now counts for a moment.
    assert not two.is_behind
    clock.now += MAX_OPEN_AGE_S * 2
    assert (one.is_behind, two.is_behind) == (False, is_open)
    one.committed(is_quiet=False)
    assert two.is_behind == is_open
    one.committed(is_quiet=True)
    assert not two.is_behind


@pytest.mark.parametrize(
    ("sql", "is_quiet", "may_have"),
    [
        (b"create table t (cvv text)", False, True),
        (b"select 1", False, False),
        # All is answered, so its transaction is open, and rolled back.
        (b"create table t (cvv text)", True, False),
    ],
)
def test_who_leaves_may_have_changed_it(
    session: Callable[[str], MaskedColumns], sql: bytes, is_quiet: bool, may_have: bool
) -> None:
    one, two = session("payments"), session("payments")
    one.sent(one.analyser.analyse(sql))
    one.expire(changed=one.analyser.analyse(sql).is_ddl)
    one.left(is_quiet=is_quiet)
    assert two.is_behind == may_have
