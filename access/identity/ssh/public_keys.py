"""Public keys of SSH and what they sign: Ed25519, ECDSA, RSA from 3072 bits, and security keys (sk-). Pure.

RFC 4253 (6.6), RFC 5656, RFC 8332, RFC 8709 and OpenSSH's PROTOCOL.u2f. DSA, SHA-1 and short RSA keys are refused. A
security key signs that somebody was there with what it signs.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from access.identity.ssh.wire import Malformed, Reader

ED25519: Final = "ssh-ed25519"
RSA: Final = "ssh-rsa"
SK_ED25519: Final = "sk-ssh-ed25519@openssh.com"
SK_ECDSA: Final = "sk-ecdsa-sha2-nistp256@openssh.com"
_CURVES: Final[Mapping[str, tuple[ec.EllipticCurve, hashes.HashAlgorithm]]] = {
    "ecdsa-sha2-nistp256": (ec.SECP256R1(), hashes.SHA256()),
    "ecdsa-sha2-nistp384": (ec.SECP384R1(), hashes.SHA384()),
    "ecdsa-sha2-nistp521": (ec.SECP521R1(), hashes.SHA512()),
}
_RSA_HASHES: Final[Mapping[str, hashes.HashAlgorithm]] = {
    "rsa-sha2-256": hashes.SHA256(),
    "rsa-sha2-512": hashes.SHA512(),
}
#: Names of signatures that count, as the listener offers them.
SIGNATURES: Final = (ED25519, SK_ED25519, SK_ECDSA, *_CURVES, *_RSA_HASHES)
SHORTEST_RSA: Final = 3072
LONGEST_RSA: Final = 8192
#: An RSA key of 8192 bits takes about half of it.
MAX_BLOB_BYTES: Final = 4096
#: OpenSSH's PROTOCOL.u2f, "SSH U2F Signatures": bits of the flags.
_PRESENT, _VERIFIED = 0x01, 0x04

_Key = Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey


class UnusableKey(Exception):
    """It is no key that Gatepass takes; the message is for its owner."""


@dataclass(frozen=True)
class Signed:
    """A signature that is right; of a security key, whether it was touched, and knew its owner by PIN or finger."""

    present: bool = False
    verified: bool = False


@dataclass(frozen=True)
class PublicKey:
    """One public key, read and checked."""

    kind: str
    blob: bytes
    key: _Key
    #: What a security key's signatures are bound to; None: it is none.
    application: bytes | None = None

    @property
    def fingerprint(self) -> bytes:
        return hashlib.sha256(self.blob).digest()

    @property
    def is_security_key(self) -> bool:
        return self.application is not None

    def verify(self, signature: bytes, message: bytes) -> Signed | None:
        """What `signature` over `message` says; None: it is not of this key, or not as it should be."""
        try:
            return self._verified(Reader(signature), message)
        except (Malformed, InvalidSignature, UnsupportedAlgorithm, ValueError):
            return None

    def _verified(self, read: Reader, message: bytes) -> Signed:
        name, signature = read.text(), read.string()
        said = Signed()
        if self.application is not None:
            flags, counter = read.byte(), read.uint32()
            said = Signed(present=bool(flags & _PRESENT), verified=bool(flags & _VERIFIED))
            of_application, of_message = (hashlib.sha256(part).digest() for part in (self.application, message))
            message = of_application + bytes([flags]) + counter.to_bytes(4) + of_message
        read.end()
        if name not in (_RSA_HASHES if self.kind == RSA else (self.kind,)):
            raise Malformed("the signature is of another kind than the key")
        match self.key:
            case Ed25519PublicKey():
                self.key.verify(signature, message)
            case ec.EllipticCurvePublicKey():
                _, digest = _CURVES[self.kind.removeprefix("sk-").removesuffix("@openssh.com")]
                self.key.verify(_der(signature), message, ec.ECDSA(digest))
            case rsa.RSAPublicKey():
                self.key.verify(signature, message, padding.PKCS1v15(), _RSA_HASHES[name])
        return said


def read(blob: bytes) -> PublicKey:
    """The key of these bytes. Raises UnusableKey."""
    if len(blob) > MAX_BLOB_BYTES:
        raise UnusableKey("This is too long for a key.")
    try:
        reader = Reader(blob)
        kind = reader.text()
        key, application = _read(kind, reader)
        reader.end()
    except (Malformed, UnsupportedAlgorithm, ValueError) as error:
        raise UnusableKey("This is no public key that can be read.") from error
    return PublicKey(kind, blob, key, application)


def line(text: str) -> PublicKey:
    """The key of a line as `~/.ssh/id_ed25519.pub` has it; a comment is dropped. Raises UnusableKey."""
    words = text.split(None, 2)
    try:
        blob = base64.b64decode(words[1], validate=True)
    except (IndexError, binascii.Error, ValueError) as error:
        raise UnusableKey("This is no line of a public key, as the file `….pub` beside a key has one.") from error
    key = read(blob)
    if key.kind != words[0]:
        raise UnusableKey("This line names another kind of key than it holds.")
    return key


def shown(fingerprint: bytes) -> str:
    """As ssh-keygen shows it."""
    return "SHA256:" + base64.b64encode(fingerprint).rstrip(b"=").decode()


def _read(kind: str, reader: Reader) -> tuple[_Key, bytes | None]:
    if kind == ED25519:
        return Ed25519PublicKey.from_public_bytes(reader.string()), None
    if kind == SK_ED25519:
        return Ed25519PublicKey.from_public_bytes(reader.string()), reader.string()
    if kind == SK_ECDSA:
        return _point("ecdsa-sha2-nistp256", reader), reader.string()
    if kind in _CURVES:
        return _point(kind, reader), None
    if kind == RSA:
        return _rsa(reader), None
    raise UnusableKey(
        "Gatepass takes ssh-ed25519, ecdsa, sk- and RSA keys from 3072 bits. Make one: ssh-keygen -t ed25519."
    )


def _point(kind: str, reader: Reader) -> ec.EllipticCurvePublicKey:
    curve, _ = _CURVES[kind]
    if reader.text() != kind.removeprefix("ecdsa-sha2-"):
        raise Malformed("the curve is another one than the key's name says")
    return ec.EllipticCurvePublicKey.from_encoded_point(curve, reader.string())


def _rsa(reader: Reader) -> rsa.RSAPublicKey:
    exponent, modulus = reader.natural(), reader.natural()
    if not SHORTEST_RSA <= modulus.bit_length() <= LONGEST_RSA:
        raise UnusableKey(
            f"An RSA key has {SHORTEST_RSA} to {LONGEST_RSA} bits here, and this one has {modulus.bit_length()}. "
            "Make another one: ssh-keygen -t ed25519."
        )
    if exponent.bit_length() > 32:
        raise Malformed("the exponent is one that nobody uses")
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()


def _der(signature: bytes) -> bytes:
    """RFC 5656, 3.1.2: r and s as mpints."""
    reader = Reader(signature)
    r, s = reader.natural(), reader.natural()
    reader.end()
    return encode_dss_signature(r, s)
