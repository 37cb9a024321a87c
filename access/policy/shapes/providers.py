"""Providers that people sign in at, and how a provider's account is found to be somebody of the policy. Pure."""

import re
from abc import abstractmethod
from enum import StrEnum
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, Discriminator, Field, StringConstraints, Tag, model_validator

from access.policy.shapes.base import Frozen, NameOfKey, SecretRef
from access.policy.shapes.durations import Seconds
from access.policy.values.complaint import complaint
from access.policy.values.web_address import is_safe_address
from storage.model import IdentityProvider

_FILE: Final = re.compile(r"file:/\S+")
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


def _is_metadata(value: str) -> str:
    if not (_FILE.fullmatch(value) or is_safe_address(value)):
        raise complaint(
            "is no metadata: write file:/absolute/path, or the https address where the provider describes itself "
            "(http on this machine alone)"
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


class SignInProvider(Frozen):
    """What is said of a provider whatever it speaks."""

    name: NameOfKey = ""
    #: What people read on the button; None: the name.
    title: Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f<>]+$", max_length=60)] | None = None
    identify: Identify = Identify.EMAIL
    email: EmailProof = EmailProof.VERIFIED
    #: The provider's words (`acr`, AuthnContextClassRef) for a sign-in with more than one factor; `mfa` among its
    #: methods (`amr`) is one too.
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

    @property
    @abstractmethod
    def accounts(self) -> IdentityProvider:
        """Of which kind its accounts are."""


class OidcProvider(SignInProvider):
    """An OpenID provider, and what it knows Gatepass by."""

    issuer: Annotated[str, Field(max_length=512), AfterValidator(_is_issuer)]
    client_id: Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]{1,255}$")]
    #: None: a public client, which PKCE alone protects.
    client_secret: SecretRef | None = None
    scopes: Annotated[list[Scope], Field(max_length=20), AfterValidator(_are_scopes)] = Field(default=list(SCOPES))

    @property
    def accounts(self) -> IdentityProvider:
        return IdentityProvider.OIDC


class Saml(Frozen):
    """A SAML 2.0 identity provider: what it is called, and where it describes itself."""

    entity_id: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]+$", max_length=512)]
    #: `file:/path`, or an address, which is asked once an hour.
    metadata: Annotated[str, Field(max_length=1024), AfterValidator(_is_metadata)]
    #: The attribute that has the address, by its Name or FriendlyName; None: by the usual names.
    email_attribute: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]+$", max_length=255)] | None = None


class SamlProvider(SignInProvider):
    """The same of an identity provider that speaks SAML."""

    saml: Saml

    @property
    def issuer(self) -> str:
        """By which its accounts are known: its entity id."""
        return self.saml.entity_id

    @property
    def accounts(self) -> IdentityProvider:
        return IdentityProvider.SAML

    @model_validator(mode="after")
    def _addresses_are_managed(self) -> Self:
        if self.identify is Identify.EMAIL and self.email is not EmailProof.MANAGED:
            raise complaint(
                "finds people by their address, and SAML has no word for one that is verified: write `email: managed` "
                "if administrators give every account its address, or `identify: subject`"
            )
        return self


def _kind(value: Any) -> str:
    is_saml = isinstance(value, SamlProvider) or (isinstance(value, dict) and "saml" in value)
    return "saml" if is_saml else "oidc"


#: One provider of the file; what a file says of it in the wrong shape is told as of the shape that was meant.
Provider = Annotated[Annotated[OidcProvider, Tag("oidc")] | Annotated[SamlProvider, Tag("saml")], Discriminator(_kind)]
