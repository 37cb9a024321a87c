"""The confusion matrix: what looks like proof of a sign-in, and is none. docs/identity.md shows it as a table."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from access.identity.oidc.id_token import (
    LEEWAY_S,
    MAX_CHARS,
    MAX_DEPTH,
    Expected,
    IdTokenProblem,
    InvalidIdToken,
    key_name,
    verify,
)
from access.identity.oidc.key_set import KeySet
from support.identity.issuers import CLIENT, ISSUER, NONCE, Issuer, curve_key, edwards_key, encoded, public_jwk, rsa_key

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
PROVIDER = Issuer()
OTHER = Issuer("https://other.example.com", key=rsa_key("k2"))
EXPECTED = Expected(ISSUER, CLIENT, NONCE)
KEYS = KeySet.read(PROVIDER.key_set())


def at(seconds: float) -> int:
    return int(NOW.timestamp() + seconds)


CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "sub": "248289761001",
    "aud": CLIENT,
    "nonce": NONCE,
    "iat": at(-1),
    "exp": at(300),
    "auth_time": at(-60),
    "amr": ["pwd", "otp"],
    "acr": "urn:mace:incommon:iap:silver",
    "sid": "08a5019c",
    "email": "alice@example.com",
    "email_verified": True,
    "groups": ["db-oncall"],
}


def token(change: dict[str, Any] | None = None, /, by: Issuer = PROVIDER, **header: Any) -> str:
    claims = {name: value for name, value in {**CLAIMS, **(change or {})}.items() if value is not ...}
    return by.sign(claims, **header)


def problem(given: str, *, keys: KeySet = KEYS, expected: Expected = EXPECTED, access_token: str | None = None) -> str:
    with pytest.raises(InvalidIdToken) as refused:
        verify(given, keys, expected, NOW, access_token=access_token)
    return refused.value.reason


def test_what_a_token_says() -> None:
    signed_in = verify(token(), KEYS, EXPECTED, NOW)
    assert (signed_in.issuer, signed_in.subject) == (ISSUER, "248289761001")
    assert signed_in.signed_in_at == NOW - timedelta(seconds=60)
    assert (signed_in.methods, signed_in.level) == (("pwd", "otp"), "urn:mace:incommon:iap:silver")
    assert (signed_in.email, signed_in.email_verified, signed_in.provider_session) == (
        "alice@example.com",
        True,
        "08a5019c",
    )
    assert signed_in.claims["groups"] == ["db-oncall"]


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [
        ("RS256", rsa_key("k1")),
        ("RS512", rsa_key("k1")),
        ("PS384", rsa_key("k1")),
        ("ES256", curve_key("k1")),
        ("ES384", curve_key("k1", "P-384")),
        ("ES512", curve_key("k1", "P-521")),
        ("EdDSA", edwards_key("k1")),
    ],
)
def test_every_algorithm_that_is_accepted(algorithm: str, key: Any) -> None:
    provider = Issuer(algorithm=algorithm, key=key)
    access_token = "an access token"
    digest = hashlib.new(_hash(algorithm), access_token.encode()).digest()
    given = token({"at_hash": base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()}, by=provider)
    assert verify(given, KeySet.read(provider.key_set()), EXPECTED, NOW, access_token=access_token).subject


def _hash(algorithm: str) -> str:
    return "sha512" if algorithm == "EdDSA" else f"sha{algorithm[2:]}"


# --- by its form ------------------------------------------------------------------------------------------------------


def hmac_token(secret: bytes, algorithm: str = "HS256", **header: Any) -> str:
    signed = f"{encoded({'alg': algorithm, 'typ': 'JWT', 'kid': 'k1', **header})}.{encoded(CLAIMS)}"
    return f"{signed}.{encoded(hmac.digest(secret, signed.encode(), 'sha256'))}"


def public_bytes(form: serialization.PublicFormat) -> bytes:
    return PROVIDER.key.public_key().public_bytes(serialization.Encoding.PEM, form)


def changed(part: int, value: str) -> str:
    parts = token().split(".")
    parts[part] = value
    return ".".join(parts)


def signed_by_hand(payload: bytes) -> str:
    signed = f"{encoded({'alg': 'RS256', 'kid': 'k1'})}.{encoded(payload)}"
    return f"{signed}.{encoded(PROVIDER.key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth - 1):
        value = [value]
    return value


FORMS: dict[str, tuple[str, IdTokenProblem]] = {
    "alg none": (f"{encoded({'alg': 'none'})}.{encoded(CLAIMS)}.", IdTokenProblem.ALGORITHM),
    "alg None, with a signature": (changed(0, encoded({"alg": "None", "kid": "k1"})), IdTokenProblem.ALGORITHM),
    "HS256 with the public key": (
        hmac_token(public_bytes(serialization.PublicFormat.SubjectPublicKeyInfo)),
        IdTokenProblem.ALGORITHM,
    ),
    "HS256 with the public key as JWK": (
        hmac_token(json.dumps(public_jwk(PROVIDER.key)).encode()),
        IdTokenProblem.ALGORITHM,
    ),
    "HS256 with the client's secret": (hmac_token(b"the client's secret, which is long"), IdTokenProblem.ALGORITHM),
    "alg is a list": (changed(0, encoded({"alg": ["RS256"], "kid": "k1"})), IdTokenProblem.ALGORITHM),
    "alg of another kind of key": (changed(0, encoded({"alg": "ES256", "kid": "k1"})), IdTokenProblem.UNKNOWN_KEY),
    "wrong kid": (token(kid="k2"), IdTokenProblem.UNKNOWN_KEY),
    "kid is no text": (changed(0, encoded({"alg": "RS256", "kid": {"k": 1}})), IdTokenProblem.MALFORMED),
    "kid is a path": (token(kid="../../dev/null"), IdTokenProblem.UNKNOWN_KEY),
    "same kid of another issuer": (token(by=OTHER), IdTokenProblem.BAD_SIGNATURE),
    "key within the header": (
        token(by=Issuer(key=rsa_key("k3")), jwk=public_jwk(rsa_key("k3"))),
        IdTokenProblem.BAD_SIGNATURE,
    ),
    "address of a key in the header": (
        token(by=Issuer(key=rsa_key("k3")), jku="https://evil.example.com/keys"),
        IdTokenProblem.BAD_SIGNATURE,
    ),
    "changed after it was signed": (changed(1, encoded({**CLAIMS, "sub": "1"})), IdTokenProblem.BAD_SIGNATURE),
    "no signature": (changed(2, ""), IdTokenProblem.BAD_SIGNATURE),
    "crit": (token(crit=["exp"], exp=1), IdTokenProblem.MALFORMED),
    "unencoded payload (b64)": (token(b64=False), IdTokenProblem.MALFORMED),
    "a token within": (token(cty="JWT"), IdTokenProblem.MALFORMED),
    "JWE": (f"{encoded({'alg': 'RSA-OAEP', 'enc': 'A256GCM'})}.a.b.c.d", IdTokenProblem.MALFORMED),
    "JWE of three parts": (changed(0, encoded({"alg": "RSA-OAEP", "enc": "A256GCM"})), IdTokenProblem.MALFORMED),
    "compressed": (token(zip="DEF"), IdTokenProblem.MALFORMED),
    "oversized": (token({"groups": ["g" * 100] * (MAX_CHARS // 100)}), IdTokenProblem.MALFORMED),
    "deeply nested": (
        changed(1, encoded(b'{"a":' + b"[" * 10_000 + b"]" * 10_000 + b"}")),
        IdTokenProblem.BAD_SIGNATURE,
    ),
    "a deeply nested header": (
        changed(0, encoded(b'{"alg":"RS256","a":' + b"[" * 10_000 + b"]" * 10_000 + b"}")),
        IdTokenProblem.MALFORMED,
    ),
    "claims are a list": (signed_by_hand(b"[1]"), IdTokenProblem.MALFORMED),
    "claims are no JSON": (signed_by_hand(b"{"), IdTokenProblem.MALFORMED),
    "claims nested without end, signed": (
        signed_by_hand(b'{"a":' + b"[" * 9_000 + b"]" * 9_000 + b"}"),
        IdTokenProblem.MALFORMED,
    ),
    "claims nested too deep, signed": (token({"groups": nested(MAX_DEPTH)}), IdTokenProblem.MALFORMED),
    "a header nested too deep": (token(a=nested(MAX_DEPTH)), IdTokenProblem.MALFORMED),
    "two parts": ("a.b", IdTokenProblem.MALFORMED),
    "nothing": ("", IdTokenProblem.MALFORMED),
    "not base64": ("$.$.$", IdTokenProblem.MALFORMED),
    "not ASCII": (f"{token()}\u0661", IdTokenProblem.MALFORMED),
    "a null byte": (f"\0{token()}", IdTokenProblem.MALFORMED),
}


@pytest.mark.parametrize("name", FORMS)
def test_by_its_form(name: str) -> None:
    given, reason = FORMS[name]
    assert problem(given) == reason


def test_claims_nest_as_deep_as_any_provider_needs() -> None:
    deepest = nested(MAX_DEPTH - 1)
    assert verify(token({"groups": deepest}), KEYS, EXPECTED, NOW).claims["groups"] == deepest


def test_a_token_nested_without_end_names_no_key() -> None:
    assert key_name(FORMS["a deeply nested header"][0]) is None


# --- by what it says --------------------------------------------------------------------------------------------------

LATE = LEEWAY_S + 1
SAID: dict[str, tuple[dict[str, Any], IdTokenProblem]] = {
    "another issuer": ({"iss": OTHER.issuer}, IdTokenProblem.WRONG_ISSUER),
    "an issuer that begins alike": ({"iss": ISSUER + "/"}, IdTokenProblem.WRONG_ISSUER),
    "no issuer": ({"iss": ...}, IdTokenProblem.WRONG_ISSUER),
    "other audience": ({"aud": "another"}, IdTokenProblem.WRONG_AUDIENCE),
    "other audiences": ({"aud": ["another", "third"]}, IdTokenProblem.WRONG_AUDIENCE),
    "audience that begins alike": ({"aud": CLIENT + "x"}, IdTokenProblem.WRONG_AUDIENCE),
    "no audience": ({"aud": ...}, IdTokenProblem.WRONG_AUDIENCE),
    "audience is a mapping": ({"aud": {CLIENT: 1}}, IdTokenProblem.WRONG_AUDIENCE),
    "two audiences, foreign azp": ({"aud": [CLIENT, "b"], "azp": "b"}, IdTokenProblem.WRONG_AUDIENCE),
    "two audiences, no azp": ({"aud": [CLIENT, "b"]}, IdTokenProblem.WRONG_AUDIENCE),
    "one audience, foreign azp": ({"azp": "b"}, IdTokenProblem.WRONG_AUDIENCE),
    "azp is a list": ({"azp": [CLIENT]}, IdTokenProblem.WRONG_AUDIENCE),
    "expired": ({"iat": at(-900), "exp": at(-LATE)}, IdTokenProblem.EXPIRED),
    "clock ten minutes behind": ({"iat": at(-900), "exp": at(-600)}, IdTokenProblem.EXPIRED),
    "clock ten minutes ahead": ({"iat": at(600), "exp": at(900)}, IdTokenProblem.NOT_YET_VALID),
    "not yet": ({"nbf": at(LATE)}, IdTokenProblem.NOT_YET_VALID),
    "signed in in the future": ({"auth_time": at(LATE)}, IdTokenProblem.NOT_YET_VALID),
    "no exp": ({"exp": ...}, IdTokenProblem.MALFORMED),
    "no iat": ({"iat": ...}, IdTokenProblem.MALFORMED),
    "exp is a text": ({"exp": str(at(300))}, IdTokenProblem.MALFORMED),
    "exp is true": ({"exp": True}, IdTokenProblem.MALFORMED),
    "exp beyond all time": ({"exp": 1e300}, IdTokenProblem.MALFORMED),
    "auth_time is a text": ({"auth_time": "now"}, IdTokenProblem.MALFORMED),
    "another nonce": ({"nonce": "another"}, IdTokenProblem.WRONG_NONCE),
    "nonce is a number": ({"nonce": 7}, IdTokenProblem.WRONG_NONCE),
    "no nonce": ({"nonce": ...}, IdTokenProblem.WRONG_KIND),
    "a logout token": ({"nonce": ..., "events": {}}, IdTokenProblem.WRONG_KIND),
    "a logout token with a nonce": ({"events": {}}, IdTokenProblem.WRONG_KIND),
    "no subject": ({"sub": ...}, IdTokenProblem.MALFORMED),
    "empty subject": ({"sub": ""}, IdTokenProblem.MALFORMED),
    "subject is a number": ({"sub": 7}, IdTokenProblem.MALFORMED),
    "subject that cannot be seen": ({"sub": "1\u202e"}, IdTokenProblem.MALFORMED),
    "subject without end": ({"sub": "1" * 256}, IdTokenProblem.MALFORMED),
}


@pytest.mark.parametrize("name", SAID)
def test_by_what_it_says(name: str) -> None:
    change, reason = SAID[name]
    assert problem(token(change)) == reason


@pytest.mark.parametrize("typ", ["at+jwt", "application/at+jwt", "logout+jwt", "AT+JWT"])
def test_a_token_of_another_kind_says_so(typ: str) -> None:
    assert problem(token(typ=typ)) == IdTokenProblem.WRONG_KIND


@pytest.mark.parametrize("typ", ["JWT", "jwt", "application/jwt"])
def test_an_id_token_says_so_or_nothing(typ: str) -> None:
    assert verify(token(typ=typ), KEYS, EXPECTED, NOW).subject


@pytest.mark.parametrize("change", [{"aud": [CLIENT]}, {"aud": [CLIENT, "b"], "azp": CLIENT}, {"azp": CLIENT}])
def test_audiences_that_are_ours(change: dict[str, Any]) -> None:
    assert verify(token(change), KEYS, EXPECTED, NOW).subject


@pytest.mark.parametrize("change", [{"iat": at(LEEWAY_S), "nbf": at(LEEWAY_S)}, {"exp": at(1 - LEEWAY_S)}])
def test_clocks_may_differ_a_little(change: dict[str, Any]) -> None:
    assert verify(token(change), KEYS, EXPECTED, NOW).subject


@pytest.mark.parametrize("hashed", ["another", 7, ""])
def test_an_access_token_of_another_sign_in(hashed: object) -> None:
    assert problem(token({"at_hash": hashed}), access_token="x") == IdTokenProblem.OTHER_ACCESS_TOKEN


@pytest.mark.parametrize(("ago", "fresh"), [(100, True), (900, False), (..., False)])
def test_how_long_ago_somebody_signed_in(ago: Any, fresh: bool) -> None:
    expected = Expected(ISSUER, CLIENT, NONCE, max_age_s=300)
    given = token({"auth_time": ago if ago is ... else at(-ago)})
    if fresh:
        assert verify(given, KEYS, expected, NOW).subject
    else:
        assert problem(given, expected=expected) == IdTokenProblem.SIGNED_IN_TOO_LONG_AGO


def test_an_algorithm_that_this_provider_does_not_use() -> None:
    assert problem(token(), expected=Expected(ISSUER, CLIENT, NONCE, algorithms=["ES256"])) == IdTokenProblem.ALGORITHM


@pytest.mark.parametrize("verified", ["true", 1, None, False])
def test_an_address_is_verified_by_true_alone(verified: object) -> None:
    assert verify(token({"email_verified": verified}), KEYS, EXPECTED, NOW).email_verified is False


@pytest.mark.parametrize("amr", ["pwd", 7, {"otp": 1}, None])
def test_methods_are_a_list_of_texts(amr: object) -> None:
    assert verify(token({"amr": amr}), KEYS, EXPECTED, NOW).methods == ()


@pytest.mark.parametrize("reason", list(IdTokenProblem))
def test_every_problem_has_words_that_hold_nothing_of_the_token(reason: IdTokenProblem) -> None:
    assert str(InvalidIdToken(reason)).startswith(("is ", "has ", "comes ", "belongs ", "does "))


@pytest.mark.parametrize(
    ("make", "name"),
    [(token, "k1"), (lambda: token(by=Issuer(kid=None)), None), (lambda: "x", None), (lambda: "a.b.c", None)],
)
def test_a_token_names_its_key(make: Callable[[], str], name: str | None) -> None:
    assert key_name(make()) == name
