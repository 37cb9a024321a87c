"""The list of harmless functions."""

from proxy.postgres.sql.effects.calls.function_effects import FUNCTION_EFFECTS
from proxy.postgres.sql.effects.calls.harmless import HARMLESS, UNCHANGING, VOLATILE


def test_no_function_is_harmless_and_not() -> None:
    assert HARMLESS.isdisjoint(FUNCTION_EFFECTS)
    assert UNCHANGING.isdisjoint(VOLATILE)


def test_what_people_use_is_in_it() -> None:
    assert {"count", "sum", "lower", "now", "date_trunc", "jsonb_agg", "generate_series", "row_number"} <= HARMLESS
