"""Providers as the policy says them."""

from typing import Any

import pytest
from pydantic import ValidationError

from access.policy.shapes.providers import EmailProof, Identify, OidcProvider

CORP = {"issuer": "https://login.example.com", "client_id": "gatepass"}


def test_little_has_to_be_said() -> None:
    provider = OidcProvider.model_validate(CORP).model_copy(update={"name": "corp"})
    assert (provider.shown, provider.client_secret, provider.scopes) == ("corp", None, ["openid", "email", "profile"])
    assert (provider.identify, provider.email) == (Identify.EMAIL, EmailProof.VERIFIED)
    assert provider.model_copy(update={"title": "Example Corp"}).shown == "Example Corp"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"issuer": "http://login.example.com"}, "is no issuer"),
        ({"issuer": "https://login.example.com?tenant=1"}, "is no issuer"),
        ({"issuer": "https://login.example.com/#x"}, "is no issuer"),
        ({"issuer": "login.example.com"}, "is no issuer"),
        ({"client_id": ""}, "pattern"),
        ({"client_secret": "hunter2"}, "is not a reference to a secret"),
        ({"scopes": ["email"]}, "lacks openid"),
        ({"scopes": ["openid", "two words"]}, "pattern"),
        ({"title": "<b>"}, "pattern"),
        ({"identify": "name"}, "email"),
        ({"email": "always"}, "verified"),
        ({"clientid": "x"}, "not permitted"),
        ({"scim": {"token": "hunter2"}}, "is not a reference to a secret"),
        ({"scim": {}}, "token"),
    ],
)
def test_what_is_no_provider(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        OidcProvider.model_validate({**CORP, **change})
    assert sentence in str(wrong.value)
    assert "hunter2" not in str(wrong.value)
