"""ID tokens: whether one is proof of a sign-in that was asked for, and what it says (OpenID Connect Core 1.0, 3.1.3.7).

Everything of it is compared with what this sign-in knows: the provider that was asked, its keys, the client that asked,
the nonce, the clock. Addresses of keys in a header are never looked at: `jku`, `x5u` and `jwk` are the sender's words.
Pure.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

import jwt

from access.identity.oidc.key_set import ALGORITHMS, KeySet
from access.identity.proven import LEEWAY, SignIn
from access.policy.shapes.providers import MAX_SUBJECT_CHARS

#: Clocks may differ by this much.
LEEWAY_S: Final = LEEWAY.total_seconds()
#: Tokens with hundreds of groups have a few kilobytes; longer ones are not even parsed.
MAX_CHARS: Final = 32_000
#: Claims nest two or three deep. How deep JSON may be read is another figure in every Python.
MAX_DEPTH: Final = 16
#: `typ` of a token that is no ID token says what it is: `at+jwt` (RFC 9068), `logout+jwt` (Back-Channel Logout 1.0).
_TYPES: Final = frozenset({None, "jwt"})


class IdTokenProblem(StrEnum):
    """Why a token proves nothing."""

    MALFORMED = "malformed"
    ALGORITHM = "algorithm"
    UNKNOWN_KEY = "unknown_key"
    BAD_SIGNATURE = "bad_signature"
    WRONG_ISSUER = "wrong_issuer"
    WRONG_AUDIENCE = "wrong_audience"
    WRONG_KIND = "wrong_kind"
    WRONG_NONCE = "wrong_nonce"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    SIGNED_IN_TOO_LONG_AGO = "signed_in_too_long_ago"
    OTHER_ACCESS_TOKEN = "other_access_token"  # noqa: S105 - a name


_SENTENCES: Final = {
    IdTokenProblem.MALFORMED: "is no ID token",
    IdTokenProblem.ALGORITHM: "is signed in a way that is not accepted",
    IdTokenProblem.UNKNOWN_KEY: "is signed by a key that the provider does not list",
    IdTokenProblem.BAD_SIGNATURE: "is not signed by the provider",
    IdTokenProblem.WRONG_ISSUER: "comes from another provider",
    IdTokenProblem.WRONG_AUDIENCE: "is meant for another application",
    IdTokenProblem.WRONG_KIND: "is a token of another kind",
    IdTokenProblem.WRONG_NONCE: "belongs to another sign-in",
    IdTokenProblem.EXPIRED: "has expired: the clocks of Gatepass and of the provider may differ",
    IdTokenProblem.NOT_YET_VALID: "is from the future: the clocks of Gatepass and of the provider differ",
    IdTokenProblem.SIGNED_IN_TOO_LONG_AGO: "is of a sign-in that is too long ago",
    IdTokenProblem.OTHER_ACCESS_TOKEN: "does not belong to the access token beside it",
}


class InvalidIdToken(Exception):
    """It proves nothing. The message is the end of a sentence about the token, and holds nothing of it."""

    def __init__(self, reason: IdTokenProblem) -> None:
        super().__init__(_SENTENCES[reason])
        self.reason = reason


@dataclass(frozen=True)
class Expected:
    """What this sign-in asked for."""

    issuer: str
    client_id: str
    nonce: str
    #: What the provider may sign with, of ALGORITHMS.
    algorithms: Sequence[str] = ALGORITHMS
    #: Seconds since the person was last asked for proof; None: any.
    max_age_s: int | None = None


def verify(token: str, keys: KeySet, expected: Expected, now: datetime, *, access_token: str | None = None) -> SignIn:
    """What a token proves at `now`. Raises InvalidIdToken; UNKNOWN_KEY may be mended by newer keys.

    `access_token` is what came with it: it must be the one that the token was made with, where the token says.
    """
    claims = signed_claims(token, keys, expected.algorithms, types=_TYPES)
    if claims.get("iss") != expected.issuer:
        raise InvalidIdToken(IdTokenProblem.WRONG_ISSUER)
    _check_audience(claims, expected.client_id)
    nonce = claims.get("nonce")
    if "events" in claims or nonce is None:
        # A logout token has events and no nonce; an access token has no nonce.
        raise InvalidIdToken(IdTokenProblem.WRONG_KIND)
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), expected.nonce.encode()):
        raise InvalidIdToken(IdTokenProblem.WRONG_NONCE)
    issued_at = check_times(claims, now)
    signed_in_at = _moment(claims["auth_time"]) if "auth_time" in claims else None
    _check_age(signed_in_at, expected, now)
    _check_access_token(claims, access_token, signed_with(token))
    return SignIn(
        issuer=expected.issuer,
        subject=_subject(claims),
        issued_at=issued_at,
        signed_in_at=signed_in_at,
        methods=_texts(claims.get("amr")),
        level=_text(claims.get("acr")),
        provider_session=_text(claims.get("sid")),
        email=_text(claims.get("email")),
        email_verified=claims.get("email_verified") is True,
        claims=claims,
    )


def key_name(token: str) -> str | None:
    """The kid that a token names; None: none, or it is no token."""
    try:
        kid = _header(token).get("kid")
    except InvalidIdToken:
        return None
    return kid if isinstance(kid, str) else None


def signed_with(token: str) -> str:
    """The algorithm of a token that was verified."""
    return str(_header(token)["alg"])


def signed_claims(
    token: str, keys: KeySet, algorithms: Sequence[str], *, types: frozenset[str | None]
) -> dict[str, Any]:
    """The claims of a token of one of these types that one of `keys` signed. Raises InvalidIdToken.

    Three parts, no encryption, no token within it, and no extension that would change what it means (RFC 7515 4.1.11).
    """
    if len(token) > MAX_CHARS or token.count(".") != 2 or not token.isascii():
        raise InvalidIdToken(IdTokenProblem.MALFORMED)
    header = _header(token)
    if any(name in header for name in ("crit", "b64", "enc", "zip", "cty")):
        raise InvalidIdToken(IdTokenProblem.MALFORMED)
    if _kind(header.get("typ")) not in types:
        raise InvalidIdToken(IdTokenProblem.WRONG_KIND)
    algorithm, kid = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in algorithms or algorithm not in ALGORITHMS:
        raise InvalidIdToken(IdTokenProblem.ALGORITHM)
    if kid is not None and not isinstance(kid, str):
        raise InvalidIdToken(IdTokenProblem.MALFORMED)
    key = keys.find(kid, algorithm)
    if key is None:
        raise InvalidIdToken(IdTokenProblem.UNKNOWN_KEY)
    try:
        claims = jwt.decode(token, key.key, algorithms=[algorithm], options=_ONLY_THE_SIGNATURE)
    except jwt.InvalidSignatureError as error:
        raise InvalidIdToken(IdTokenProblem.BAD_SIGNATURE) from error
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
        raise InvalidIdToken(IdTokenProblem.MALFORMED) from error
    if not _is_shallow(claims):
        raise InvalidIdToken(IdTokenProblem.MALFORMED)
    return claims


#: What the claims have to be is compared here, with an answer for each.
_ONLY_THE_SIGNATURE: Final[Any] = {
    "verify_signature": True,
    **{f"verify_{name}": False for name in ("aud", "exp", "iat", "iss", "jti", "nbf", "sub")},
}


def check_times(claims: Mapping[str, Any], now: datetime) -> datetime:
    """That it is valid at `now`; returns when it was issued. Raises InvalidIdToken."""
    issued_at, expires_at = _moment(claims.get("iat")), _moment(claims.get("exp"))
    not_before = _moment(claims["nbf"]) if "nbf" in claims else issued_at
    if max(issued_at, not_before).timestamp() > now.timestamp() + LEEWAY_S:
        raise InvalidIdToken(IdTokenProblem.NOT_YET_VALID)
    if expires_at.timestamp() <= now.timestamp() - LEEWAY_S:
        raise InvalidIdToken(IdTokenProblem.EXPIRED)
    return issued_at


def _check_audience(claims: Mapping[str, Any], client_id: str) -> None:
    """That it is for this client; of several audiences, that this client is who asked (`azp`)."""
    given = claims.get("aud")
    audiences = [given] if isinstance(given, str) else given
    if not isinstance(audiences, list) or client_id not in audiences:
        raise InvalidIdToken(IdTokenProblem.WRONG_AUDIENCE)
    party = claims.get("azp")
    if party is None and len(audiences) > 1:
        raise InvalidIdToken(IdTokenProblem.WRONG_AUDIENCE)
    if party is not None and party != client_id:
        raise InvalidIdToken(IdTokenProblem.WRONG_AUDIENCE)


def _check_age(signed_in_at: datetime | None, expected: Expected, now: datetime) -> None:
    """OIDC Core 3.1.2.1: whoever asked for an age must be told one."""
    if signed_in_at is not None and signed_in_at.timestamp() > now.timestamp() + LEEWAY_S:
        raise InvalidIdToken(IdTokenProblem.NOT_YET_VALID)
    if expected.max_age_s is None:
        return
    if signed_in_at is None or (now - signed_in_at).total_seconds() > expected.max_age_s + LEEWAY_S:
        raise InvalidIdToken(IdTokenProblem.SIGNED_IN_TOO_LONG_AGO)


#: The hash that goes with an algorithm (OIDC Core 3.1.3.6); of Ed25519, that of its signature.
_HASHES: Final = {"256": "sha256", "384": "sha384", "512": "sha512", "DSA": "sha512"}


def _check_access_token(claims: Mapping[str, Any], access_token: str | None, algorithm: str) -> None:
    said = claims.get("at_hash")
    if said is None or access_token is None:
        return
    digest = hashlib.new(_HASHES[algorithm[-3:]], access_token.encode()).digest()
    half = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=")
    if not isinstance(said, str) or not hmac.compare_digest(said.encode(), half):
        raise InvalidIdToken(IdTokenProblem.OTHER_ACCESS_TOKEN)


def _subject(claims: Mapping[str, Any]) -> str:
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT_CHARS or not subject.isprintable():
        raise InvalidIdToken(IdTokenProblem.MALFORMED)
    return subject


def _moment(value: object) -> datetime:
    """A NumericDate (RFC 7519 section 2)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidIdToken(IdTokenProblem.MALFORMED)
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise InvalidIdToken(IdTokenProblem.MALFORMED) from error


def _header(token: str) -> Mapping[str, Any]:
    """The header of a token, its signature not looked at. Raises InvalidIdToken."""
    try:
        header: Mapping[str, Any] = jwt.get_unverified_header(token)
    except (jwt.InvalidTokenError, ValueError, RecursionError) as error:
        raise InvalidIdToken(IdTokenProblem.MALFORMED) from error
    if not _is_shallow(header):
        raise InvalidIdToken(IdTokenProblem.MALFORMED)
    return header


def _is_shallow(value: object) -> bool:
    """Whether lists and objects of JSON nest at most MAX_DEPTH deep."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [each for each in level if isinstance(each, dict | list)]
        if not level:
            return True
        level = [inner for each in level for inner in (each.values() if isinstance(each, dict) else each)]
    return False


def _kind(value: object) -> str | None:
    """A `typ` as it is compared: without case, and without `application/` (RFC 7515 4.1.9)."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidIdToken(IdTokenProblem.MALFORMED)
    return value.lower().removeprefix("application/")


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _texts(value: object) -> tuple[str, ...]:
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()
