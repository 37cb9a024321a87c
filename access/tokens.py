"""Access tokens: short JWTs, signed with Ed25519, that point to a grant. The grant in storage decides: grants.usable.

A token that was not signed with EdDSA by a key of this folder, for this gateway, is refused with a reason.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import jwt

from access.signing_keys import KeyFolder, VerifyingKey
from storage.model import Grant, Principal, PrincipalKind

ALGORITHM = "EdDSA"
ISSUER = "gatepass"
AUDIENCE = "gatepass-proxy"
#: Clocks of the bot's and the proxy's machines may differ by this much.
LEEWAY_S = 5
#: Our own are a third of it; anything longer is not even parsed.
MAX_CHARS = 2_000
_REQUIRED = ["iss", "aud", "sub", "gid", "res", "rol", "knd", "iat", "exp", "jti"]


class TokenProblem(StrEnum):
    """Why a token is refused."""

    MALFORMED = "malformed"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    BAD_SIGNATURE = "bad_signature"
    WRONG_AUDIENCE = "wrong_audience"
    UNKNOWN_KEY = "unknown_key"
    RETIRED_KEY = "retired_key"
    UNKNOWN = "unknown"
    REVOKED = "revoked"


_SENTENCES = {
    TokenProblem.MALFORMED: "This is no Gatepass token. Copy the whole token that Gatepass gave you in Slack.",
    TokenProblem.EXPIRED: (
        "This token has expired. Get a new one from Gatepass, or ask for access again if that is over, too."
    ),
    TokenProblem.NOT_YET_VALID: "This token is from the future: tell Gatepass's operators that their clocks differ.",
    TokenProblem.BAD_SIGNATURE: "This token was not signed by this Gatepass. Get a new one from Gatepass in Slack.",
    TokenProblem.WRONG_AUDIENCE: "This token was made for something else than this gateway. Get one in Slack.",
    TokenProblem.UNKNOWN_KEY: "This token was signed by a key that is no longer in use. Get a new one in Slack.",
    TokenProblem.RETIRED_KEY: (
        "This token says that it was signed after its key was replaced. Get a new one in Slack, and tell Gatepass's "
        "operators if you did get it there."
    ),
    TokenProblem.UNKNOWN: (
        "Gatepass knows no such token: it is long over, or was never given. Get a new one from Gatepass."
    ),
    TokenProblem.REVOKED: "This token was revoked by Gatepass's operators. Get a new one from Gatepass.",
}


class InvalidCredential(Exception):
    """What was presented opens nothing; the message is for the person who used it and holds nothing of it.

    `claims`: what it says, if it is one of ours all the same.
    """

    def __init__(self, message: str, claims: "Claims | None" = None) -> None:
        super().__init__(message)
        self.claims = claims


class InvalidToken(InvalidCredential):
    """The token opens nothing."""

    def __init__(self, reason: TokenProblem, claims: "Claims | None" = None) -> None:
        super().__init__(_SENTENCES[reason], claims)
        self.reason = reason


@dataclass(frozen=True)
class Claims:
    """What a verified token says, or another credential."""

    principal_id: UUID
    grant_id: UUID
    resource: str
    role: str
    kind: PrincipalKind
    issued_at: datetime
    expires_at: datetime
    id: str
    #: The line of the sign-in that it was given to, with which it ends; None: it was given in Slack.
    sign_in: UUID | None = None
    #: Of a signed token the id of its key; None: storage keeps what it is.
    signed_by: str | None = None


def new_token_id() -> str:
    """What one token is known by, for ever: nobody can guess it, and it opens nothing."""
    return uuid4().hex[:16]


class TokenKeys:
    """Signs tokens with the active key and verifies those of every key in the folder."""

    def __init__(self, folder: Path, *, given: Path | None = None) -> None:
        """`given`: a PEM file with the Ed25519 key to sign with, instead of one made in `folder` on first start.

        Raises KeyUnusable, naming the file.
        """
        self._keys = KeyFolder(folder, given=given)

    def issue(
        self,
        *,
        grant: Grant,
        principal: Principal,
        now: datetime | None = None,
        token_id: str | None = None,
        until: datetime | None = None,
        sign_in: UUID | None = None,
    ) -> str:
        """A token for the grant, valid until it ends, or `until`; under 500 characters for names of usual length.

        `token_id`, of `new_token_id`, is for whoever keeps it beside what the token was handed for.
        With the `sign_in` that asks for it the token ends.
        """
        issued_at = now or datetime.now(UTC)
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(principal.id),
            "gid": str(grant.id),
            "res": grant.resource,
            "rol": grant.role,
            "knd": principal.kind.value,
            "iat": int(issued_at.timestamp()),
            "exp": int(min(until or grant.expires_at, grant.expires_at).timestamp()),
            "jti": token_id or new_token_id(),
        }
        if sign_in is not None:
            claims["sid"] = sign_in.hex
        kid, key = self._keys.active()
        return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"kid": kid, "typ": None})

    def verify(self, token: str, now: datetime | None = None) -> Claims:
        """What the token says. Raises InvalidToken with a reason. `now` is the process clock unless given."""
        if len(token) > MAX_CHARS:
            raise InvalidToken(TokenProblem.MALFORMED)
        payload, kid, key = self._verified(token)
        claims = _claims(payload, kid)
        _check(claims, key, now or datetime.now(UTC))
        return claims

    def check(self, claims: Claims, now: datetime | None = None) -> None:
        """Whether a token that was verified once would be again: its key may have gone. Raises as `verify` does."""
        key = self._keys.public(claims.signed_by) if claims.signed_by is not None else None
        if key is None:
            raise InvalidToken(TokenProblem.UNKNOWN_KEY)
        _check(claims, key, now or datetime.now(UTC))

    def rotate(self, now: datetime | None = None, *, revoke: bool = False) -> str:
        """Sign with a new key from now on, here and in every process; returns its id.

        Old keys verify what they signed until `now`, for as long as a grant may be, or with `revoke` nothing any more.
        """
        return self._keys.rotate(now or datetime.now(UTC), revoke=revoke)

    def _verified(self, token: str) -> tuple[dict[str, Any], str, VerifyingKey]:
        """The payload, if it is ours, and the key that signed it. Times are left to the caller, who has the clock."""
        try:
            header = jwt.get_unverified_header(token)
        except (jwt.InvalidTokenError, ValueError) as error:
            raise InvalidToken(TokenProblem.MALFORMED) from error
        if header.get("alg") != ALGORITHM:
            raise InvalidToken(TokenProblem.BAD_SIGNATURE)
        kid = header.get("kid")
        key = self._keys.public(kid) if isinstance(kid, str) else None
        if key is None or not isinstance(kid, str):
            raise InvalidToken(TokenProblem.UNKNOWN_KEY)
        try:
            payload = jwt.decode(
                token,
                key.key,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=ISSUER,
                options={"require": _REQUIRED, "verify_exp": False, "verify_iat": False, "verify_nbf": False},
            )
        except (jwt.InvalidAudienceError, jwt.InvalidIssuerError) as error:
            raise InvalidToken(TokenProblem.WRONG_AUDIENCE) from error
        except jwt.InvalidSignatureError as error:
            raise InvalidToken(TokenProblem.BAD_SIGNATURE) from error
        except (jwt.InvalidTokenError, ValueError) as error:
            raise InvalidToken(TokenProblem.MALFORMED) from error
        return payload, kid, key


def _check(claims: Claims, key: VerifyingKey, at: datetime) -> None:
    """Raises InvalidToken where the times of the token, or of its key, are not those of `at`."""
    moment = at.timestamp()
    if key.is_over(at):
        raise InvalidToken(TokenProblem.UNKNOWN_KEY)
    if not key.accepts(claims.issued_at):
        raise InvalidToken(TokenProblem.RETIRED_KEY)
    if claims.issued_at.timestamp() > moment + LEEWAY_S:
        raise InvalidToken(TokenProblem.NOT_YET_VALID)
    if claims.expires_at.timestamp() <= moment - LEEWAY_S:
        raise InvalidToken(TokenProblem.EXPIRED, claims)


def _claims(payload: dict[str, Any], kid: str) -> Claims:
    try:
        return Claims(
            principal_id=UUID(payload["sub"]),
            grant_id=UUID(payload["gid"]),
            resource=_text(payload["res"]),
            role=_text(payload["rol"]),
            kind=PrincipalKind(payload["knd"]),
            issued_at=datetime.fromtimestamp(payload["iat"], UTC),
            expires_at=datetime.fromtimestamp(payload["exp"], UTC),
            id=_text(payload["jti"]),
            sign_in=UUID(payload["sid"]) if "sid" in payload else None,
            signed_by=kid,
        )
    except (TypeError, ValueError, OverflowError, AttributeError, OSError) as error:
        raise InvalidToken(TokenProblem.MALFORMED) from error


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value
