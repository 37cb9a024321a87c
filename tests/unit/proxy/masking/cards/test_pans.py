"""How often something else is taken for a card number, and that nothing between its digits hides one."""

import random
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from access.policy.entities import Entity
from proxy.masking.cards import pans as module
from proxy.masking.cards.brands import luhn
from proxy.masking.cards.pans import luhn_sums, passes
from proxy.masking.rules import DEFAULT_RULES, Masker, MaskingRule

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
    "folder of Ansible's": (
        lambda source: (
            f"/tmp/ansible-tmp-{1_764_000_000 + source.random() * 1e7}-{source.randrange(4_000_000)}-"
            f"{source.randrange(2**48)}"
        ),
        0.0,
    ),
    "compact time": (between(20_000_101_000_000_000, 20_351_231_235_959_999), 0.0),
}


@pytest.mark.parametrize("kind", RATES)
def test_false_alarms(kind: str) -> None:
    generate, at_most = RATES[kind]
    source = random.Random(7)
    masker = Masker([MaskingRule("cards", Entity.PAN)])
    masker.text("\n".join(generate(source) for _ in range(SAMPLES)))
    assert 100 * masker.counts.get("pan", 0) / SAMPLES <= at_most


NOISE = [
    "\u200b",
    "\u00ad",
    "\u2060",
    "\ufe0f",
    "\u0301",
    "\x00",
    "\x07",
    "\x1b[31m",
    "\x1b[0;1m",
    "\x1b[K",
    "\x1b(B",
    "x\b",
]


SEPARATORS = [" ", "-", ".", "\u00a0", "_", "/", "+", "\u2009", "\u2013", " - ", "%20", "&nbsp;", "\r", " \r"]


CARDS = [
    "4111111111111111",
    "5555555555554444",
    "2223003122003222",
    "6011111111111117",
    "6200000000000005",
    "2200000000000004",
]


noises = st.lists(st.sampled_from(NOISE), max_size=2).map("".join)


@settings(max_examples=250, deadline=None, derandomize=True)
@given(
    st.sampled_from(CARDS),
    st.lists(noises, min_size=19, max_size=19),
    st.lists(st.sampled_from(SEPARATORS), min_size=3, max_size=3),
)
def test_no_noise_and_no_separator_hides_a_card(card: str, noise: list[str], separators: list[str]) -> None:
    pieces = list(card)
    for place, separator in zip((4, 9, 14), separators, strict=True):
        pieces.insert(place, separator)
    text = "".join(piece + between for piece, between in zip(pieces, noise, strict=True))
    masked = Masker(DEFAULT_RULES).text(f"card: {text};")
    hidden = sum(star == "*" for star in masked)
    assert hidden >= 12, masked


@given(st.binary(min_size=1, max_size=90), st.integers(0, 70), st.integers(1, 19))
def test_sums_of_a_run_pass_what_the_formula_passes(values: bytes, low: int, length: int) -> None:
    digits = bytes(0x30 + value % 10 for value in values)
    low = min(low, len(digits) - 1)
    high = min(len(digits), low + length)
    assert passes(luhn_sums(digits), low, high) == luhn(digits[low:high])


windows = st.tuples(st.integers(0, 60), st.integers(12, 19)).map(lambda at: (at[0], at[0] + at[1]))


@given(st.lists(windows).map(sorted), st.lists(windows).map(sorted))
def test_what_is_apart_shares_no_digit(found: list[tuple[int, int]], taken: list[tuple[int, int]]) -> None:
    assert list(module._apart(found, taken)) == [
        (low, high) for low, high in found if all(high <= begun or low >= ended for begun, ended in taken)
    ]


class Told(list[tuple[int, int]]):
    """Windows, and how often one of them was looked at."""

    looked = 0

    def __getitem__(self, index: Any) -> Any:
        self.looked += 1
        return super().__getitem__(index)


def test_many_numbers_beside_many_are_not_each_compared_with_each() -> None:
    taken = Told((at, at + 16) for at in range(0, 320_000, 32))
    apart = list(module._apart([(at + 16, at + 32) for at in range(0, 320_000, 32)], taken))
    assert len(apart) == len(taken)
    assert taken.looked <= 10_000 * 20


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("text", "cards"),
    [
        ("4111\u00ad111111111111 " + "4111111111111111 " * 20_000, 20_001),
        ("4111111111111111 0\b " * 20_000, 20_000),
        ("4111111111111111\x1b]x" * 20_000, 20_000),
    ],
)
def test_no_row_of_numbers_takes_the_square_of_its_length(text: str, cards: int) -> None:
    """Which is minutes for each of these."""
    masker = Masker(DEFAULT_RULES)
    masker.text(text)
    assert masker.counts == {"pan": cards}


def test_each_of_two_numbers_in_a_url_is_masked() -> None:
    text = "4111111111111111%204111111111111111"
    assert Masker(DEFAULT_RULES).text(text) == "************1111%20************1111"
