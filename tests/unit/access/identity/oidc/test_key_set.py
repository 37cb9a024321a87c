"""Which keys of a provider's are taken, and which of them may have signed a token."""

import copy
from typing import Any

import pytest

from access.identity.oidc.key_set import MAX_KEYS, KeySet, NotAKeySet
from support.identity.issuers import curve_key, edwards_key, public_jwk, rsa_key

RSA = public_jwk(rsa_key("k1"), kid="r")
P256 = public_jwk(curve_key("k1"), kid="c")
P521 = public_jwk(curve_key("k1", "P-521"), kid="d")
ED = public_jwk(edwards_key("k1"), kid="e")


def read(*keys: object) -> KeySet:
    return KeySet.read({"keys": list(keys)})


@pytest.mark.parametrize(
    ("key", "algorithm", "other"),
    [
        (RSA, "RS256", "ES256"),
        (RSA, "PS512", "EdDSA"),
        (P256, "ES256", "ES512"),
        (P521, "ES512", "ES256"),
        (ED, "EdDSA", "RS256"),
    ],
)
def test_a_key_verifies_what_its_kind_allows(key: dict[str, Any], algorithm: str, other: str) -> None:
    keys = read(key)
    assert keys.find(key["kid"], algorithm) is not None
    assert keys.find(key["kid"], other) is None
    assert keys.find("another", algorithm) is None


def test_an_algorithm_of_its_own_is_the_only_one() -> None:
    keys = read({**RSA, "alg": "PS256"})
    assert keys.find("r", "PS256") is not None
    assert keys.find("r", "RS256") is None


def test_without_a_kid_there_must_be_no_choice() -> None:
    assert read(RSA, P256).find(None, "RS256") is not None
    assert read(RSA, public_jwk(rsa_key("k2"), kid="r2")).find(None, "RS256") is None


@pytest.mark.parametrize(
    "entry",
    [
        {"kty": "oct", "k": "c2VjcmV0LXRoYXQtZXZlcnlib2R5LWNhbi1yZWFk", "kid": "s", "alg": "HS256"},
        {**RSA, "use": "enc"},
        {**RSA, "key_ops": ["encrypt"]},
        {**RSA, "key_ops": ["verify", "sign"]},
        {**RSA, "alg": "HS256"},
        {**RSA, "alg": "none"},
        {**RSA, "alg": ["RS256"]},
        {**RSA, "kid": 7},
        {**RSA, "n": "AQAB"},
        {**RSA, "n": None},
        {**RSA, "kty": "EC"},
        {**P256, "crv": "secp256k1"},
        {**P256, "x": P256["y"]},
        {**P256, "crv": ["P-256"]},
        {**ED, "crv": "X25519"},
        public_jwk(rsa_key("short", 1024), kid="short"),
        "a text",
        None,
        [],
    ],
)
def test_what_verifies_nothing_is_left_out_and_the_others_stay(entry: object) -> None:
    keys = read(entry, P521)
    assert len(keys) == 1
    assert keys.knows("d")


def test_a_private_key_in_the_set_is_no_key() -> None:
    private = copy.deepcopy(ED)
    private["d"] = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
    assert len(read(private)) == 0


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({}, "no list of keys"),
        ([], "no list of keys"),
        ({"keys": {}}, "no list of keys"),
        (None, "no list of keys"),
        ({"keys": [RSA] * (MAX_KEYS + 1)}, "the most"),
        ({"keys": [RSA, {**P256, "kid": "r"}]}, "the same kid"),
    ],
)
def test_what_is_no_key_set(document: object, why: str) -> None:
    with pytest.raises(NotAKeySet, match=why):
        KeySet.read(document)
