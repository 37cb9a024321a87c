"""Providers that people sign in at, and how a provider's account is found to be somebody of the policy. Pure."""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import AfterValidator, Field, StringConstraints

from access.policy.shapes.base import Frozen, NameOfKey, SecretRef
from access.policy.shapes.durations import Seconds
from access.policy.values.complaint import complaint
from access.policy.values.web_address import is_safe_address

#: What a sign-in needs; a provider that gives groups by a scope of its own has it added.
SCOPES: Final = ("openid", "email", "profile")
#: Without a sign-in since then, what was told of somebody's groups counts no more.
LONGEST_GROUPS_S: Final = 30 * 86_400
#: OIDC Core 2: a subject has at most so many characters, of ASCII.
MAX_SUBJECT_CHARS: Final = 255


class Identify(StrEnum):
    """By what of an account at the provider a person is found."""

    #: Its address, which is `email` under people; the account is theirs from the first sign-in on.
    EMAIL = "email"
    #: Its name in the provider's own words (`sub`), which is under `subjects` of people.
    SUBJECT = "subject"


class EmailProof(StrEnum):
    """When an address that a provider gives is proof of who somebody is."""

    #: Where it says that it has verified it (`email_verified`).
    VERIFIED = "verified"
    #: Always: administrators give every account its address, and people cannot change theirs.
    MANAGED = "managed"


def _is_issuer(value: str) -> str:
    if not is_safe_address(value) or "?" in value:
        raise complaint(
            "is no issuer: write the address that the provider gives for itself, as https://login.example.com "
            "(http on this machine alone), without ? and #"
        )
    return value


def _are_scopes(value: list[str]) -> list[str]:
    if "openid" not in value:
        raise complaint("lacks openid, without which nobody signs in: write [openid, email, profile]")
    return value


#: RFC 6749, 3.3.
Scope = Annotated[str, StringConstraints(pattern=r"^[\x21\x23-\x5b\x5d-\x7e]{1,128}$")]
#: What a provider calls an account; compared as it is.
Subject = Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]+$", min_length=1, max_length=MAX_SUBJECT_CHARS)]


class Scim(Frozen):
    """The provider tells of its users and groups by itself (SCIM 2.0, RFC 7644), as they change."""

    #: What it sends to prove that it is the provider.
    token: SecretRef


class OidcProvider(Frozen):
    """An OpenID provider, and what it knows Gatepass by."""

    name: NameOfKey = ""
    #: What people read on the button; None: the name.
    title: Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f<>]+$", max_length=60)] | None = None
    issuer: Annotated[str, Field(max_length=512), AfterValidator(_is_issuer)]
    client_id: Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]{1,255}$")]
    #: None: a public client, which PKCE alone protects.
    client_secret: SecretRef | None = None
    scopes: Annotated[list[Scope], Field(max_length=20), AfterValidator(_are_scopes)] = Field(default=list(SCOPES))
    identify: Identify = Identify.EMAIL
    email: EmailProof = EmailProof.VERIFIED
    #: The provider's words (`acr`) for a sign-in with more than one factor; `mfa` among its methods (`amr`) is one too.
    mfa_levels: Annotated[list[Annotated[str, Field(max_length=512)]], Field(max_length=20)] = Field(default=[])

    #: How long a sign-in counts as proof of the groups that it told.
    groups_for_s: Annotated[Seconds, Field(le=LONGEST_GROUPS_S)] = Field(
        default=7 * 86_400, validation_alias="groups_for", serialization_alias="groups_for"
    )

    #: None: what sign-ins say of groups is all that is heard of them.
    scim: Scim | None = None

    @property
    def shown(self) -> str:
        """What people read."""
        return self.title or self.name
