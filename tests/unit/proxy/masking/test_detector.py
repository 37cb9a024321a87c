"""What a detector leaves unsaid is looked for nowhere else: its parts do nothing until they are given."""

from collections.abc import Iterator
from dataclasses import FrozenInstanceError, fields

import pytest
import re2

from access.policy.entities import Entity
from proxy.masking.detector import Detector
from proxy.masking.edits import CELL_BORDER, Edit, re2_options
from proxy.masking.hints import hint_set
from proxy.masking.holdback import Holdback
from proxy.masking.registry import DETECTORS

#: Bytes before what is looked for, none of which may be given back as a find.
BEFORE = b"a word before; "


def nothing(_data: bytes, _start: int, _shown: int, _replacement: bytes | None) -> Iterator[Edit]:
    yield from ()


BARE = Detector(Entity.SSN, nothing, hint="never")


def test_a_bare_detector_holds_nothing_but_a_word() -> None:
    bare, none = Holdback([BARE]), Holdback([])
    for data in (b"pay 4111 1111", b"cvv: ", b"words and ", b"-----BEGIN ", b"x\x1b[3"):
        assert bare.open_from(data, 0) == none.open_from(data, 0)
        assert bare.waiting_from(data, 0) == len(data)
    assert BARE.goes_on is None
    assert not BARE.reads_escapes


def test_a_detector_is_never_changed() -> None:
    for field in fields(BARE):
        with pytest.raises(FrozenInstanceError):
            setattr(BARE, field.name, None)


@pytest.mark.parametrize("detector", DETECTORS.values(), ids=DETECTORS)
def test_patterns_over_bytes_compile_without_groups(detector: Detector) -> None:
    plain = re2.Options()
    plain.encoding = re2.Options.Encoding.LATIN1
    plain.max_mem = re2_options().max_mem
    for pattern in (detector.unfinished, detector.waits, *detector.labels):
        assert re2.compile(pattern.encode("latin-1"), plain).groups == 0


# --- what a finder promises, of every one ------------------------------------------------------------------------


def test_a_finder_gives_edits_in_order_and_within_bounds(hit: dict[str, str]) -> None:
    """And of its own kind, where its hint is; `replacement` stands in place of the entity's own form."""
    detector = DETECTORS[Entity(hit["entity"])]
    data = hit["text"].encode()
    found = list(detector.find(data, 0, 4, b"#"))
    if not found:
        assert b"\x1b" in data, "only what escape sequences are in may need the normalised view"
        return
    assert found == sorted(found)
    assert all(0 <= edit.start < edit.end <= len(data) for edit in found)
    assert {edit.kind for edit in found} == {hit["entity"]}
    assert {edit.replacement for edit in found} == {b"#"}
    assert hint_set([detector])(data)[0] == [0]


def test_what_begins_before_start_is_context_only(hit: dict[str, str]) -> None:
    detector = DETECTORS[Entity(hit["entity"])]
    data = hit["text"].encode()
    for start in range(len(data) + 1):
        assert all(edit.start >= start for edit in detector.find(data, start, 4, None))


def test_a_finder_never_reads_across_a_cell_border(hit: dict[str, str]) -> None:
    """What is found in a cell is found there whatever stands in the cells beside it."""
    detector = DETECTORS[Entity(hit["entity"])]
    cell = hit["text"].encode()
    if CELL_BORDER in cell:
        return
    alone = list(detector.find(cell, 0, 4, None))
    for before, after in ((BEFORE, b" 4111"), (b"4111", b"@example.com"), (b"card cvv: ", b"1")):
        low = len(before) + len(CELL_BORDER)
        row = CELL_BORDER.join((before, cell, after))
        found = [edit for edit in detector.find(row, 0, 4, None) if low <= edit.start < low + len(cell)]
        assert [edit._replace(start=edit.start - low, end=edit.end - low) for edit in found] == alone


@pytest.mark.parametrize("detector", DETECTORS.values(), ids=DETECTORS)
def test_bytes_that_are_no_utf_8_are_never_found(detector: Detector) -> None:
    for data in (bytes(range(0x80, 0x100)), b"\xff\xfe\xc3", b"\xe2\x80", b"\xf0\x9f\x98"):
        assert list(detector.find(data, 0, 4, None)) == []
