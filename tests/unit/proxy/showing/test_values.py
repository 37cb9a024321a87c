"""Literals by their class: what is hidden, what is shown, and what nobody can forge."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.showing.values import (
    MARKS,
    is_sensitive,
    is_sensitive_name,
    is_split_card,
    masked,
    plain,
    quoted,
    shown_number,
    shown_string,
    unmarked,
)


@pytest.mark.parametrize(
    ("length", "shown"),
    [
        (0, "''"),
        (1, "‹text ≤8›"),
        (8, "‹text ≤8›"),
        (9, "‹text ≤16›"),
        (64, "‹text ≤64›"),
        (1_024, "‹text ≤1024›"),
        (1_299, "‹text ~1200›"),
        (34_567, "‹text ~34000›"),
    ],
)
def test_a_text_says_its_length_roughly(length: int, shown: str) -> None:
    assert shown_string("é" * length) == shown


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("5", "5"),
        ("12345678", "12345678"),
        ("123456789", "‹number, 9 digits›"),
        ("1234567.89", "‹number, 9 digits›"),
        ("0x1F", "0x1F"),
        ("1e3", "1e3"),
        ("4_111_111_111", "‹number, 10 digits›"),
    ],
)
def test_a_short_number_is_shown(source: str, shown: str) -> None:
    assert shown_number(source) == shown


def test_a_hidden_number_says_how_many_digits_it_has() -> None:
    assert shown_number("923", hides=True) == "‹number, 3 digits›"
    assert shown_number("5", hides=True) == "‹number, 1 digit›"


@given(st.text())
def test_nothing_typed_looks_like_a_mark(value: str) -> None:
    assert not MARKS.search(plain(value))
    assert not MARKS.search(unmarked(value))


def test_two_names_are_never_shown_alike() -> None:
    assert plain("a\u200bb") == "a\\u200bb"
    assert plain("a\\u200bb") == "a\\\\u200bb"
    assert quoted("it's") == "'it''s'"


@pytest.mark.finding("H6")
@pytest.mark.parametrize("name", ["audit_2026112801", "audit_#1", "orders_20261128123456", "p2024_01_01_2024_02_01"])
def test_dates_and_numbers_in_names_are_no_card_numbers(name: str) -> None:
    assert not is_sensitive_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "4111111111111111",
        "t4111111111111111",
        "t_94111111111111111",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "alice@example.com",
        "AKIAIOSFODNN7EXAMPLE",
        "9" * 60,
    ],
)
def test_cards_addresses_and_keys_are_no_names(name: str) -> None:
    assert is_sensitive_name(name)


def test_a_path_with_a_password_is_sensitive() -> None:
    assert is_sensitive("postgres://a:hunter2@db/x")
    assert not is_sensitive("/var/lib/x.csv")


def test_a_card_number_in_pieces_is_found() -> None:
    assert is_split_card(["7", "4111", "1111", "1111", "1111"])
    assert is_split_card(["41111111", "11111111"])
    assert is_split_card(["4111_1111", "1111_1111"])
    assert is_split_card(["4111.1111", "1111.1111"])
    assert not is_split_card(["4111", "1111", "1111", "1112"])
    assert not is_split_card(["1", "2", "3"])


def test_a_text_is_masked_as_a_whole() -> None:
    assert masked(text := "select a from t") is text
    assert "923" not in masked("where cvv = 923")
