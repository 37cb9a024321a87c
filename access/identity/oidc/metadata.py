"""What an OpenID provider says of itself (OpenID Connect Discovery 1.0, RFC 8414), as far as a sign-in needs it. Pure.

The issuer in it must be the one that was asked: whoever is asked by one name and answers by another could be anybody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from access.identity.oidc.key_set import ALGORITHMS
from access.policy.values.web_address import is_safe_address

WELL_KNOWN = "/.well-known/openid-configuration"
#: Longer than any provider's.
MAX_BYTES = 256 * 1024


class NotAProvider(Exception):
    """What was answered describes no provider that people can sign in with; the message is the end of a sentence."""


@dataclass(frozen=True)
class ProviderMetadata:
    """Addresses of one provider, and what it can do."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    #: What it may sign ID tokens with, of those that are verified here.
    algorithms: Sequence[str]
    #: Whether it says who it is in the answer to an authorization request (RFC 9207): then an answer must say so.
    names_itself: bool
    userinfo_endpoint: str | None = None
    end_session_endpoint: str | None = None
    device_authorization_endpoint: str | None = None
    backchannel_logout: bool = False

    @classmethod
    def read(cls, document: object, issuer: str) -> "ProviderMetadata":
        """What `issuer` answered. Raises NotAProvider."""
        if not isinstance(document, dict):
            raise NotAProvider("it answered with something else than a description of itself")
        fields: Mapping[str, Any] = document
        if fields.get("issuer") != issuer:
            raise NotAProvider(f"it says that its issuer is {_quoted(fields.get('issuer'))}")
        if "S256" not in _texts(fields.get("code_challenge_methods_supported"), default=["S256"]):
            raise NotAProvider("it does not support PKCE with S256")
        offered = _texts(fields.get("id_token_signing_alg_values_supported"), default=["RS256"])
        algorithms = tuple(each for each in ALGORITHMS if each in offered)
        if not algorithms:
            raise NotAProvider("it signs ID tokens in no way that is accepted")
        return cls(
            issuer=issuer,
            authorization_endpoint=_required(fields, "authorization_endpoint"),
            token_endpoint=_required(fields, "token_endpoint"),
            jwks_uri=_required(fields, "jwks_uri"),
            algorithms=algorithms,
            names_itself=fields.get("authorization_response_iss_parameter_supported") is True,
            userinfo_endpoint=_address(fields, "userinfo_endpoint"),
            end_session_endpoint=_address(fields, "end_session_endpoint"),
            device_authorization_endpoint=_address(fields, "device_authorization_endpoint"),
            backchannel_logout=fields.get("backchannel_logout_supported") is True,
        )


def well_known(issuer: str) -> str:
    """Where an issuer describes itself."""
    return issuer.removesuffix("/") + WELL_KNOWN


def _required(fields: Mapping[str, Any], name: str) -> str:
    address = _address(fields, name)
    if address is None:
        raise NotAProvider(f"it gives no {name}")
    return address


def _address(fields: Mapping[str, Any], name: str) -> str | None:
    address = fields.get(name)
    if address is None:
        return None
    if not isinstance(address, str) or not is_safe_address(address):
        raise NotAProvider(f"its {name} is no https address")
    return address


def _texts(value: object, *, default: Sequence[str]) -> Sequence[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else default


def _quoted(value: object) -> str:
    text = value if isinstance(value, str) else "nothing"
    return f'"{text[:200]}"' if text.isprintable() else "something that cannot be shown"
