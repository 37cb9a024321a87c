"""What becomes of a group by the operations of a PATCH, in their order."""

from typing import Any
from uuid import UUID

import pytest

from access.identity.scim.protocol.memberships import GroupChange, patched
from access.identity.scim.protocol.problems import Problem

A, B, C = (UUID(int=number) for number in range(1, 4))


def member(*ids: UUID) -> list[dict[str, str]]:
    return [{"value": str(each)} for each in ids]


def change(*operations: dict[str, Any]) -> GroupChange:
    return patched({"Operations": list(operations)})


ADD = {"op": "add", "path": "members", "value": member(A, B)}
OUT = {"op": "remove", "path": f'members[value eq "{A}"]'}


def test_the_last_word_counts() -> None:
    assert change(ADD, OUT) == GroupChange(joins={B}, leaves={A})
    assert change(OUT, ADD) == GroupChange(joins={A, B})
    assert change(ADD, {"op": "remove", "path": "members"}, {"op": "add", "path": "members", "value": member(C)}) == (
        GroupChange(empties=True, joins={C})
    )
    assert change({"op": "replace", "path": "members", "value": member(C)}, OUT) == (
        GroupChange(empties=True, joins={C}, leaves={A})
    )


def test_several_at_once() -> None:
    path = f'members[value eq "{A}" or value eq "{B}"]'
    assert change({"op": "Remove", "path": path}) == GroupChange(leaves={A, B})
    assert change({"op": "Remove", "path": "members", "value": member(A, B)}) == GroupChange(leaves={A, B})


def test_names() -> None:
    by_path = [
        {"op": "replace", "path": "displayName", "value": "x"},
        {"op": "add", "path": "urn:ietf:params:scim:schemas:core:2.0:Group:externalId", "value": "y"},
    ]
    assert change(*by_path) == GroupChange(display_name="x", external_id="y")
    assert change({"op": "replace", "value": {"displayName": "x", "externalId": None, "id": "z", "other": 1}}) == (
        GroupChange(display_name="x", external_id="")
    )
    assert change({"op": "remove", "path": "externalId"}) == GroupChange(external_id="")


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove"},
        {"op": "remove", "path": "displayName"},
        {"op": "replace", "path": "displayName", "value": "x" * 600},
        {"op": "replace", "path": "displayName", "value": ["x"]},
        {"op": "replace", "path": "displayName", "value": ""},
        {"op": "replace", "value": "x"},
        {"op": "add", "path": "members"},
        {"op": "add", "path": "members", "value": ["x"]},
        {"op": "add", "path": "members", "value": [{"value": str(A), "type": "group"}]},
        {"op": "add", "path": "members", "value": [{"value": str(A), "$ref": "https://x.example/scim/v2/Groups/1"}]},
        {"op": "add", "path": f'members[value eq "{A}"]', "value": "x"},
        {"op": "remove", "path": f'members[value eq "{A}" and value eq "{B}"]'},
        {"op": "remove", "path": f'members[not (value eq "{A}")]'},
        {"op": "remove", "path": 'members[type eq "User"]'},
        {"op": "replace", "path": f'members[value eq "{A}"].display', "value": "x"},
        {"op": "remove", "path": "members["},
        {"op": "remove", "path": "id"},
        {"op": "fly", "path": "members"},
    ],
)
def test_what_cannot_be_done(operation: dict[str, Any]) -> None:
    with pytest.raises(Problem) as caught:
        change(operation)
    assert caught.value.status == 400
