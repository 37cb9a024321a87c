"""Tokens: what ours say, and everything that is not ours."""

import base64
import hashlib
import hmac
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from hypothesis import given
from hypothesis import strategies as st

from access.key_files import thumbprint
from access.signing_keys import LATE_S, RETIREMENT_S
from access.tokens import InvalidToken, TokenKeys, TokenProblem
from storage.model import Grant, Principal, PrincipalKind

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ALICE = Principal(name="alice", kind=PrincipalKind.HUMAN)


def grant(resource: str = "payments-db", role: str = "read") -> Grant:
    return Grant(
        request_id=uuid4(),
        principal_id=ALICE.id,
        resource=resource,
        role=role,
        not_before=NOW,
        expires_at=NOW + timedelta(minutes=15),
    )


@pytest.fixture
def keys(tmp_path: Path) -> TokenKeys:
    return TokenKeys(tmp_path / "keys")


def problem(keys: TokenKeys, token: str, now: datetime = NOW) -> TokenProblem:
    with pytest.raises(InvalidToken) as invalid:
        keys.verify(token, now)
    assert len(str(invalid.value)) > 20
    assert len(token) < 5 or token not in str(invalid.value)
    return invalid.value.reason


def test_a_token_says_who_what_and_until_when(keys: TokenKeys) -> None:
    given_grant = grant()
    claims = keys.verify(keys.issue(grant=given_grant, principal=ALICE, now=NOW), NOW)
    assert (claims.principal_id, claims.grant_id) == (ALICE.id, given_grant.id)
    assert (claims.resource, claims.role, claims.kind) == ("payments-db", "read", PrincipalKind.HUMAN)
    assert (claims.issued_at, claims.expires_at) == (NOW, NOW + timedelta(minutes=15))


def test_tokens_are_short(keys: TokenKeys) -> None:
    assert len(keys.issue(grant=grant(), principal=ALICE, now=NOW)) < 500
    assert len(keys.issue(grant=grant("r" * 63, "o" * 63), principal=ALICE, now=NOW)) < 900


def test_two_tokens_of_a_grant_differ(keys: TokenKeys) -> None:
    given_grant = grant()
    first, second = (keys.issue(grant=given_grant, principal=ALICE, now=NOW) for _ in range(2))
    assert first != second


def test_times_are_checked_with_little_leeway(keys: TokenKeys) -> None:
    token = keys.issue(grant=grant(), principal=ALICE, now=NOW)
    assert keys.verify(token, NOW - timedelta(seconds=5))
    assert keys.verify(token, NOW + timedelta(minutes=15, seconds=4))
    assert problem(keys, token, NOW + timedelta(minutes=15, seconds=5)) is TokenProblem.EXPIRED
    assert problem(keys, token, NOW - timedelta(seconds=6)) is TokenProblem.NOT_YET_VALID


def private_key(folder: Path) -> tuple[str, Ed25519PrivateKey]:
    kid = (folder / "active").read_text()
    key = load_pem_private_key((folder / f"{kid}.pem").read_bytes(), None)
    assert isinstance(key, Ed25519PrivateKey)
    return kid, key


def good_claims() -> dict[str, Any]:
    return {
        "iss": "gatepass",
        "aud": "gatepass-proxy",
        "sub": str(uuid4()),
        "gid": str(uuid4()),
        "res": "payments-db",
        "rol": "read",
        "knd": "human",
        "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 60,
        "jti": "x",
    }


@pytest.mark.parametrize(
    ("claim", "value", "expected"),
    [
        ("iss", "somebody", TokenProblem.WRONG_AUDIENCE),
        ("aud", "gatepass-web", TokenProblem.WRONG_AUDIENCE),
        ("sub", "alice", TokenProblem.MALFORMED),
        ("sub", 7, TokenProblem.MALFORMED),
        ("gid", [], TokenProblem.MALFORMED),
        ("res", None, TokenProblem.MALFORMED),
        ("rol", {"a": 1}, TokenProblem.MALFORMED),
        ("knd", "god", TokenProblem.MALFORMED),
        ("iat", "yesterday", TokenProblem.MALFORMED),
        ("iat", int(NOW.timestamp()) + 3600, TokenProblem.NOT_YET_VALID),
        ("exp", 10**400, TokenProblem.MALFORMED),
        ("exp", int(NOW.timestamp()) - 60, TokenProblem.EXPIRED),
    ],
)
def test_signed_nonsense_is_refused(
    keys: TokenKeys, tmp_path: Path, claim: str, value: Any, expected: TokenProblem
) -> None:
    kid, key = private_key(tmp_path / "keys")
    claims = good_claims()
    assert keys.verify(jwt.encode(claims, key, "EdDSA", {"kid": kid}), NOW)
    body = _segment({**claims, claim: value})
    signed = f"{_segment({'alg': 'EdDSA', 'kid': kid})}.{body}"
    token = f"{signed}.{_b64(key.sign(signed.encode()))}"
    assert problem(keys, token) is expected


