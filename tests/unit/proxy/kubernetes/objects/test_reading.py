"""JSON is read exactly and in one way."""

import pytest

from proxy.kubernetes.objects.reading import Number, end_of, read
from proxy.kubernetes.objects.unreadable import Unreadable


@pytest.mark.parametrize("literal", ["0", "-0", "1.0", "1e+21", "123456789012345678901234567890", "0.10", "1E5"])
def test_numbers_stay_as_they_are_written(literal: str) -> None:
    number = read(f"[{literal}]").value[0]
    assert isinstance(number, Number)
    assert number.literal == literal


@pytest.mark.parametrize(
    "text",
    ['{"a":1,"a":2}', '{"b":{"a":1,"a":1}}', "NaN", "[Infinity]", "[-Infinity]", "", "{", "{}{}", '{"a":}', '["\n"]']
    + ["[" * depth + "]" * depth for depth in (1002, 5000, 200_000)],
)
def test_what_may_be_read_in_two_ways_or_not_at_all_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        read(text)


def test_the_mark_of_numbers_stands_in_no_string() -> None:
    document = read('["\ue000","\\uE001",1]')
    assert document.mark == "\ue002"
    assert document.zero().literal == "0"


@pytest.mark.parametrize(("text", "end"), [('{"a":[1]},{', 9), ('{"a":[1', None), ("[],", 2), ("nul", None)])
def test_where_a_value_ends(text: str, end: int | None) -> None:
    assert end_of(text, 0) == end


def test_the_end_of_what_is_nested_too_deep_is_refused() -> None:
    with pytest.raises(Unreadable):
        end_of("[" * 200_000, 0)
