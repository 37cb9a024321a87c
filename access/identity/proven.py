"""What a provider has proven, whatever it speaks: that somebody signed in, or that their sessions ended. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class SignIn:
    """Who signed in at a provider, and what was proven there."""

    issuer: str
    subject: str
    issued_at: datetime
    #: When the person themselves was asked; None: the provider does not say.
    signed_in_at: datetime | None
    #: How (RFC 8176), such as `pwd`, `otp`, `hwk`.
    methods: tuple[str, ...]
    #: The provider's word for how strong that was.
    level: str | None
    #: The provider's own session, which its logout names.
    provider_session: str | None
    email: str | None
    email_verified: bool
    #: All of it, for the mapping of groups.
    claims: Mapping[str, Any]
    #: When the provider says that its session ends at the latest; None: it does not say.
    ends_at: datetime | None = None


@dataclass(frozen=True)
class Logout:
    """Whose sessions ended at the provider: one session's, or all of a subject's."""

    issuer: str
    #: What the provider calls this very message.
    id: str
    subject: str | None
    provider_session: str | None
    #: When it was said, and the leeway of clocks: what began later did not end.
    began_before: datetime