@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "gid", "res", "rol", "knd", "iat", "exp", "jti"])
def test_every_claim_is_required(keys: TokenKeys, tmp_path: Path, claim: str) -> None:
    kid, key = private_key(tmp_path / "keys")
    claims = good_claims()
    del claims[claim]
    token = jwt.encode(claims, key, "EdDSA", {"kid": kid})
    assert problem(keys, token) in {TokenProblem.MALFORMED, TokenProblem.WRONG_AUDIENCE}


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _segment(part: dict[str, Any]) -> str:
    return _b64(json.dumps(part).encode())


def unsigned(kid: str, _: Ed25519PrivateKey) -> str:
    return f"{_segment({'alg': 'none', 'kid': kid})}.{_segment(good_claims())}."


def by_public_key_as_secret(kid: str, key: Ed25519PrivateKey) -> str:
    """The classic confusion: HMAC with the public key, which is no secret."""
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = f"{_segment({'alg': 'HS256', 'kid': kid})}.{_segment(good_claims())}"
    return f"{signed}.{_b64(hmac.new(public, signed.encode(), hashlib.sha256).digest())}"


def by_another_key(kid: str, _: Ed25519PrivateKey) -> str:
    return jwt.encode(good_claims(), Ed25519PrivateKey.generate(), "EdDSA", {"kid": kid})


def by_another_curve(kid: str, _: Ed25519PrivateKey) -> str:
    return jwt.encode(good_claims(), generate_private_key(SECP256R1()), "ES256", {"kid": kid})


def altered(kid: str, key: Ed25519PrivateKey) -> str:
    head, body, signature = jwt.encode(good_claims(), key, "EdDSA", {"kid": kid}).split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    return f"{head}.{_segment({**claims, 'rol': 'admin'})}.{signature}"


@pytest.mark.parametrize("forge", [unsigned, by_public_key_as_secret, by_another_key, by_another_curve, altered])
def test_forgeries_are_refused(keys: TokenKeys, tmp_path: Path, forge: Callable[[str, Ed25519PrivateKey], str]) -> None:
    assert problem(keys, forge(*private_key(tmp_path / "keys"))) is TokenProblem.BAD_SIGNATURE


@pytest.mark.parametrize("kid", [None, "unknown", "../../etc/passwd", ""])
def test_unknown_keys_are_refused(keys: TokenKeys, tmp_path: Path, kid: str | None) -> None:
    _, key = private_key(tmp_path / "keys")
    token = jwt.encode(good_claims(), key, "EdDSA", {"kid": kid} if kid is not None else {})
    assert problem(keys, token) is TokenProblem.UNKNOWN_KEY


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "é.é.é", "x" * 3000, "eyJhbGciOiJFZERTQSJ9", "\x00"])
def test_garbage_is_malformed(keys: TokenKeys, token: str) -> None:
    assert problem(keys, token) is TokenProblem.MALFORMED


@given(st.text(max_size=100))
def test_any_text_is_refused_with_a_reason(tmp_path_factory: pytest.TempPathFactory, token: str) -> None:
    with pytest.raises(InvalidToken):
        _shared_keys(tmp_path_factory).verify(token, NOW)


_SHARED: list[TokenKeys] = []


def _shared_keys(tmp_path_factory: pytest.TempPathFactory) -> TokenKeys:
    if not _SHARED:
        _SHARED.append(TokenKeys(tmp_path_factory.mktemp("shared") / "keys"))
    return _SHARED[0]


def test_rotation_reaches_other_processes_and_keeps_old_tokens(keys: TokenKeys, tmp_path: Path) -> None:
    other = TokenKeys(tmp_path / "keys")
    old = keys.issue(grant=grant(), principal=ALICE, now=NOW)
    kid = other.rotate(NOW)
    new = other.issue(grant=grant(), principal=ALICE, now=NOW)
    assert jwt.get_unverified_header(new)["kid"] == kid != jwt.get_unverified_header(old)["kid"]
    for each in (keys, other):
        assert each.verify(old, NOW)
        assert each.verify(new, NOW)
    assert jwt.get_unverified_header(keys.issue(grant=grant(), principal=ALICE, now=NOW))["kid"] == kid


