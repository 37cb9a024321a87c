"""A provider that signs whatever it is told to, with keys of every kind."""

import base64
import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

ISSUER = "https://login.example.com"
CLIENT = "gatepass"
NONCE = "n-0S6_WzA2Mj"


@cache
def rsa_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """The same key for a name, in one process: they take long to make."""
    return rsa.generate_private_key(65537, bits)


@cache
def curve_key(name: str, curve: str = "P-256") -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key({"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}[curve])


@cache
def edwards_key(name: str) -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.generate()


PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def public_jwk(key: PrivateKey, **more: Any) -> dict[str, Any]:
    """A public key as it stands in a key set."""
    match key:
        case rsa.RSAPrivateKey():
            jwk: dict[str, Any] = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
        case ec.EllipticCurvePrivateKey():
            jwk = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
        case _:
            jwk = OKPAlgorithm.to_jwk(key.public_key(), as_dict=True)
    jwk.pop("key_ops", None)
    return {**jwk, **more}


@dataclass
class Issuer:
    """One provider: its issuer, and the key that its tokens are signed with."""

    issuer: str = ISSUER
    kid: str | None = "k1"
    algorithm: str = "RS256"
    key: Any = field(default_factory=lambda: rsa_key("k1"))

    def key_set(self, *others: dict[str, Any]) -> dict[str, Any]:
        name = {} if self.kid is None else {"kid": self.kid}
        return {"keys": [public_jwk(self.key, use="sig", **name), *others]}

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        """A token; `header` adds to its header, and takes away what is None in it."""
        name = {} if self.kid is None else {"kid": self.kid}
        return jwt.encode(claims, self.key, self.algorithm, {**name, **header})


def encoded(value: object) -> str:
    """A part of a token, made by hand."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
