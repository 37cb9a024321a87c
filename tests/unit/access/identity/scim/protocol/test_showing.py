"""Users and groups as documents, whole and in part."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from access.identity.scim.protocol import showing
from access.identity.scim.protocol.problems import Problem
from access.identity.scim.protocol.showing import Selection
from storage.model import ScimGroup, ScimUser

AT = datetime(2026, 5, 13, 4, 42, 34, tzinfo=UTC)
BASE = "https://gate.example.com/scim/v2/corp"
ONE, TWO = UUID(int=1), UUID(int=2)


def user() -> dict[str, Any]:
    resource = {
        "userName": "Kim",
        "name": {"givenName": "K", "familyName": "L"},
        "emails": [{"value": "k@x", "type": "w"}],
    }
    row = ScimUser(
        id=ONE, issuer="i", user_key="kim", active=True, resource=resource, version=7, created_at=AT, modified_at=AT
    )
    return showing.user(row, [(TWO, "Eng")], BASE)


def test_what_is_the_servers_to_say() -> None:
    shown = user()
    assert shown["meta"] == {
        "resourceType": "User",
        "created": "2026-05-13T04:42:34Z",
        "lastModified": "2026-05-13T04:42:34Z",
        "version": 'W/"7"',
        "location": f"{BASE}/Users/{ONE}",
    }
    assert shown["groups"] == [{"value": str(TWO), "display": "Eng", "$ref": f"{BASE}/Groups/{TWO}"}]
    row = ScimGroup(id=TWO, issuer="i", display_name="Eng", name_key="eng", created_at=AT, modified_at=AT)
    group = showing.group(row, [ONE], BASE)
    assert group["members"] == [{"value": str(ONE), "type": "User", "$ref": f"{BASE}/Users/{ONE}"}]
    assert "externalId" not in group
    assert "members" not in showing.group(row, [], BASE)


@pytest.mark.parametrize(
    ("attributes", "excluded", "shown"),
    [
        (None, None, {"schemas", "id", "userName", "name", "emails", "groups", "meta"}),
        ("userName", None, {"schemas", "id", "userName"}),
        (" USERNAME , urn:ietf:params:scim:schemas:core:2.0:User:name ", None, {"schemas", "id", "userName", "name"}),
        ("nothing", None, {"schemas", "id"}),
        (None, "id,schemas,meta,groups,emails", {"schemas", "id", "userName", "name"}),
    ],
)
def test_attributes(attributes: str | None, excluded: str | None, shown: set[str]) -> None:
    assert set(Selection.read(attributes, excluded).of(user())) == shown


def test_parts() -> None:
    assert Selection.read("name.givenName,emails.value", None).of(user()) == {
        "schemas": user()["schemas"],
        "id": str(ONE),
        "name": {"givenName": "K"},
        "emails": [{"value": "k@x"}],
    }
    without = Selection.read(None, "name.givenName").of(user())
    assert (without["name"], "userName" in without) == ({"familyName": "L"}, True)
    assert (Selection.read("name.givenName", None).shows("name"), Selection.read("id", None).shows("groups")) == (
        True,
        False,
    )


def test_not_both() -> None:
    with pytest.raises(Problem):
        Selection.read("id", "name")