def test_a_removed_key_verifies_nothing(keys: TokenKeys, tmp_path: Path) -> None:
    old = keys.issue(grant=grant(), principal=ALICE, now=NOW)
    kid = jwt.get_unverified_header(old)["kid"]
    keys.rotate(NOW)
    (tmp_path / "keys" / f"{kid}.pem").unlink()
    os.utime(tmp_path / "keys", ns=(1, 1))
    assert problem(keys, old) is TokenProblem.UNKNOWN_KEY


@pytest.mark.finding("M12")
def test_a_replaced_key_signs_nothing_new(keys: TokenKeys, tmp_path: Path) -> None:
    """What leaked signs as well as before; its tokens are refused by their own iat, whenever they are shown."""
    leaked = TokenKeys(tmp_path / "leaked")
    shutil.copytree(tmp_path / "keys", tmp_path / "leaked", dirs_exist_ok=True)
    before = leaked.issue(grant=grant(), principal=ALICE, now=NOW)
    keys.rotate(NOW)
    for days in (0, 400):
        later = NOW + timedelta(days=days, seconds=LATE_S + 1)
        long = grant()
        long.expires_at = later + timedelta(minutes=15)
        forged = leaked.issue(grant=long, principal=ALICE, now=later)
        assert problem(keys, forged, later) in {TokenProblem.RETIRED_KEY, TokenProblem.UNKNOWN_KEY}
    assert keys.verify(before, NOW)


@pytest.mark.finding("M12")
def test_a_replaced_key_verifies_nothing_once_all_its_tokens_are_over(keys: TokenKeys) -> None:
    """A forger may write any iat: so the key itself goes, when nothing that it signed can be valid any more."""
    endless = grant()
    endless.expires_at = NOW + timedelta(days=4000)
    backdated = keys.issue(grant=endless, principal=ALICE, now=NOW)
    keys.rotate(NOW)
    assert keys.verify(backdated, NOW + timedelta(seconds=RETIREMENT_S))
    assert problem(keys, backdated, NOW + timedelta(seconds=RETIREMENT_S + LATE_S + 1)) is TokenProblem.UNKNOWN_KEY


@pytest.mark.finding("M12")
def test_a_revoked_key_opens_nothing_from_that_moment(keys: TokenKeys, tmp_path: Path) -> None:
    other = TokenKeys(tmp_path / "keys")
    token = keys.issue(grant=grant(), principal=ALICE, now=NOW)
    keys.rotate(NOW, revoke=True)
    for each in (keys, other):
        assert problem(each, token) is TokenProblem.UNKNOWN_KEY


def test_what_was_verified_is_asked_again_without_its_text(keys: TokenKeys, tmp_path: Path) -> None:
    claims = keys.verify(keys.issue(grant=grant(), principal=ALICE, now=NOW), NOW)
    keys.check(claims, NOW)
    with pytest.raises(InvalidToken) as expired:
        keys.check(claims, claims.expires_at + timedelta(minutes=1))
    assert expired.value.reason is TokenProblem.EXPIRED
    keys.rotate(NOW)
    keys.check(claims, NOW)
    keys.rotate(NOW, revoke=True)
    for each, said in ((keys, claims), (TokenKeys(tmp_path / "keys"), claims), (keys, replace(claims, signed_by=None))):
        with pytest.raises(InvalidToken) as unknown:
            each.check(said, NOW)
        assert unknown.value.reason is TokenProblem.UNKNOWN_KEY


def test_a_folder_that_became_unusable_lets_nobody_in(keys: TokenKeys, tmp_path: Path) -> None:
    token = keys.issue(grant=grant(), principal=ALICE, now=NOW)
    (key_file,) = (tmp_path / "keys").glob("*.pem")
    key_file.write_bytes(b"not a key")
    os.utime(tmp_path / "keys", ns=(1, 1))
    assert problem(keys, token) is TokenProblem.UNKNOWN_KEY


def test_a_given_key_signs(tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    given_file = tmp_path / "given.pem"
    given_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    given_file.chmod(0o400)
    keys = TokenKeys(tmp_path / "keys", given=given_file)
    token = keys.issue(grant=grant(), principal=ALICE, now=NOW)
    assert jwt.get_unverified_header(token)["kid"] == thumbprint(key.public_key())
    assert keys.verify(token, NOW)
    assert list((tmp_path / "keys").iterdir()) == []
