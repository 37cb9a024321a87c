"""The keys of one OpenID provider (RFC 7517): which of them may have signed a token. Pure.

Only public keys that sign are taken, each for the algorithms that its kind and curve allow. A shared secret in a set is
published: a token that names HS256 would be signed with what everybody can read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

PublicKey = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey

#: RFC 7518 section 3.1 and RFC 8037, of which each needs a public key. Nothing else is verified.
RSA_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
CURVE_ALGORITHMS: Mapping[str, str] = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}
ALGORITHMS = (*RSA_ALGORITHMS, *CURVE_ALGORITHMS.values(), "EdDSA")

#: NIST SP 800-131A: shorter ones are no protection.
SMALLEST_RSA_BITS = 2048
#: More is refused as a whole: no provider rotates through so many, and each costs time to read.
MAX_KEYS = 100


class NotAKeySet(Exception):
    """What the provider gave is no key set; the message is the end of a sentence about it."""


@dataclass(frozen=True)
class VerificationKey:
    """A key, what it is called, and what it may verify."""

    #: None: the provider gave it no name.
    kid: str | None
    algorithms: tuple[str, ...]
    key: PublicKey


class KeySet:
    """Keys of one provider. Those of another one never stand in it: the same `kid` there is another key."""

    def __init__(self, keys: Sequence[VerificationKey]) -> None:
        self._keys = tuple(keys)

    def __len__(self) -> int:
        return len(self._keys)

    @classmethod
    def read(cls, document: object) -> "KeySet":
        """The set in a JSON document. Keys of kinds that verify nothing here are left out. Raises NotAKeySet.

        RFC 7517 section 5: what is not understood in a set is ignored, one key at a time.
        """
        entries = document.get("keys") if isinstance(document, dict) else None
        if not isinstance(entries, list):
            raise NotAKeySet("it has no list of keys")
        if len(entries) > MAX_KEYS:
            raise NotAKeySet(f"it has {len(entries)} keys, and {MAX_KEYS} are the most that are read")
        keys = [key for entry in entries if (key := _key(entry)) is not None]
        named = [key.kid for key in keys if key.kid is not None]
        if len(set(named)) != len(named):
            raise NotAKeySet("two of its keys have the same kid")
        return cls(keys)

    def find(self, kid: str | None, algorithm: str) -> VerificationKey | None:
        """The key that may have signed; None: there is none, or without a kid more than one (OIDC Core 10.1)."""
        fitting = [key for key in self._keys if algorithm in key.algorithms]
        if kid is not None:
            return next((key for key in fitting if key.kid == kid), None)
        return fitting[0] if len(fitting) == 1 else None

    def knows(self, kid: str | None) -> bool:
        """Whether a key is called so: one that is not may be newer than this set."""
        return any(key.kid == kid for key in self._keys)


def _key(entry: object) -> VerificationKey | None:
    """One key, or None for what verifies nothing here."""
    if not isinstance(entry, dict):
        return None
    fields: dict[str, Any] = {name: value for name, value in entry.items() if isinstance(name, str)}
    operations = fields.get("key_ops")
    if fields.get("use", "sig") != "sig" or (operations is not None and operations != ["verify"]):
        return None
    possible = _algorithms(fields)
    declared = fields.get("alg")
    algorithms = possible if declared is None else tuple(each for each in possible if each == declared)
    kid = fields.get("kid")
    if not algorithms or not (kid is None or isinstance(kid, str)):
        return None
    try:
        key = jwt.PyJWK(fields, algorithms[0]).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None
    return VerificationKey(kid, algorithms, key) if _is_fit(key) else None


def _algorithms(fields: Mapping[str, Any]) -> tuple[str, ...]:
    match fields.get("kty"), fields.get("crv"):
        case "RSA", _:
            return RSA_ALGORITHMS
        case "EC", str() as curve if curve in CURVE_ALGORITHMS:
            return (CURVE_ALGORITHMS[curve],)
        case "OKP", "Ed25519":
            return ("EdDSA",)
        case _:
            return ()


def _is_fit(key: object) -> bool:
    """A public key; a set that holds a private one gives away whatever it signs."""
    if isinstance(key, RSAPublicKey):
        return key.key_size >= SMALLEST_RSA_BITS
    return isinstance(key, EllipticCurvePublicKey | Ed25519PublicKey)
