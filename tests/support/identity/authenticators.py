"""Security keys in software: they answer as a browser with a key would, rightly and wrongly (WebAuthn 6.1, 6.5, 7)."""

import base64
import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

ORIGIN = "https://gate.example.com"
#: Flags of authenticator data: touched, person verified, may be copied, is copied, brings a credential.
PRESENT, VERIFIED, ELIGIBLE, BACKED_UP, ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Changes:
    """What an answer has otherwise than it should."""

    origin: str = ORIGIN
    rp_id: str | None = None
    flags: int = PRESENT | VERIFIED
    #: None: one more than before.
    count: int | None = None
    #: Added to what the browser says.
    client: dict[str, Any] = field(default_factory=dict[str, Any])
    user: bytes | None = None


RIGHT = Changes()


class SoftKey:
    """One credential. `algorithm` is COSE's number: -7 ES256, -8 EdDSA, -257 RS256."""

    def __init__(self, algorithm: int = -7) -> None:
        self.algorithm = algorithm
        self.id = os.urandom(32)
        self.count = 0
        self._private: Any = {
            -7: lambda: ec.generate_private_key(ec.SECP256R1()),
            -8: ed25519.Ed25519PrivateKey.generate,
            -257: lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
        }[algorithm]()

    def cose(self) -> bytes:
        """Its public key (RFC 9053)."""
        if self.algorithm == -7:
            point = self._private.public_key().public_numbers()
            return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")})
        if self.algorithm == -8:
            return cbor2.dumps({1: 1, 3: -8, -1: 6, -2: self._private.public_key().public_bytes_raw()})
        numbers = self._private.public_key().public_numbers()
        return cbor2.dumps({1: 3, 3: -257, -1: numbers.n.to_bytes(256, "big"), -2: numbers.e.to_bytes(3, "big")})

    def created(self, question: dict[str, Any], changes: Changes = RIGHT, **said: Any) -> str:
        """What a browser sends for a creation; `said` replaces parts of the attestation object."""
        head = self._head(question["rp"]["id"], changes, changes.flags | ATTESTED)
        credential = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + self.cose()
        attestation = {"fmt": "none", "attStmt": {}, "authData": head + credential} | said
        client = self._client("webauthn.create", question["challenge"], changes)
        return self._sent({"clientDataJSON": client, "attestationObject": cbor2.dumps(attestation)}, transports=["usb"])

    def touched(self, question: dict[str, Any], changes: Changes = RIGHT) -> str:
        """What a browser sends for an assertion."""
        head = self._head(question["rpId"], changes, changes.flags)
        client = self._client("webauthn.get", question["challenge"], changes)
        signature = self._sign(head + hashlib.sha256(client).digest())
        fields = {"clientDataJSON": client, "authenticatorData": head, "signature": signature}
        return self._sent(fields | ({"userHandle": changes.user} if changes.user is not None else {}))

    def _head(self, rp_id: str, changes: Changes, flags: int) -> bytes:
        self.count = self.count + 1 if changes.count is None else changes.count
        hashed = hashlib.sha256((changes.rp_id or rp_id).encode()).digest()
        return hashed + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str, changes: Changes) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": changes.origin, "crossOrigin": False} | changes.client
        return json.dumps(said).encode()

    def _sign(self, data: bytes) -> bytes:
        if self.algorithm == -7:
            return self._private.sign(data, ec.ECDSA(hashes.SHA256()))
        if self.algorithm == -8:
            return self._private.sign(data)
        return self._private.sign(data, padding.PKCS1v15(), hashes.SHA256())

    def _sent(self, response: dict[str, bytes], **more: Any) -> str:
        written = {name: encoded(value) for name, value in response.items()} | more
        return json.dumps(
            {"id": encoded(self.id), "rawId": encoded(self.id), "type": "public-key", "response": written}
        )
