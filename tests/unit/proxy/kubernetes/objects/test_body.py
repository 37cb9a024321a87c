"""A body, however it is cut."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.kubernetes.objects import body as module
from proxy.kubernetes.objects.body import Body
from proxy.kubernetes.objects.object_masker import ObjectMasker
from proxy.kubernetes.objects.unreadable import Unreadable
from support.kubernetes.maskers import HIDDEN, MASKED_PAN, PAN, masker, through_body
from support.kubernetes.pods import as_go, pod_list


@pytest.mark.parametrize("size", [1000, 16384, 100_000, 1 << 30])
def test_pods_in_which_there_is_nothing_go_as_they_came(size: int) -> None:
    data = pod_list(40)
    assert through_body(data, size) == data
    pretty = json.dumps(json.loads(data), indent=2).encode()
    assert through_body(pretty, size) == pretty


@pytest.mark.parametrize("size", [1000, 16384, 1 << 30])
def test_one_pod_of_many_is_masked(size: int) -> None:
    listed = json.loads(pod_list(30))
    listed["items"][17]["spec"]["containers"][0]["args"].append(f"--card={PAN}")
    data = as_go(listed)
    assert through_body(data, size) == data.replace(PAN.encode(), MASKED_PAN.encode())


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"kind": "SecretList", "apiVersion": "v1", "metadata": {}, "items": [{"data": {"a": "eA=="}}] * 3},
         {"kind": "SecretList", "apiVersion": "v1", "metadata": {}, "items": [{"data": {"a": HIDDEN}}] * 3}),
        ({"kind": "Table", "columnDefinitions": [{"name": "CVV"}], "rows": [{"cells": ["x"]}, {"cells": ["y"]}]},
         {"kind": "Table", "columnDefinitions": [{"name": "CVV"}], "rows": [{"cells": ["***"]}, {"cells": ["***"]}]}),
        ({"apiVersion": "v1", "items": [{"data": {"a": "eA=="}}], "kind": "SecretList"},
         {"apiVersion": "v1", "items": [{"data": {"a": HIDDEN}}], "kind": "SecretList"}),
        ({"kind": "PodList", "metadata": {"x": PAN}, "items": []},
         {"kind": "PodList", "metadata": {"x": MASKED_PAN}, "items": []}),
        ({"kind": "Secret", "data": {"a": "eA=="}}, {"kind": "Secret", "data": {"a": HIDDEN}}),
        ({"kind": "Status", "message": PAN}, {"kind": "Status", "message": MASKED_PAN}),
        ({"kind": "APIVersions", "versions": ["v1"]}, {"kind": "APIVersions", "versions": ["v1"]}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("size", [1, 7, 1 << 30])
def test_answers_of_all_kinds(value: Any, shown: Any, size: int) -> None:
    assert through_body(as_go(value), size) == as_go(shown)


@pytest.mark.parametrize("data", [b"", b"\n", b'"ok"', b"12\n"])
def test_what_is_no_object(data: bytes) -> None:
    assert through_body(data) == data


@pytest.mark.parametrize(
    "data",
    [
        b"\xff",
        b'{"a":"\xc3',
        b'{"a":"' + PAN.encode(),
        b'{"kind":"PodList","items":[{"a":1}',
        b'{"kind":"PodList","items":[{"a":1} {"a":2}]}',
        b'{"kind":"PodList","items":[{"a":1},]}',
        b'{"kind":"PodList","items":[{"a":1}]',
        b'{"kind":"PodList","ite',
        b'{"apiVersion":"v1","items":[{}],"kind":"Secret"}',
        b'{"data":{"a":1,"a":2}}',
        b'{"a":NaN}',
        b'{"a":"\\ud800"}',
    ],
)
@pytest.mark.parametrize("size", [1, 1 << 30])
def test_what_cannot_be_looked_at(data: bytes, size: int) -> None:
    with pytest.raises(Unreadable):
        through_body(data, size)


def test_what_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_HELD", 100)
    with pytest.raises(Unreadable):
        through_body(b'{"a":"' + b"x" * 100, 10)


def test_a_step_does_a_bounded_piece() -> None:
    body = Body(ObjectMasker(masker()))
    data = pod_list(50)
    body.feed(data)
    assert body.waits
    first = [body.step() for _ in range(3)]
    assert all(len(each) < 3 * module.STEP for each in first)
    assert body.waits


def test_elements_go_before_all_are_there() -> None:
    body = Body(ObjectMasker(masker()))
    body.feed(pod_list(50)[:200_000])
    out = b""
    while body.waits:
        out += body.step()
    assert len(out) > 100_000
    assert body.step() == b""


_VALUES = st.recursive(
    st.sampled_from([PAN, "x", "},{", '"', "\\", "]", 7, None, "cvv", "é"]) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4) | st.just("a"), inner, max_size=3),
    max_leaves=10,
)


@settings(max_examples=200)
@given(st.lists(_VALUES, max_size=12), st.integers(1, 40), st.sampled_from([None, 1]))
def test_the_cuts_do_not_matter(items: list[Any], size: int, indent: Any) -> None:
    value = {"kind": "FooList", "items": items}
    data = json.dumps(value, indent=indent, ensure_ascii=False, separators=(",", ":")).encode()
    assert through_body(data, size) == through_body(data)
    whole = json.loads(ObjectMasker(masker()).mask(data.decode()))
    assert json.loads(through_body(data, size)) == whole
