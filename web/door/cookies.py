"""The two cookies: who is signed in, and which sign-in a browser has begun. Neither says anything by itself.

`__Host-` (RFC 6265bis, 4.1.3.2): sent to this host alone, over https, and no other host of the domain can have set it.
SameSite=Lax: a click in Slack brings somebody here signed in, another site's form does not.
"""

import base64
from typing import Final

from aiohttp import web

from access.identity.browser_sessions import LIFETIME, SECRET_BYTES
from access.identity.oidc import authorization
from access.identity.oidc.authorization import Attempt
from web.door.paths import HOME, is_ours

SESSION: Final = "__Host-gatepass"
SIGNING_IN: Final = "__Host-gatepass-signing-in"
#: A sign-in that takes longer is begun again.
ATTEMPT_S: Final = 600


def session_secret(request: web.Request) -> bytes | None:
    """The secret of the browser's session, whoever's that is."""
    return _decoded(request.cookies.get(SESSION, ""), SECRET_BYTES)


def keep_session(response: web.StreamResponse, secret: bytes) -> None:
    _set(response, SESSION, _encoded(secret), int(LIFETIME.total_seconds()))


def forget_session(response: web.StreamResponse) -> None:
    _set(response, SESSION, "", 0)


def attempt(request: web.Request) -> tuple[Attempt, str] | None:
    """The sign-in that this browser has begun, and the path that it is for."""
    parts = [_decoded(part, None) for part in request.cookies.get(SIGNING_IN, "").split(".")]
    if len(parts) != 3 or parts[0] is None or parts[1] is None or parts[2] is None:
        return None
    secret, provider, then = parts[0], parts[1].decode("utf-8", "replace"), parts[2].decode("utf-8", "replace")
    if len(secret) != authorization.SECRET_BYTES:
        return None
    return Attempt(secret, provider), then if is_ours(then) else HOME


def keep_attempt(response: web.StreamResponse, begun: Attempt, then: str) -> None:
    value = ".".join(_encoded(each) for each in (begun.secret, begun.provider.encode(), then.encode()))
    _set(response, SIGNING_IN, value, ATTEMPT_S)


def forget_attempt(response: web.StreamResponse) -> None:
    _set(response, SIGNING_IN, "", 0)


def _set(response: web.StreamResponse, name: str, value: str, age_s: int) -> None:
    response.set_cookie(name, value, max_age=age_s, path="/", secure=True, httponly=True, samesite="Lax")


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str, size: int | None) -> bytes | None:
    """Bytes of this size, or of any; None for what no cookie of ours has."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
    return data if size is None or len(data) == size else None
