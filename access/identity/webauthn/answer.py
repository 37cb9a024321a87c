"""An answer of a browser, read as far as is the same of registrations and assertions (WebAuthn 5.8.1, 7.1, 7.2). Pure.

The library verifies the rest. What it does not look at is looked at here: size, frames of other sites, and which
challenge it is an answer to, by which its one question is found.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from access.identity.webauthn.problems import InvalidTouch, TouchProblem

#: The largest that keys send, an attestation with its certificates, is a third of it.
MAX_CHARS: Final = 16_384
CHALLENGE_BYTES: Final = 32
#: WebAuthn 4: no credential id is longer.
MAX_CREDENTIAL_ID_BYTES: Final = 1_023


@dataclass(frozen=True)
class Answer:
    """What the browser sent, as JSON (PublicKeyCredential.toJSON), and what is taken from it before it is verified."""

    document: Mapping[str, Any]
    credential_id: bytes
    challenge: bytes
    #: The person that the key says it is for, if it says so.
    user_handle: bytes | None

    def check_is_of(self, challenge_hash: bytes) -> None:
        """Raises InvalidTouch unless it answers the challenge with this SHA-256."""
        if not hmac.compare_digest(hashlib.sha256(self.challenge).digest(), challenge_hash):
            raise InvalidTouch(TouchProblem.UNKNOWN_CHALLENGE)


def read(text: str) -> Answer:
    """The answer. Raises InvalidTouch: it is none, it is too large, or it was made in a frame of another site."""
    if len(text) > MAX_CHARS:
        raise InvalidTouch(TouchProblem.TOO_LARGE)
    document = _mapping(_json(text))
    response = _mapping(document.get("response"))
    client = _mapping(_json(_bytes(response.get("clientDataJSON"))))
    # Both are written by the browser. Where a page of another site frames ours, it says so; ours stand in no frame.
    if client.get("crossOrigin", False) is not False or "topOrigin" in client:
        raise InvalidTouch(TouchProblem.OTHER_SITE)
    challenge, credential_id = _bytes(client.get("challenge")), _bytes(document.get("rawId"))
    if len(challenge) != CHALLENGE_BYTES or not 0 < len(credential_id) <= MAX_CREDENTIAL_ID_BYTES:
        raise InvalidTouch(TouchProblem.MALFORMED)
    handle = response.get("userHandle")
    return Answer(document, credential_id, challenge, _bytes(handle) if handle else None)


def _json(text: str | bytes) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidTouch(TouchProblem.MALFORMED) from error


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise InvalidTouch(TouchProblem.MALFORMED)
    return value


def _bytes(value: object) -> bytes:
    """Base64url without padding, as browsers write it."""
    try:
        if not isinstance(value, str):
            raise InvalidTouch(TouchProblem.MALFORMED)
        return base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise InvalidTouch(TouchProblem.MALFORMED) from error
