"""Errors as RFC 7644, 3.12 has them."""

import pytest

from access.identity.scim.protocol import problems, reading
from access.identity.scim.protocol.problems import Problem
from access.identity.scim.protocol.resources import USER, User


def test_a_body_has_its_status_as_text() -> None:
    assert Problem(404, "No.").body() == {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": "404",
        "detail": "No.",
    }
    assert problems.taken("userName").body()["scimType"] == "uniqueness"


def test_what_was_sent_is_not_said_again_at_any_length() -> None:
    assert len(Problem(400, "x" * 10_000).detail) == 500


def test_the_librarys_errors_keep_their_words() -> None:
    with pytest.raises(Problem) as caught:
        reading.created(User, {"schemas": [USER], "userName": "x", "active": "perhaps"})
    assert (caught.value.status, caught.value.word) == (400, "invalidValue")
    with pytest.raises(Problem) as caught:
        reading.created(User, [])
    assert (caught.value.status, caught.value.word) == (400, "invalidSyntax")
