"""What is masked in a document, and what its shape stays."""

import base64
import json
from typing import Any

import pytest

from proxy.kubernetes.objects.names import Names
from proxy.kubernetes.objects.places import ANYWHERE, Place
from proxy.kubernetes.objects.reading import read
from proxy.kubernetes.objects.unreadable import Unreadable
from proxy.kubernetes.objects.walk import Walk
from proxy.kubernetes.objects.writing import write
from proxy.masking.rules import Masker
from support.kubernetes.maskers import HIDDEN, MASKED_PAN, PAN, masker

_LAST = "kubectl.kubernetes.io/last-applied-configuration"
_DATA = {"password": "aHVudGVyMg==", "user": "YXBw"}
_MASKED = {"password": HIDDEN, "user": HIDDEN}
_SECRET = {"apiVersion": "v1", "kind": "Secret", "data": _DATA}
_HID = {"apiVersion": "v1", "kind": "Secret", "data": _MASKED}


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def masked(value: Any, place: Place = ANYWHERE, ours: Masker | None = None) -> Any:
    ours = ours or masker()
    document = read(json.dumps(value))
    changed = Walk(ours, Names(ours), document).mask(place)
    found = json.loads(write(document))
    assert changed == (found != value)
    return found


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (_SECRET, _HID),
        ({"kind": "Secret", "stringData": {"a": "x"}}, {"kind": "Secret", "stringData": {"a": "***"}}),
        ({"kind": "Secret", "data": None}, {"kind": "Secret", "data": None}),
        ({"kind": "Secret", "data": "x"}, {"kind": "Secret", "data": HIDDEN}),
        ({"kind": "SecretList", "items": [{"data": _DATA}]}, {"kind": "SecretList", "items": [{"data": _MASKED}]}),
        ({"kind": "List", "items": [_SECRET, {"data": _DATA}]}, {"kind": "List", "items": [_HID, {"data": _MASKED}]}),
        ({"type": "ADDED", "object": _SECRET}, {"type": "ADDED", "object": _HID}),
        ({"kind": "Table", "rows": [{"object": _SECRET}]}, {"kind": "Table", "rows": [{"object": _HID}]}),
        ({"kind": "Table", "rows": [{"object": {"data": _DATA}}]},
         {"kind": "Table", "rows": [{"object": {"data": _MASKED}}]}),
        ({"spec": {"manifest": {"raw": [{"deep": _SECRET}]}}}, {"spec": {"manifest": {"raw": [{"deep": _HID}]}}}),
    ],
)  # fmt: skip
def test_secrets_are_hidden_wherever_they_stand(value: Any, shown: Any) -> None:
    assert masked(value) == shown


def test_secrets_are_counted_apart() -> None:
    ours = masker()
    masked(_SECRET, ours=ours)
    assert ours.counts == {"secret": 2}


@pytest.mark.parametrize(
    ("applied", "shown"),
    [
        (json.dumps(_SECRET), json.dumps(_HID, separators=(",", ":"))),
        (json.dumps({"data": _DATA}) + "\n", json.dumps({"data": _MASKED}, separators=(",", ":")) + "\n"),
        ("{", "***"),
        ('{"data":{"a":"eA=="},"data":{}}', "***"),
    ],
)
def test_what_was_applied_last_of_a_secret(applied: str, shown: str) -> None:
    found = masked({"kind": "Secret", "metadata": {"annotations": {_LAST: applied}}})
    assert found["metadata"]["annotations"][_LAST] == shown


def test_copies_in_other_annotations() -> None:
    annotations = {
        "copy": json.dumps({"stringData": {"a": "x"}}),
        "objectset.rio.cattle.io/applied": "H4sI",
        "note": "x",
    }
    found = masked({"kind": "Secret", "metadata": {"annotations": annotations}})["metadata"]["annotations"]
    assert found == {"copy": '{"stringData":{"a":"***"}}', "objectset.rio.cattle.io/applied": "***", "note": "x"}


def test_what_was_applied_last_of_metadata_alone() -> None:
    metadata = {"annotations": {_LAST: json.dumps(_SECRET)}}
    found = masked({"kind": "PartialObjectMetadata", "metadata": metadata})
    assert json.loads(found["metadata"]["annotations"][_LAST]) == _HID


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"a": PAN}, {"a": MASKED_PAN}),
        ({"a": ["x", [f"paid {PAN} ok"]]}, {"a": ["x", [f"paid {MASKED_PAN} ok"]]}),
        (PAN, MASKED_PAN),
        ({"kind": "Status", "message": f"no {PAN}"}, {"kind": "Status", "message": f"no {MASKED_PAN}"}),
        ({"n": int(PAN), "m": 7, "t": True}, {"n": 0, "m": 7, "t": True}),
        ({"n": 4.111111111111111e15}, {"n": 0}),
        ({PAN: "x", "b": {PAN: 1}}, {MASKED_PAN: "x", "b": {MASKED_PAN: 1}}),
        ({"4111111111111111": 1, "4012888888881111": 2, "************1111": 3}, None),
        ({"data": {"cvv": "123", "x": "y"}}, {"data": {"cvv": "***", "x": "y"}}),
        ({"cvv": 123}, {"cvv": 0}),
        ({"cvv": [123, "9", None, {"a": "b"}]}, {"cvv": [0, "***", None, {"a": "***"}]}),
        ({"properties": {"cvv": {"type": "string"}}}, {"properties": {"cvv": {"type": "string"}}}),
        ({"env": [{"name": "CVV", "value": "x"}]}, {"env": [{"name": "CVV", "value": "***"}]}),
        ({"env": [{"value": "907", "name": "CARD_CVC"}]}, {"env": [{"value": "***", "name": "CARD_CVC"}]}),
        ({"name": "cvv"}, {"name": "cvv"}),
        ({"name": "AWS_SECRET_ACCESS_KEY", "value": "a1B2" * 10}, {"name": "AWS_SECRET_ACCESS_KEY", "value": "***"}),
        ({"data": {"a": _encoded(f"card {PAN}")}}, {"data": {"a": HIDDEN}}),
        ({"binaryData": {"a": _encoded(f"card {PAN}")}}, {"binaryData": {"a": HIDDEN}}),
        ({"binaryData": {"a": "/w=="}}, {"binaryData": {"a": "/w=="}}),
        ({_LAST: json.dumps({"a": int(PAN)})}, {_LAST: '{"a":0}'}),
        ({_LAST: '{ "a": 1 }'}, {_LAST: '{ "a": 1 }'}),
    ],
)
def test_everything_else_is_known_by_content_and_by_name(value: Any, shown: Any) -> None:
    found = masked(value)
    if shown is None:
        assert len(found) == len(value)
        assert PAN not in found
    else:
        assert found == shown


def test_cells_of_a_table_are_told_by_their_columns() -> None:
    table = {"kind": "Table", "columnDefinitions": [{"name": "Name"}, {"name": "CVV"}, {"name": "cvv2"}]}
    found = masked({**table, "rows": [{"cells": ["a", "b", 907, PAN]}]})
    assert found["rows"] == [{"cells": ["a", "***", 0, MASKED_PAN]}]


def test_numbers_are_counted() -> None:
    ours = masker()
    masked([int(PAN), PAN], ours=ours)
    assert ours.counts == {"pan": 2}


@pytest.mark.parametrize("text", ['["\\ud800"]', '{"\\udfff":1}'])
def test_half_a_pair_is_refused(text: str) -> None:
    ours = masker()
    with pytest.raises(Unreadable):
        Walk(ours, Names(ours), read(text)).mask()
