"""The table of functions' effects."""

from access.policy.labels import EFFECTS, SqlLabel
from proxy.postgres.sql.effects.calls.function_effects import FUNCTION_EFFECTS


def test_effects_are_labels_that_say_what_a_function_does() -> None:
    given = {effect for effects in FUNCTION_EFFECTS.values() for effect in effects}
    assert given <= EFFECTS | {SqlLabel.NOTIFY, SqlLabel.SET, SqlLabel.UNPARSEABLE}


def test_a_function_may_have_several() -> None:
    assert set(FUNCTION_EFFECTS["lo_import"]) == {SqlLabel.WRITE, SqlLabel.FILE}
