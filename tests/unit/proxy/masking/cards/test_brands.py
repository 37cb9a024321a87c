"""The prefixes and lengths of card numbers, and how often something else is taken for one."""

import random

import pytest

from proxy.masking.cards.brands import BRANDS, is_article_number, is_pan, luhn

#: Numbers that the schemes and payment providers publish for testing.
TEST_CARDS = {
    "visa": ("4111111111111111", "4242424242424242", "4012888888881881", "4222222222222"),
    "mastercard": ("5555555555554444", "5105105105105100", "2223003122003222"),
    "american_express": ("378282246310005", "371449635398431"),
    "discover": ("6011111111111117", "6011000990139424"),
    "diners_club": ("30569309025904", "38520000023237", "36700102000000", "3056930009020004"),
    "jcb": ("3530111333300000", "3566002020360505"),
    "unionpay": ("6200000000000005",),
    "mir": ("2200000000000004", "2201382000000013"),
    "maestro": ("6759649826438453", "6799990100000000019", "586824160825533338", "5641821111166669"),
}


@pytest.mark.parametrize("number", [number for numbers in TEST_CARDS.values() for number in numbers])
def test_published_numbers_are_cards(number: str) -> None:
    assert is_pan(number.encode())
    assert not is_pan((number[:-1] + str((int(number[-1]) + 1) % 10)).encode())


def test_each_scheme_claims_its_own() -> None:
    for brand, numbers in TEST_CARDS.items():
        for number in numbers:
            fits = [low <= int(number[:4]) <= high and len(number) in lengths for low, high, lengths in BRANDS[brand]]
            assert any(fits), (brand, number)


def test_luhn_as_the_standard_words_it() -> None:
    source = random.Random(1)
    for _ in range(2000):
        digits = [source.randrange(10) for _ in range(source.randrange(1, 20))]
        doubled = [2 * digit for digit in digits[-2::-2]]
        total = sum(digits[-1::-2]) + sum(number // 10 + number % 10 for number in doubled)
        assert luhn("".join(map(str, digits)).encode()) == (total % 10 == 0)


def test_article_numbers() -> None:
    assert is_article_number(b"4006381333931")
    assert is_article_number(b"036000291452")
    assert not is_article_number(b"4006381333932")
    assert not is_article_number(b"4111111111111111")


# --- false alarms, measured --------------------------------------------------------------------------------------
