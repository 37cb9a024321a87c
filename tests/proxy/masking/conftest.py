"""What the masking tests share: a corpus that only grows, and made-up card numbers."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from proxy.masking.card_brands import is_pan

CORPUS = Path(__file__).parent / "corpus"


@dataclass(frozen=True)
class Case:
    """One line of the corpus; `masked` is the text itself where nothing may be found."""

    name: str
    text: str
    masked: str
    entity: str = ""


def _read(name: str) -> list[Case]:
    lines = (CORPUS / name).read_text(encoding="utf-8").splitlines()
    return [Case(**{"masked": case["text"], **case}) for case in map(json.loads, lines)]


HITS = _read("hits.jsonl")
MISSES = _read("misses.jsonl")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`hit` and `miss` stand for every line of the corpus."""
    for fixture, cases in (("hit", HITS), ("miss", MISSES)):
        if fixture in metafunc.fixturenames:
            metafunc.parametrize(fixture, cases, ids=[case.name for case in cases])


@pytest.fixture(scope="session")
def corpus() -> list[Case]:
    return HITS + MISSES


@pytest.fixture(scope="session")
def make_pan() -> Callable[[random.Random], str]:
    """A made-up number that is a plausible card number, from a seeded source."""

    def make(source: random.Random) -> str:
        while True:
            prefix, length = source.choice([("4", 16), ("51", 16), ("2221", 16), ("37", 15), ("36", 14), ("6011", 16)])
            number = prefix + "".join(source.choices("0123456789", k=length - len(prefix)))
            if is_pan(number.encode()):
                return number

    return make
