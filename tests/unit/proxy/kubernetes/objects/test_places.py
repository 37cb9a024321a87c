"""What a place says of what stands there."""

from typing import Any

import pytest

from proxy.kubernetes.objects.places import ANYWHERE, Place, columns_of


@pytest.mark.parametrize(
    ("place", "members", "kind"),
    [
        (Place("Pod"), {}, "Pod"),
        (Place("Pod"), {"kind": "Secret"}, "Secret"),
        (Place(""), {"data": {}}, "Secret"),
        (Place(""), {"stringData": {}}, "Secret"),
        (Place(""), {"spec": {}}, ""),
        (ANYWHERE, {"data": {}}, None),
        (Place("ConfigMap"), {"data": {}}, "ConfigMap"),
        (Place("Secret"), {"kind": 1}, "Secret"),
    ],
)
def test_the_kind_of_an_object(place: Place, members: dict[str, Any], kind: str | None) -> None:
    assert place.kind_of(members) == kind


@pytest.mark.parametrize(
    ("key", "kind", "below"),
    [
        ("items", "SecretList", Place("Secret")),
        ("items", "List", Place("")),
        ("items", None, ANYWHERE),
        ("object", None, Place("")),
        ("raw", None, Place("")),
        ("properties", None, Place(is_schema=True)),
        ("spec", "Pod", ANYWHERE),
    ],
)
def test_what_stands_below(key: str, kind: str | None, below: Place) -> None:
    assert ANYWHERE.below({}, key, kind, "") == below


def test_columns_go_to_the_cells_of_rows() -> None:
    table = {"columnDefinitions": [{"name": "Name"}, {"type": "x"}, 3]}
    assert columns_of(table) == ("Name", "", "")
    assert columns_of({}) == ()
    rows = ANYWHERE.below(table, "rows", "Table", "")
    assert rows.below({}, "cells", None, "").heads == ("Name", "", "")
