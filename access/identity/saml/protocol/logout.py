"""Logout requests: a provider says by a browser that sessions have ended there (saml-core 3.7.1). Pure.

The browser may be anybody's; the signature is what counts. A request counts once, and for a few minutes: it ends what
began before it, so nobody who signs in again is signed out by it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from access.identity.proven import LEEWAY, Logout
from access.identity.saml.protocol.documents import Element, moment, name_of_message, only, saml, samlp, text_of
from access.identity.saml.protocol.names import name_id
from access.identity.saml.protocol.problems import InvalidSaml, SamlProblem
from access.identity.saml.protocol.response import VERSION, check_issuer
from access.policy.shapes.providers import SamlProvider

#: How old a request may be, whatever it says itself: longer than any browser takes to bring it.
OLDEST: Final = timedelta(minutes=5)
#: More are not ended one by one, but by ending all of the account's.
_MAX_SESSIONS: Final = 50
_MAX_SESSION_CHARS: Final = 512


@dataclass(frozen=True)
class LogoutAsked:
    """What ends, one by one, and until when the request could come again."""

    id: str
    #: Whose they are.
    subject: str
    ends: tuple[Logout, ...]
    until: datetime


def read_logout(root: Element, provider: SamlProvider, *, audience: str, address: str, now: datetime) -> LogoutAsked:
    """What a request says that was brought to `address`: nothing without its signature. Raises InvalidSaml."""
    if root.tag != samlp("LogoutRequest") or root.get("Version") != VERSION:
        raise InvalidSaml(SamlProblem.WRONG_KIND)
    if root.get("Destination") != address:
        raise InvalidSaml(SamlProblem.WRONG_DESTINATION)
    check_issuer(only(root, saml("Issuer")), provider.issuer)
    issued_at = moment(root.get("IssueInstant"))
    until = issued_at + OLDEST
    if root.get("NotOnOrAfter") is not None:
        until = min(until, moment(root.get("NotOnOrAfter")))
    if issued_at > now + LEEWAY:
        raise InvalidSaml(SamlProblem.NOT_YET_VALID)
    if until <= now - LEEWAY:
        raise InvalidSaml(SamlProblem.EXPIRED)
    # A name that does not last was never anybody's here; its sessions have names of their own.
    subject = name_id(root, provider, audience).account
    sessions = [text_of(each) for each in root.findall(samlp("SessionIndex"))]
    if any(not 0 < len(each) <= _MAX_SESSION_CHARS for each in sessions):
        raise InvalidSaml(SamlProblem.MALFORMED)
    name, named = name_of_message(root), dict.fromkeys(sessions)
    # So many are all that somebody has.
    which = named if 0 < len(named) <= _MAX_SESSIONS else [None]
    ends = tuple(Logout(provider.issuer, name, subject, each, issued_at) for each in which)
    return LogoutAsked(name, subject, ends, until + LEEWAY)
