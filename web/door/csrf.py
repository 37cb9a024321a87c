"""Requests that change something come from a page of ours, and from the browser that was shown it.

Two proofs, and both must hold: the browser says where the request comes from (`Origin`, which no page can forge), and
the form has a token that is derived from the session's secret, which no other site can read.
"""

import hashlib
import hmac

from web.settings import Origin

FIELD = "csrf"


def token(secret: bytes) -> str:
    """For the forms of the session with this secret."""
    return hmac.digest(secret, b"csrf", hashlib.sha256).hex()


def is_ours(origin: str | None, ours: Origin, given: object, secret: bytes) -> bool:
    """Whether a request with this `Origin` and this token in its form was made by a page of ours for this browser."""
    if origin != str(ours) or not isinstance(given, str):
        return False
    return hmac.compare_digest(given.encode("utf-8", "replace"), token(secret).encode())
