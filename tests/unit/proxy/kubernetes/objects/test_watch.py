"""Events of a watch, one by one."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.kubernetes.objects import watch as module
from proxy.kubernetes.objects.object_masker import ObjectMasker
from proxy.kubernetes.objects.unreadable import Unreadable
from proxy.kubernetes.objects.watch import Watch
from support.kubernetes.maskers import HIDDEN, MASKED_PAN, PAN, masker
from support.kubernetes.pods import as_go

_SECRET = as_go({"type": "ADDED", "object": {"kind": "Secret", "data": {"a": "eA=="}}})
_HIDDEN = as_go({"type": "ADDED", "object": {"kind": "Secret", "data": {"a": HIDDEN}}})
_BOOKMARK = as_go({"type": "BOOKMARK", "object": {"kind": "Pod", "metadata": {"resourceVersion": "7"}}})
_ERROR = as_go({"type": "ERROR", "object": {"kind": "Status", "message": f"gone {PAN}", "code": 410}})


def watch() -> Watch:
    return Watch(ObjectMasker(masker()))


def test_events_go_at_once() -> None:
    ours = watch()
    assert ours.feed(_SECRET[:10]) == b""
    assert ours.feed(_SECRET[10:] + _BOOKMARK) == _HIDDEN + _BOOKMARK
    assert ours.feed(_ERROR) == _ERROR.replace(PAN.encode(), MASKED_PAN.encode())
    assert ours.finish() == b""


def test_the_last_event_needs_no_newline() -> None:
    ours = watch()
    assert ours.feed(_SECRET.rstrip()) == b""
    assert ours.finish() == _HIDDEN.rstrip()


def test_events_over_several_lines_go_at_once() -> None:
    pretty = json.dumps(json.loads(_BOOKMARK), indent=2).encode() + b"\n"
    assert watch().feed(pretty + b"\n" + pretty) == pretty + b"\n" + pretty


def test_columns_are_those_of_the_first_table() -> None:
    def table(columns: object, cell: str) -> bytes:
        rows = [{"cells": ["a", cell]}]
        return as_go({"type": "ADDED", "object": {"kind": "Table", "columnDefinitions": columns, "rows": rows}})

    ours = watch()
    columns = [{"name": "Name"}, {"name": "CVV"}]
    assert ours.feed(table(columns, "x")) == table(columns, "***")
    assert ours.feed(table(None, "y")) == table(None, "***")


@pytest.mark.parametrize("data", [b'{"a":', b'{"a":\n', b"\xff\n", b'{"a":NaN}\n', b"{}]\n"])
def test_what_cannot_be_looked_at(data: bytes) -> None:
    ours = watch()
    with pytest.raises(Unreadable):
        ours.feed(data)
        ours.finish()


def test_an_event_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_EVENT", 64)
    ours = watch()
    with pytest.raises(Unreadable):
        for _ in range(9):
            ours.feed(b'"0123456789",')


@given(st.lists(st.sampled_from([_SECRET, _BOOKMARK, _ERROR]), max_size=5), st.integers(1, 50))
def test_the_cuts_do_not_matter(events: list[bytes], size: int) -> None:
    data = b"".join(events)
    ours = watch()
    out = b"".join(ours.feed(data[at : at + size]) for at in range(0, len(data), size)) + ours.finish()
    assert out == watch().feed(data)
