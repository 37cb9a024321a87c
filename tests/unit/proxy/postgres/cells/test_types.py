"""What pg_type says of types, as far as it was asked."""

from proxy.postgres.cells.types import BUILT_IN, Shape, TypeFacts, Types
from proxy.postgres.protocol.values import INT4, INT8


def test_its_own_are_known_and_others_are_asked_for_once() -> None:
    types = Types()
    assert types.missing([INT4, 3926, 20_000, 20_001, 20_000]) == [20_000, 20_001]
    types.learn([20_000, 20_001], [("20000", "c", "0", "78,6376")])
    assert types.missing([20_000, 20_001]) == []
    assert types.get(20_000) == TypeFacts(Shape.COMPOSITE, 0, ("x", "cv"))
    assert types.get(20_001) is None


def test_what_changed_is_asked_for_again() -> None:
    types = Types()
    types.learn([20_000, 20_001], [("20000", "d", "20", "")])
    types.forget()
    assert types.missing([20_000, 20_001]) == [20_000, 20_001]
    assert types.get(3926) == TypeFacts(Shape.RANGE, INT8)


def test_every_built_in_one_is_made_of_something() -> None:
    assert all(facts.inner for facts in BUILT_IN.values())


def test_only_numbers_are_put_into_the_query() -> None:
    assert "'{20000,20001}'::oid[]" in Types.sql([20_000, 20_001])
