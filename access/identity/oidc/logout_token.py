"""Logout tokens: a provider says by itself that a session, or all sessions of a subject, have ended there.

OpenID Connect Back-Channel Logout 1.0, 2.4 to 2.6. Nobody's browser is asked, and a token may come twice: it ends
what began before it, so nobody who signs in again is signed out by it. Pure.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from access.identity.oidc.id_token import (
    IdTokenProblem,
    InvalidIdToken,
    check_times,
    signed_claims,
)
from access.identity.oidc.key_set import ALGORITHMS, KeySet
from access.identity.proven import Logout

EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
#: `typ` is recommended and not required.
_TYPES: Final = frozenset({None, "jwt", "logout+jwt"})
MAX_TEXT_CHARS: Final = 512


def verify(
    token: str, keys: KeySet, *, issuer: str, client_id: str, now: datetime, algorithms: Sequence[str] = ALGORITHMS
) -> Logout:
    """What a token says has ended. Raises InvalidIdToken; UNKNOWN_KEY may be mended by newer keys."""
    claims = signed_claims(token, keys, algorithms, types=_TYPES)
    if claims.get("iss") != issuer:
        raise InvalidIdToken(IdTokenProblem.WRONG_ISSUER)
    audience = claims.get("aud")
    if client_id not in ([audience] if isinstance(audience, str) else audience if isinstance(audience, list) else []):
        raise InvalidIdToken(IdTokenProblem.WRONG_AUDIENCE)
    events = claims.get("events")
    if "nonce" in claims or not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise InvalidIdToken(IdTokenProblem.WRONG_KIND)
    issued_at = check_times(claims, now)
    subject, session, name = (_text(claims.get(each)) for each in ("sub", "sid", "jti"))
    if name is None or (subject is None and session is None):
        raise InvalidIdToken(IdTokenProblem.MALFORMED)
    return Logout(issuer, name, subject, session, issued_at)


def _text(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT_CHARS:
        raise InvalidIdToken(IdTokenProblem.MALFORMED)
    return value
