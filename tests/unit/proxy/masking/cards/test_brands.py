"""The prefixes and lengths of card numbers, and how often something else is taken for one."""

import random
import uuid
from collections.abc import Callable

import pytest

from access.policy.entities import Entity
from proxy.masking.cards.brands import BRANDS, is_article_number, is_pan, luhn
from proxy.masking.rules import Masker, MaskingRule

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

SAMPLES = 50_000

Generator = Callable[[random.Random], str]


def digits_of(count: int) -> Generator:
    return lambda source: "".join(source.choices("0123456789", k=count))


def between(low: int, high: int) -> Generator:
    return lambda source: str(source.randrange(low, high))


def snowflake(epoch_ms: int) -> Generator:
    """Ids of 2020 to 2026; `epoch_ms` is where the network's clock begins."""
    return lambda source: str(
        (source.randrange(1_577_836_800_000, 1_798_761_600_000) - epoch_ms) << 22 | source.getrandbits(22)
    )


def ean_13(source: random.Random) -> str:
    prefix = source.choice(["400", "440", "45", "49", "50", "57", "590", "600", "64", "690", "30", "37", "54", "87"])
    digits = prefix + "".join(source.choices("0123456789", k=12 - len(prefix)))
    return digits + str(-sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits)) % 10)


def row_of(count: int, form: Callable[[random.Random], str]) -> Generator:
    return lambda source: " ".join(form(source) for _ in range(count))


#: Share of lines with a false alarm, in percent, at most. Luhn alone would be 10 for every number.
RATES: dict[str, tuple[Generator, float]] = {
    "16 random digits": (digits_of(16), 3.55),
    "12 random digits": (digits_of(12), 0.05),
    "13 random digits": (digits_of(13), 1.1),
    "15 random digits": (digits_of(15), 0.4),
    "19 random digits": (digits_of(19), 1.9),
    "time in ms, 2010 to 2040": (between(1_262_304_000_000, 2_208_988_800_000), 0.0),
    "time in us, 2010 to 2035": (between(1_262_304_000_000_000, 2_051_222_400_000_000), 0.0),
    "time in ns, 2010 to 2035": (between(1_262_304_000_000_000_000, 2_051_222_400_000_000_000), 0.0),
    "snowflake (Twitter)": (snowflake(1_288_834_974_657), 0.03),
    "snowflake (Discord)": (snowflake(1_420_070_400_000), 0.03),
    "EAN-13": (ean_13, 0.0),
    "UUID": (lambda source: str(uuid.UUID(int=source.getrandbits(128), version=4)), 0.03),
    "SHA-256": (lambda source: f"{source.getrandbits(256):064x}", 0.01),
    "float": (lambda source: repr(source.random() * source.choice([1, 10, 100])), 0.0),
    "row of integers": (row_of(8, lambda source: str(source.randrange(10 ** source.randrange(1, 7)))), 0.1),
    "row of decimals": (row_of(8, lambda source: f"{source.random() * 100:.2f}"), 0.0),
    "network address": (lambda source: ".".join(str(source.randrange(256)) for _ in range(4)), 0.0),
    "compact time": (between(20_000_101_000_000_000, 20_351_231_235_959_999), 0.0),
}


@pytest.mark.parametrize("kind", RATES)
def test_false_alarms(kind: str) -> None:
    generate, at_most = RATES[kind]
    source = random.Random(7)
    masker = Masker([MaskingRule("cards", Entity.PAN)])
    masker.text("\n".join(generate(source) for _ in range(SAMPLES)))
    assert 100 * masker.counts.get("pan", 0) / SAMPLES <= at_most
