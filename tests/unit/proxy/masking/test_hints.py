"""One look tells which detectors are worth running, and whether there are escape sequences."""

import pytest

from access.policy.entities import Entity
from proxy.masking.hints import hint_set
from proxy.masking.registry import DETECTORS

ORDER = list(DETECTORS)
look = hint_set(list(DETECTORS.values()))


def test_every_hit_has_its_detector_s_hint(hit: dict[str, str]) -> None:
    found = look(hit["text"].replace("\x1b[01;31m\x1b[K", "").replace("\x1b[m\x1b[K", "").encode())
    assert ORDER.index(Entity(hit["entity"])) in found.worth


def test_plain_words_are_worth_nothing() -> None:
    assert look(b"nothing to see here") == ([], False, False)


@pytest.mark.parametrize(
    ("text", "escaped"), [(b"al\x1b[1mice@", True), (b"\x1b[1m alice@", True), (b"alice@ \x1b[1", False)]
)
def test_escape_sequences_are_told(text: bytes, escaped: bool) -> None:
    assert look(text).common_hidden is escaped


def test_what_a_rare_word_asks_for_is_asked_for_no_other() -> None:
    """That it stands somewhere in the same bytes depends on where a stream is cut."""
    silent = b"alice@example.com\xc2\x9c "
    assert look(silent)[1:] == (False, False)
    assert look(silent + b"postgres://u:pw@h")[1:] == (False, True)
