"""YAML as plain data with the place of every part; whatever a policy has no use for is a flaw, never an exception."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.policy.yaml_lines import MAX_DEPTH, MAX_PARTS, Plain, Position, read


def flaw_of(text: str) -> str:
    (flaw,) = read(text).flaws
    return f"{flaw.position.line if flaw.position else 0}: {flaw.message}"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("no", "no"),
        ("on", "on"),
        ("1:30", "1:30"),
        ("1.5", "1.5"),
        ("0x10", "0x10"),
        ("2026-11-22", "2026-11-22"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("-12", -12),
        ('"12"', "12"),
        ("'true'", "true"),
        ("9" * 19, "9" * 19),
    ],
)
def test_plain_words_are_what_yaml_1_2_says(text: str, plain: Plain) -> None:
    found = read(f"a: {text}").data
    assert found == {"a": plain}
    assert isinstance(found, dict)
    assert type(found["a"]) is type(plain)


def test_every_part_has_its_place() -> None:
    reading = read("a: 1\nb:\n  - x\n  - c: y\n")
    assert reading.data == {"a": 1, "b": ["x", {"c": "y"}]}
    assert reading.positions == {
        (): Position(1, 1),
        ("a",): Position(1, 1),
        ("b",): Position(2, 1),
        ("b", 0): Position(3, 5),
        ("b", 1): Position(4, 5),
        ("b", 1, "c"): Position(4, 5),
    }


def test_a_part_that_is_not_there_stands_where_the_part_around_it_does() -> None:
    reading = read("a:\n  b: 1\n")
    assert reading.position(("a", "c", 3)) == Position(1, 1)
    assert reading.position(("a", "b", "d")) == Position(2, 3)
    assert read("").position(("a",)) is None


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ("a: 1\na: 2\n", "2: a stands here twice, first in line 1"),
        ("a: !!python/name:os.system x", "1: has a YAML tag; tags mean nothing here"),
        ("a: {[b]: c}", "1: a key must be a plain word"),
        ("a:\n\tb: 1", "2: has a tab here: YAML is indented with spaces"),
        ("a: *b", "1: is no valid YAML: found undefined alias 'b'"),
        ("a: 1\nb: x\x07", "2: has a character that YAML does not allow"),
        ("a: &a [*a]", "1: contains itself through an alias"),
        ("[" * 50_000, f"1: is nested more than {MAX_DEPTH} deep"),
    ],
)
def test_a_flaw_has_its_line(text: str, flaw: str) -> None:
    assert flaw_of(text) == flaw


def test_depth_and_number_are_bounded_exactly() -> None:
    assert not read("[" * MAX_DEPTH + "]" * MAX_DEPTH).flaws
    assert read("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)).flaws
    assert not read("- x\n" * (MAX_PARTS - 1)).flaws
    assert "aliases followed" in flaw_of("- x\n" * MAX_PARTS)


@given(st.text(max_size=200))
def test_any_text_is_read_with_places_within_it(text: str) -> None:
    reading = read(text)
    lines = len(text.splitlines()) + 1
    places = [*reading.positions.values(), *(flaw.position for flaw in reading.flaws if flaw.position)]
    assert all(1 <= place.line <= lines and place.column >= 1 for place in places)
    assert all(flaw.message for flaw in reading.flaws)


@pytest.mark.parametrize(
    "code", ["\\0", "\\e", "\\x7f", "\\x9b", "\\ud800", "\\u202e", "\\u2066", "\\u200f", "\\u2028"]
)
@pytest.mark.parametrize("text", ['a: 1\nb: "x{}y"', 'a: 1\n"x{}y": b', 'a: 1\n\n"x{}y": 1'])
def test_a_character_that_nobody_sees_is_a_flaw_with_its_line(text: str, code: str) -> None:
    """Storage takes no NUL, a terminal obeys an escape, and a card shows turned text the other way round."""
    flawed = text.format(code)
    (flaw,) = read(flawed).flaws
    assert flaw.position is not None
    assert flaw.position.line == len(flawed.splitlines())
    assert "has a character that nobody sees, U+" in flaw.message


@pytest.mark.parametrize("text", ['"a\\tb\\nc"', '"é ü 漢 \\u00a0 👩‍💻 ❤️"', "|\n  two\n  lines\n"])
def test_other_characters_are_what_somebody_wrote(text: str) -> None:
    assert read(f"a: {text}").flaws == []
