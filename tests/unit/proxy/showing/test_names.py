"""Names: as they were written, unless they hide something."""

import pytest

from proxy.showing.names import HIDDEN_NAME, ShownName, show_name


@pytest.mark.parametrize(
    ("source", "text", "name"),
    [
        ("Customers", "Customers", "customers"),
        ('"Old Cards"', '"Old Cards"', "Old Cards"),
        ('U&"d\\0061t"', '"dat"', "dat"),
        ("größe", "größe", "größe"),
        ('"a\nb"', '"a\\nb"', "a\\nb"),
        ('"a""\u202eb"', '"a""\\u202eb"', 'a"\\u202eb'),
    ],
)
def test_a_name_is_shown(source: str, text: str, name: str) -> None:
    assert show_name(source.encode()) == ShownName(text, name)


def test_a_value_in_a_names_place_is_hidden() -> None:
    hidden = show_name(b'"4111111111111111"')
    assert (hidden.text, hidden.name) == (HIDDEN_NAME, "")
    assert "cannot be shown" in hidden.unreviewable


@pytest.mark.parametrize(("size", "cut"), [(63, False), (64, True)])
def test_a_name_that_postgresql_cuts_says_so(size: int, cut: bool) -> None:
    assert ("63 bytes" in show_name(b"x" * size).unreviewable) == cut
