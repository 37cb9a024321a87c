"""Upstream secrets by reference, and accounts that are made for one session."""

import pytest
from pydantic import SecretStr

from access.policy.shapes.roles import Role
from proxy.credentials import issued, password_of, resolve
from proxy.errors import UpstreamFault


async def test_whose_secret_is_missing_is_said() -> None:
    with pytest.raises(UpstreamFault, match=r"^The upstream credential env:GATEPASS_TEST_NOT_SET is not set"):
        await resolve("env:GATEPASS_TEST_NOT_SET")


async def test_an_account_that_was_made_for_a_session_has_its_own_password() -> None:
    role = Role(name="read", username="app_read", password="env:GATEPASS_TEST_NOT_SET")
    own = issued(role, "gatepass:alice:1", username="gp_alice_1", secret=SecretStr("hunter2"))
    secret = await password_of(own)
    assert secret is not None
    assert secret.get_secret_value() == "hunter2"
    assert (own.name, own.username, own.application_name) == ("read", "gp_alice_1", "gatepass:alice:1")
    assert "hunter2" not in repr(own)


async def test_a_fixed_account_is_fetched_by_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEPASS_TEST_SECRET", "hunter2")
    role = Role(username="app_read", password="env:GATEPASS_TEST_SECRET")
    for each in (role, issued(role, "gatepass:alice:1")):
        secret = await password_of(each)
        assert secret is not None
        assert secret.get_secret_value() == "hunter2"
    assert await password_of(Role(username="trusted")) is None
