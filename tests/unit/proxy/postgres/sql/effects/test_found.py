"""Found: parts count once, and the whole has the effects but no older label that stands in parts alone."""

from access.policy.labels import SqlLabel
from proxy.postgres.sql.effects.found import Found


def test_equal_parts_are_one() -> None:
    found = Found()
    found.add(["a"], ["b"])
    found.add(["b", "a"])
    assert list(found.parts) == [frozenset({"a", "b"})]


def test_the_whole_has_effects_and_no_older_labels() -> None:
    found = Found(whole={"reads:t"})
    found.add([SqlLabel.INSERT, SqlLabel.WRITE], ["writes:t", "table:t", "set:role", "command:ls"])
    assert found.effects() == {"reads:t", "write", "writes:t", "set:role", "command:ls"}
