"""A provider says that sessions have ended; anybody can send such bytes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from access.identity.oidc.id_token import IdTokenProblem, InvalidIdToken
from access.identity.oidc.key_set import KeySet
from access.identity.oidc.logout_token import EVENT, verify
from access.identity.proven import Logout
from support.identity.issuers import CLIENT, ISSUER, NONCE, Issuer, rsa_key

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
PROVIDER = Issuer()
KEYS = KeySet.read(PROVIDER.key_set())


def at(seconds: float) -> int:
    return int(NOW.timestamp() + seconds)


CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "aud": CLIENT,
    "iat": at(-1),
    "exp": at(120),
    "jti": "bWJq",
    "events": {EVENT: {}},
    "sub": "248289761001",
    "sid": "08a5019c",
}


def read(change: dict[str, Any] | None = None, /, by: Issuer = PROVIDER, **header: Any) -> Logout:
    claims = {name: value for name, value in {**CLAIMS, **(change or {})}.items() if value is not ...}
    return verify(by.sign(claims, **header), KEYS, issuer=ISSUER, client_id=CLIENT, now=NOW)


@pytest.mark.parametrize("typ", ["logout+jwt", "application/logout+jwt", "JWT"])
def test_whose_sessions_ended(typ: str) -> None:
    said_at = NOW - timedelta(seconds=1)
    assert read(typ=typ) == Logout(ISSUER, "bWJq", "248289761001", "08a5019c", said_at)


def test_of_one_session_or_of_all_of_a_subject() -> None:
    assert read({"sub": ...}).provider_session == "08a5019c"
    assert read({"sid": ...}).provider_session is None
    assert read({"aud": ["another", CLIENT]}).subject == "248289761001"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"iss": "https://other.example.com"}, IdTokenProblem.WRONG_ISSUER),
        ({"aud": "another"}, IdTokenProblem.WRONG_AUDIENCE),
        ({"aud": {CLIENT: 1}}, IdTokenProblem.WRONG_AUDIENCE),
        ({"aud": ...}, IdTokenProblem.WRONG_AUDIENCE),
        ({"nonce": NONCE}, IdTokenProblem.WRONG_KIND),
        ({"events": ...}, IdTokenProblem.WRONG_KIND),
        ({"events": {}}, IdTokenProblem.WRONG_KIND),
        ({"events": [EVENT]}, IdTokenProblem.WRONG_KIND),
        ({"events": {EVENT: None}}, IdTokenProblem.WRONG_KIND),
        ({"sub": ..., "sid": ...}, IdTokenProblem.MALFORMED),
        ({"sub": 7}, IdTokenProblem.MALFORMED),
        ({"sid": ""}, IdTokenProblem.MALFORMED),
        ({"sid": "s" * 513}, IdTokenProblem.MALFORMED),
        ({"jti": ...}, IdTokenProblem.MALFORMED),
        ({"exp": ...}, IdTokenProblem.MALFORMED),
        ({"iat": at(-900), "exp": at(-600)}, IdTokenProblem.EXPIRED),
        ({"iat": at(600), "exp": at(900)}, IdTokenProblem.NOT_YET_VALID),
    ],
)
def test_what_ends_nothing(change: dict[str, Any], reason: IdTokenProblem) -> None:
    with pytest.raises(InvalidIdToken) as refused:
        read(change)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("by", "typ", "reason"),
    [
        (Issuer(key=rsa_key("k2")), "logout+jwt", IdTokenProblem.BAD_SIGNATURE),
        (Issuer(kid="k2"), "logout+jwt", IdTokenProblem.UNKNOWN_KEY),
        (PROVIDER, "at+jwt", IdTokenProblem.WRONG_KIND),
    ],
)
def test_who_says_so(by: Issuer, typ: str, reason: IdTokenProblem) -> None:
    with pytest.raises(InvalidIdToken) as refused:
        read(by=by, typ=typ)
    assert refused.value.reason == reason
