"""What is kept of users, and by which address their account is found."""

from typing import Any

import pytest

from access.identity.scim.protocol.reading import stored_as
from access.identity.scim.protocol.resources import USER, User, address_of

MAIN, OTHER = {"value": "Kim@Example.com", "primary": True}, {"value": "k@other.example", "type": "work"}


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ({"emails": [OTHER, MAIN]}, "kim@example.com"),
        ({"emails": [OTHER]}, "k@other.example"),
        ({"emails": [{"type": "work"}, OTHER]}, "k@other.example"),
        ({"emails": [{"value": " Kim@Example.com\n"}]}, "kim@example.com"),
        ({"emails": []}, "name@example.com"),
        ({}, "name@example.com"),
        ({"userName": "name"}, None),
        ({"userName": "name", "emails": [{"value": "no address"}]}, None),
    ],
)
def test_the_primary_address_is_theirs_or_the_first_or_the_name(said: dict[str, Any], address: str | None) -> None:
    user = stored_as(User, {"schemas": [USER], "userName": "Name@example.com", **said})
    assert address_of(user) == address


def test_what_is_not_kept_is_read_over() -> None:
    user = stored_as(User, {"schemas": [USER], "userName": "x", "password": "p", "title": "t", "phoneNumbers": []})
    assert user.model_dump() == {"schemas": [USER], "userName": "x"}
