"""What a provider has proven, whatever it speaks: that somebody signed in, or that their sessions ended. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

#: So far the clocks of a provider and of ours may lie apart.
LEEWAY: Final = timedelta(seconds=30)


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
    #: By the provider's clock, as `SignIn.issued_at` is: what it proved later did not end.
    said_at: datetime

    @property
    def began_before(self) -> datetime:
        """By our clock: what began here later did not end, unless it was proven before."""
        return self.said_at + LEEWAY
