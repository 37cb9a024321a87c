"""Bodies and operations, as values."""

from typing import Any

import pytest

from access.identity.scim.protocol import reading
from access.identity.scim.protocol.problems import Problem
from access.identity.scim.protocol.resources import USER, User

STORED = {"schemas": [USER], "userName": "kim", "active": True, "emails": [{"value": "k@x.example", "type": "work"}]}


def patched(*operations: dict[str, Any]) -> dict[str, Any]:
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": list(operations)}
    return reading.patched(body, reading.stored_as(User, STORED)).model_dump()


@pytest.mark.parametrize("said", ["False", "false", False])
def test_a_boolean_may_be_a_word(said: object) -> None:
    assert patched({"op": "Replace", "path": "active", "value": said})["active"] is False
    assert patched({"op": "replace", "value": {"active": said}})["active"] is False


def test_a_filter_that_none_meets_makes_what_it_says() -> None:
    changed = patched({"op": "Add", "path": 'emails[type eq "home"].value', "value": "h@x.example"})
    assert changed["emails"][1] == {"type": "home", "value": "h@x.example"}


def test_one_primary_takes_the_place_of_another() -> None:
    first = {"op": "add", "path": 'emails[type eq "work"].primary', "value": True}
    second = {"op": "add", "path": "emails", "value": [{"value": "n@x.example", "primary": True}]}
    primaries = [each["value"] for each in patched(first, second)["emails"] if each.get("primary")]
    assert primaries == ["n@x.example"]


def test_what_is_stored_stays_when_an_operation_fails() -> None:
    stored = reading.stored_as(User, STORED)
    body = {"Operations": [{"op": "remove", "path": "emails"}, {"op": "remove", "path": "userName"}]}
    with pytest.raises(Problem):
        reading.patched({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], **body}, stored)
    assert stored.model_dump() == STORED


def test_operations_are_bounded() -> None:
    one = {"op": "add", "path": "active", "value": True}
    assert len(reading.operations({"operations": [one] * reading.MAX_OPERATIONS})) == reading.MAX_OPERATIONS
    for body in ({"Operations": [one] * (reading.MAX_OPERATIONS + 1)}, {"Operations": [{"path": "x" * 1_001}]}):
        with pytest.raises(Problem):
            reading.operations(body)


def test_a_filter_is_bounded_in_length_and_depth() -> None:
    assert str(reading.user_filter('userName eq "x"').ast) == 'userName eq "x"'
    for text in ('userName eq "' + "x" * 2_000 + '"', "not (" * 40 + "userName pr" + ")" * 40):
        with pytest.raises(Problem) as caught:
            reading.user_filter(text)
        assert caught.value.word == "invalidFilter"
