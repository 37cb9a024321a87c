"""What was proven does not change under those who read it."""

import dataclasses
from datetime import UTC, datetime

import pytest

from access.identity.proven import Logout, SignIn

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_a_sign_in_ends_when_we_say_unless_the_provider_says() -> None:
    proven = SignIn("https://login.example.com", "u1", NOW, None, (), None, None, None, False, {})
    assert proven.ends_at is None
    assert dataclasses.replace(proven, ends_at=NOW).ends_at == NOW


def test_nobody_changes_what_was_proven() -> None:
    logout = Logout("https://login.example.com", "1", "u1", None, NOW)
    with pytest.raises(dataclasses.FrozenInstanceError):
        logout.subject = "u2"  # pyright: ignore[reportAttributeAccessIssue]
