"""The checks that Block Kit's schema is made of: what each takes, what it says of the rest, and where."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slack_simulator.base.schema import (
    Check,
    Problem,
    anything,
    array,
    boolean,
    both,
    by_type,
    day,
    exactly_one,
    integer,
    matching,
    moment,
    nullable,
    number,
    one_of,
    schemas,
    shape,
    string,
    time_of_day,
    url,
)


def told(check: Check, value: Any, at: str = "/at") -> list[str]:
    return [f"{one.message} [{one.pointer}]" for one in check(value, at)]


def test_a_problem_reads_as_in_slack_s_answers() -> None:
    assert str(Problem("must be a boolean", "/blocks/0/x")) == "must be a boolean [json-pointer:/blocks/0/x]"


CASES: list[tuple[Check, list[Any], list[Any], str]] = [
    (string(3), ["a", "abc", "\u00e9\u00e9\u00e9"], [None, 1, ["a"], {}, b"a"], "must provide a string"),
    (string(3), [], ["abcd"], "must be less than 4 characters"),
    (string(3, 2), ["ab"], ["a", ""], "must be more than 1 characters"),
    (string(3, 0), [""], ["abcd"], "must be less than 4 characters"),
    (matching("[a-z]{2}", "two letters"), ["ab"], ["abc", "a", " ab", "ab\n", 12, None], "must be two letters"),
    (
        url(20, "http", "https"),
        ["http://x", "https:y"],
        ["x", "ftp://x", "http://a b"],
        "must be a valid URL (http or https)",
    ),
    (url(20), ["slack://x", "a+b-c.1:x"], ["//x", "1a:x", ":x", "http:"], "must be a valid URL"),
    (url(5), ["a:b"], ["a:bcde"], "must be less than 6 characters"),
    (boolean, [True, False], [0, 1, "true", None], "must be a boolean"),
    (integer(2, 4), [2, 3, 4], [True, 3.0, "3", None], "must provide an integer"),
    (integer(2, 4), [], [5], "must be less than 4"),
    (integer(2, 4), [], [1, -3], "must be greater than 2"),
    (one_of("a", "b"), ["a", "b"], ["c", "", "ab", None, 1, ["a"]], "must be a valid enum value"),
    (number, [1, -1.5, 0], [True, "1", None], "must provide a number"),
    (nullable(boolean), [None, True], ["x"], "must be a boolean"),
    (
        day,
        ["2026-02-28", "2024-02-29"],
        ["2026-02-29", "20260228", "2026-W09-1", "2026-2-1", "", None, 1],
        "must be a date in the form YYYY-MM-DD",
    ),
    (time_of_day, ["00:00", "23:59"], ["24:00", "9:00", "12:60", "12:00:00", None], "must be a time in the form HH:mm"),
    (moment, [1_000_000_000, 9_999_999_999], ["1800000000", 1.8e9], "must provide an integer"),
    (anything, [None, 1, "", [], {}], [], ""),
    (exactly_one("a", "b"), [{"a": 1}, {"b": None, "c": 1}], [{}, {"c": 1}], "missing required field: a"),
    (exactly_one("a", "b"), [], [{"a": 1, "b": 2}], "only one of a and b is allowed"),
    (array(boolean, 2), [[True], [True, False]], [None, "ab", {"0": True}, (True,)], "must provide an array"),
    (array(boolean, 2), [], [[True] * 3, ["x"] * 3], "no more than 2 items allowed"),
    (array(boolean, 3, 2), [[True] * 2], [[], [True]], "must provide at least 2 items"),
    (shape({}), [{}], [None, [], "x"], "must provide an object"),
    (by_type({"a": anything}), [{"type": "a"}], [None, [], "a"], "must provide an object"),
    (by_type({"a": anything}), [], [{}, {"type": None}], "missing required field: type"),
]


@pytest.mark.parametrize(("check", "taken", "refused", "problem"), CASES)
def test_what_is_taken_and_what_is_said_of_the_rest(
    check: Check, taken: list[Any], refused: list[Any], problem: str
) -> None:
    for value in taken:
        assert told(check, value) == []
    for value in refused:
        assert told(check, value) == [f"{problem} [/at]"], value


@given(st.dates())
def test_every_day_of_the_calendar_is_a_day(any_day: date) -> None:
    assert told(day, any_day.isoformat()) == []


@given(st.integers(), st.integers(), st.integers())
def test_bounds_are_within(low: int, high: int, value: int) -> None:
    assert (told(integer(low, high), value) == []) == (low <= value <= high)


# --- what is made of others --------------------------------------------------------------------------------------


def test_items_are_told_by_their_place() -> None:
    assert told(array(boolean, 3), [True, 1, "x"]) == ["must be a boolean [/at/1]", "must be a boolean [/at/2]"]
    assert told(array(array(boolean, 3), 3), [[True], [1]]) == ["must be a boolean [/at/1/0]"]


PERSON = shape({"name": string(5), "of_age": boolean}, {"note": string(5)})


@pytest.mark.parametrize(
    ("value", "problems"),
    [
        ({"name": "a", "of_age": True}, []),
        ({"name": "a", "of_age": True, "note": "x"}, []),
        ({"note": 1, "x": 1}, ["missing required field: name [/at]", "missing required field: of_age [/at]"]),
        ({"name": None, "of_age": True}, ["must provide a string [/at/name]"]),
        ({"name": "a", "of_age": True, "note": None}, ["must provide a string [/at/note]"]),
        (
            {"x": 1, "name": 1, "of_age": 1, "y": 1},
            [
                "must provide a string [/at/name]",
                "must be a boolean [/at/of_age]",
                "invalid additional property: x [/at]",
                "invalid additional property: y [/at]",
            ],
        ),
    ],
)
def test_an_object_has_its_fields_and_no_others(value: Any, problems: list[str]) -> None:
    """What is missing is all that is told, what is unknown is told last, and null is a value."""
    assert told(PERSON, value) == problems


def test_a_field_that_is_required_is_checked_as_such() -> None:
    assert told(shape({"a": boolean}, {"a": anything}), {"a": 1}) == ["must be a boolean [/at/a]"]


def test_the_type_says_which_check() -> None:
    kinds = by_type({"a": shape({"type": anything, "x": boolean}), "b": anything})
    assert told(kinds, {"type": "a", "x": 1}) == ["must be a boolean [/at/x]"]
    assert told(kinds, {"type": "b", "x": 1}) == []
    assert told(kinds, {"type": "c"}) == ["unsupported type: c [/at/type]"]
    assert told(kinds, {"type": ["a"]}) == ["unsupported type: ['a'] [/at/type]"]


def test_schemas_say_first_that_one_failed() -> None:
    assert told(schemas(boolean), True) == []
    assert told(schemas(boolean), 1) == ["failed to match all allowed schemas [/at]", "must be a boolean [/at]"]


def test_a_later_check_relies_on_the_earlier_ones() -> None:
    def reads_x(value: Any, at: str) -> Iterator[Problem]:
        if value["x"]:
            yield Problem("x is true", at)

    check = both(shape({"x": boolean}), reads_x)
    assert told(check, {}) == ["missing required field: x [/at]"]
    assert told(check, {"x": True}) == ["x is true [/at]"]
    assert told(check, {"x": False}) == []


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "a", "x"]), inner, max_size=3),
    max_leaves=8,
)
INNER = shape({"type": anything}, {"a": array(string(3), 2, 0), "x": nullable(url(9))})


@given(values)
def test_any_json_is_taken_or_told_of_at_a_place_that_is_there(value: Any) -> None:
    for problem in by_type({"a": INNER, "x": schemas(INNER)})(value, ""):
        place = value
        for step in problem.pointer.split("/")[1:]:
            place = place[int(step)] if isinstance(place, list) else place[step]
        assert json.dumps(place) is not None
