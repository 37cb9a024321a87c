"""Every evasion that was ever found stays found, whole and in pieces, and every false alarm stays silent."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from access.policy.entities import Entity
from proxy.masking.holdback import Holdback
from proxy.masking.registry import DETECTORS
from proxy.masking.rules import DEFAULT_RULES, Masker, MaskingRule
from proxy.masking.stream import StreamMasker

EVERYTHING = tuple(MaskingRule(entity.value, entity) for entity in Entity)

Case = dict[str, str]
MaskerFor = Callable[[Case], Masker]


def test_a_detector_is_listed_under_its_entity() -> None:
    for entity, detector in DETECTORS.items():
        assert detector.entity is entity


@pytest.mark.parametrize("entity", Entity)
def test_a_detector_has_hits_and_misses_in_the_corpus(entity: Entity, corpus: list[Case]) -> None:
    lines = [case for case in corpus if case["entity"] == entity]
    assert any(case["masked"] != case["text"] for case in lines), "add a line to corpus/hits.jsonl"
    assert any(case["masked"] == case["text"] for case in lines), "add a line to corpus/misses.jsonl"


def test_a_line_cut_anywhere_is_masked_as_in_one_piece(hit: Case, masker_for: MaskerFor) -> None:
    """What may stand at a cut and is not held back leaves before it is known for what it is."""
    data, masked = hit["text"].encode(), hit["masked"].encode()
    for cut in range(len(data) + 1):
        masker = masker_for(hit)
        masking = StreamMasker(masker)
        out = masking.feed(data[:cut]) + masking.feed(data[cut:]) + masking.flush(final=True)
        assert out == masked, cut
        assert masker.counts.get(hit["entity"], 0) >= 1


@pytest.mark.parametrize("entity", [entity for entity, detector in DETECTORS.items() if detector.unfinished])
def test_the_corpus_has_what_a_detector_says_may_stand_unfinished(entity: Entity, corpus: list[Case]) -> None:
    detector = DETECTORS[entity]
    whole, forgetful = Holdback([detector]), Holdback([replace(detector, unfinished="")])
    texts = [case["text"].encode() for case in corpus if case["entity"] == entity]
    cuts = [text[:cut] for text in texts for cut in range(len(text))]
    assert any(whole.open_from(cut, 0) < forgetful.open_from(cut, 0) for cut in cuts)


def test_hit(hit: Case, masker_for: MaskerFor) -> None:
    masker = masker_for(hit)
    assert masker.text(hit["text"]) == hit["masked"]
    assert masker.counts.get(hit["entity"], 0) >= 1


def test_hit_in_the_middle_of_a_sentence(hit: Case, masker_for: MaskerFor) -> None:
    if hit["name"] != "pem_cut_off":
        assert masker_for(hit).text(f"see: {hit['text']} !\n") == f"see: {hit['masked']} !\n"


def test_miss(miss: Case, masker_for: MaskerFor) -> None:
    masker = masker_for(miss)
    assert masker.text(miss["text"]) is miss["text"]
    assert masker.counts == {}


def test_masking_what_is_masked_changes_and_counts_nothing(hit: Case, masker_for: MaskerFor) -> None:
    masker = masker_for(hit)
    assert masker.text(hit["masked"]) is hit["masked"]
    assert masker.counts == {}


def test_the_masked_form_shows_at_most_four_digits_of_a_card(hit: Case) -> None:
    if hit["entity"] == "pan" and "17" not in hit["text"]:
        hidden = sum(star == "*" for star in hit["masked"])
        assert hidden >= 8


def test_cells_say_what_text_says(corpus: list[Case]) -> None:
    texts = [case["text"] for case in corpus]
    assert Masker(DEFAULT_RULES).cells([text.encode() for text in texts]) == [
        Masker(DEFAULT_RULES).text(text).encode() for text in texts
    ]


WORDS = (
    "4111 1111 4111111111111111 11111111 cvv 123 : card 4006381333931 alice @example.com MIIB -----END ://"
    " app: s3cret@db password= 'x \x1b] é DE89370400440532013000 +442079460958 123-45-6789 - ."
)


words = st.sampled_from([*WORDS.split(" "), " ", "\x1f", "-----BEGIN PRIVATE KEY-----"])
cells = st.lists(st.none() | st.lists(words, max_size=4).map(lambda parts: "".join(parts).encode()), max_size=8)


@settings(max_examples=250, deadline=None, derandomize=True)
@given(cells)
def test_nothing_is_found_across_cells(row: list[bytes | None]) -> None:
    together, apart = Masker(EVERYTHING), Masker(EVERYTHING)
    assert together.cells(row) == [None if cell is None else apart.bytes(cell) for cell in row]
    assert together.counts == apart.counts


#: Nothing stands right behind an address: what is glued to it hides it until that is masked. For the same reason only
#: the built-in rules are used: "password=***" hides more than "password=DE****************3000" would show.
apart = words.map(lambda word: word.replace("@example.com", "@example.com "))


@settings(max_examples=250, deadline=None, derandomize=True)
@given(st.lists(apart | st.text(max_size=3), max_size=12).map("".join))
def test_masking_twice_is_masking_once(text: str) -> None:
    once = Masker(DEFAULT_RULES).text(text)
    assert Masker(DEFAULT_RULES).text(once) == once


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.binary(max_size=200))
def test_any_bytes_survive(data: bytes) -> None:
    masker = Masker(EVERYTHING)
    masked = masker.bytes(data)
    assert masked is data or masker.counts
