"""What the masking tests share: a corpus that only grows, and made-up card numbers.

A test that takes `hit` or `miss` runs once for each line of corpus/hits.jsonl or corpus/misses.jsonl.
"""

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from access.policy.entities import Entity
from proxy.masking.cards.brands import is_pan
from proxy.masking.rules import DEFAULT_RULES, Masker, MaskingRule
from proxy.masking.stream import StreamMasker

CORPUS = Path(__file__).parent / "corpus"


def read(name: str) -> list[dict[str, str]]:
    """Lines of the corpus: name, text, entity, and masked (the text itself where nothing may be found).

    entity: what is found in a hit, and what a miss could be taken for.
    """
    lines = (CORPUS / name).read_text(encoding="utf-8").splitlines()
    return [{"masked": case["text"], **case} for case in map(json.loads, lines)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for fixture, file in (("hit", "hits.jsonl"), ("miss", "misses.jsonl")):
        if fixture in metafunc.fixturenames:
            cases = read(file)
            metafunc.parametrize(fixture, cases, ids=[case["name"] for case in cases])


@pytest.fixture(scope="session")
def masker_for() -> Callable[[dict[str, str]], Masker]:
    """Makes a masker for a line: the built-in rules and, if none of them looks for its entity, one that does."""
    built_in = {rule.entity for rule in DEFAULT_RULES}

    def make(case: dict[str, str]) -> Masker:
        entity = Entity(case["entity"])
        return Masker(DEFAULT_RULES if entity in built_in else [*DEFAULT_RULES, MaskingRule("asked", entity)])

    return make


@pytest.fixture(scope="session")
def corpus() -> list[dict[str, str]]:
    return read("hits.jsonl") + read("misses.jsonl")


@pytest.fixture(scope="session")
def make_pan() -> Callable[[random.Random], str]:
    """Makes up a plausible card number from a seeded source."""

    def make(source: random.Random) -> str:
        while True:
            prefix, length = source.choice([("4", 16), ("51", 16), ("2221", 16), ("37", 15), ("36", 14), ("6011", 16)])
            number = prefix + "".join(source.choices("0123456789", k=length - len(prefix)))
            if is_pan(number.encode()):
                return number

    return make


@pytest.fixture(scope="session")
def typed() -> Callable[[bytes], bytes]:
    """What is shown of a text that comes byte by byte, with a flush after each."""

    def play(text: bytes) -> bytes:
        masking = StreamMasker(Masker(DEFAULT_RULES))
        shown = [masking.feed(text[at : at + 1]) + masking.flush() for at in range(len(text))]
        return b"".join(shown) + masking.flush(final=True)

    return play
