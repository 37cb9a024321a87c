"""What is called quiet, the walk leaves as it is."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.kubernetes.objects.names import Names
from proxy.kubernetes.objects.quiet import Quiet
from proxy.kubernetes.objects.reading import read
from proxy.kubernetes.objects.unreadable import Unreadable
from proxy.kubernetes.objects.walk import Walk
from support.kubernetes.maskers import PAN, masker
from support.kubernetes.pods import as_go, pod_list

_LAST = "kubectl.kubernetes.io/last-applied-configuration"


def depth(text: str) -> int | None:
    ours = masker()
    return Quiet(ours, Names(ours)).depth(text)


def test_pods_are_quiet() -> None:
    assert depth(pod_list(5).decode()) == 0


@pytest.mark.parametrize(
    ("text", "open_"),
    [
        ('{"a":"x\\"y\\\\","b":[":80",":",""],"c":":x","":1}', 0),
        ('{"a": "b", "c": [1, -2.5e+3, true, null, {":d": ":"}]}\n', 0),
        ('{"a":{"b":[', 3),
        ('{"a":"\\u003c\\n"}', 0),
        (json.dumps({_LAST: json.dumps({"a": 'x"y', _LAST: "{}"}) + "\n"}), 0),
    ],
)
def test_these_are_quiet(text: str, open_: int) -> None:
    assert depth(text) == open_


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"a": PAN}),
        json.dumps({"a": int(PAN)}),
        '{"a":4.111111111111111e15}',
        json.dumps({PAN: 1}),
        '{"a":"4111\\u00311111111111111"}',
        json.dumps({"kind": "Secret"}),
        json.dumps({"name": "Secret"}),
        json.dumps({"data": {}}),
        json.dumps({"cvv": 1}),
        json.dumps({"name": "CVV", "value": 1}),
        '{"name" : "CVV"}',
        '{"name":\n"CVV"}',
        json.dumps({_LAST: json.dumps({"kind": "Secret"})}),
        json.dumps({_LAST: json.dumps({"a": PAN})}),
        json.dumps({_LAST: "not JSON"}),
        '{"kubectl.kubernetes.io\\/last-applied-configuration":"x"}',
        '{"a":"\\ud800"}',
        '{"a":NaN}',
        '{"a":"b',
        '{"a":"\x02"}',
    ],
)
def test_these_are_not(text: str) -> None:
    assert depth(text) is None


_WORDS = st.sampled_from(
    ["name", "value", "cvv", "CVV", "Secret", "kind", "data", ":", ":x", ",", "", "[", "{", " ", "\\", '"', "\\\\n",
     "a", "907", PAN, int(PAN), 12, _LAST, "object", "items", "cells", "{}", '{"a":1}', '{"kind":"Secret"}', "<&>",
     "\n", "\x01", "\u2028", "\x1f", "card code", "properties", 4.2e15, "4111 1111 1111 1111"]
)  # fmt: skip
_TEXTS = _WORDS.map(str) | st.text(max_size=6)
_JSON = st.recursive(
    _WORDS | st.text(max_size=8) | st.none() | st.integers() | st.booleans(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(_TEXTS, inner, max_size=5)
    | st.dictionaries(st.just(_LAST), inner.map(json.dumps), max_size=1),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=400)
@given(
    st.lists(_JSON, min_size=1, max_size=3),
    st.sampled_from([None, 1, "\t"]),
    st.booleans(),
    st.sampled_from([":", ": ", " : "]),
)
def test_what_is_quiet_is_left_as_it_is(values: list[Any], indent: Any, ascii_: bool, colon: str) -> None:
    ours = masker()
    names = Names(ours)
    quiet = Quiet(ours, names)
    for value in values:
        text = json.dumps(value, indent=indent, ensure_ascii=ascii_, separators=(",", colon))
        for each in (text, as_go(value).decode()):
            if quiet.depth(each) is None:
                continue
            assert not Walk(ours, names, read(each)).mask(), each
    assert ours.counts == {}


@settings(max_examples=300)
@given(st.text(alphabet='{}[]":,\\ \n1a\x01\x03nul', max_size=40))
def test_any_text_is_looked_at(text: str) -> None:
    found = depth(text)
    try:
        read(text)
    except Unreadable:
        return
    assert found in (0, None)
