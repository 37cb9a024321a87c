"""What a provider says of itself, and which of them nobody signs in with."""

from typing import Any

import pytest

from access.identity.oidc.metadata import NotAProvider, ProviderMetadata, well_known

ISSUER = "https://login.example.com"
DOCUMENT = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/keys",
    "id_token_signing_alg_values_supported": ["none", "HS256", "RS256", "ES256"],
    "code_challenge_methods_supported": ["plain", "S256"],
    "end_session_endpoint": f"{ISSUER}/logout",
    "authorization_response_iss_parameter_supported": True,
    "backchannel_logout_supported": True,
}


def test_a_provider_is_read() -> None:
    metadata = ProviderMetadata.read(DOCUMENT, ISSUER)
    assert (metadata.issuer, metadata.jwks_uri) == (ISSUER, f"{ISSUER}/keys")
    assert metadata.algorithms == ("RS256", "ES256")
    assert metadata.names_itself
    assert metadata.backchannel_logout
    assert metadata.end_session_endpoint == f"{ISSUER}/logout"
    assert metadata.device_authorization_endpoint is None


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"issuer": f"{ISSUER}/"}, 'its issuer is "https://login.example.com/"'),
        ({"issuer": "https://evil.example.com"}, "its issuer is"),
        ({"issuer": None}, 'its issuer is "nothing"'),
        ({"issuer": "\x1b[2J"}, "cannot be shown"),
        ({"code_challenge_methods_supported": ["plain"]}, "PKCE"),
        ({"id_token_signing_alg_values_supported": ["none", "HS256"]}, "in no way"),
        ({"jwks_uri": None}, "gives no jwks_uri"),
        ({"token_endpoint": "http://login.example.com/token"}, "token_endpoint is no https address"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "authorization_endpoint is no https address"),
        ({"end_session_endpoint": 7}, "end_session_endpoint is no https address"),
    ],
)
def test_what_nobody_signs_in_with(change: dict[str, Any], why: str) -> None:
    with pytest.raises(NotAProvider, match=why.replace("(", r"\(")):
        ProviderMetadata.read({**DOCUMENT, **change}, ISSUER)


@pytest.mark.parametrize("document", [None, [], "a text", 7])
def test_what_is_no_description(document: object) -> None:
    with pytest.raises(NotAProvider, match="something else"):
        ProviderMetadata.read(document, ISSUER)


@pytest.mark.parametrize("issuer", [ISSUER, f"{ISSUER}/"])
def test_a_description_stands_below_its_issuer(issuer: str) -> None:
    assert well_known(issuer) == f"{ISSUER}/.well-known/openid-configuration"
