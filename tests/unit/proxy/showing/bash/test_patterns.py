"""Secrets inside one literal."""

import pytest

from proxy.showing.bash.changes import applied
from proxy.showing.bash.patterns import (
    is_opaque,
    secrets_in,
    secrets_in_unread,
    shapes_in,
    without_numbers,
)

KEY = "-----BEGIN PRIVATE KEY-----\n" + "A" * 64 + "\nQUJD\n-----END PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("password=a b;c", "password=*** b;c"),
        ('{"password": "a b", "x": 1}', '{"password": ***, "x": 1}'),
        ("user=bob&token=abc&x=1", "user=bob&token=***&x=1"),
        ("Authorization: Bearer abc, def", "Authorization: ***"),
        ("X-Api-Key: abc", "X-Api-Key: ***"),
        ("identified by 'abc'", "identified by ***"),
        ("pass:abc", "pass:***"),
        ("https://u:abc@h/", "https://u:***@h/"),
        ("password=$x", "password=$x"),
        ("del token:7", "del token:7"),
        (KEY, "***\n"),
    ],
)
def test_a_literal_that_is_data_is_hidden_by_its_labels(text: str, shown: str) -> None:
    assert applied(text, secrets_in(text, loose=False)).rstrip("*\n") == shown.rstrip("*\n")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("password=abc;rm x", "password=***;rm x"),
        ("PASSWORD= rm x", "PASSWORD= rm x"),
        ("password = abc", "password = ***"),
        ("token:\nrm x", "token:\nrm x"),
        ("Authorization: ; rm x", "Authorization: ; rm x"),
        ("Authorization: Bearer abc; rm x", "Authorization: Bearer ***; rm x"),
        ("token='rm x'", "token='rm x'"),
        ("token='abc' rm", "token=*** rm"),
        ("https://u:p;rm;@h", "https://u:p;rm;@h"),
        ("-----BEGIN PRIVATE KEY-----\nrm -rf /srv\n", "-----BEGIN PRIVATE KEY-----\nrm -rf /srv\n"),
        ("-----BEGIN PRIVATE KEY-----\nrm\n", "-----BEGIN PRIVATE KEY-----\nrm\n"),
    ],
)
def test_of_what_may_be_code_only_opaque_values_go(text: str, shown: str) -> None:
    assert applied(text, secrets_in(text, loose=True)) == shown


def test_a_real_key_goes_even_from_what_may_be_code() -> None:
    assert "AAAA" not in applied(KEY, secrets_in(KEY, loose=True))
    assert "AAAA" not in applied(KEY, shapes_in(KEY))


def test_tokens_with_their_issuers_mark_go() -> None:
    token = "glpat-" + "a1" * 10
    assert token not in applied(f"x {token}", secrets_in(f"x {token}", loose=True))


@pytest.mark.parametrize("text", ["abc", "a-b.c/d", "4111 1111", "x@y"])
def test_what_is_opaque(text: str) -> None:
    assert is_opaque(text)


@pytest.mark.parametrize("text", ["a b", "a;b", "a|b", "$x", "`a`", "a'b", "{a}", "a>b", "a\nb", "a\\b", ""])
def test_what_may_be_code(text: str) -> None:
    assert not is_opaque(text)


def test_a_line_that_could_not_be_read_hides_single_words() -> None:
    line = "x --password abc --token\nrm --secret $(rm) --api-key 'a b'"
    assert applied(line, secrets_in_unread(line)) == "x --password *** --token\nrm --secret $(rm) --api-key 'a b'"


def test_only_digits_of_card_numbers_go() -> None:
    assert without_numbers("kill 4111 1111-1111 1111; rm 12 é") == "kill **** ****-**** 1111; rm 12 é"
