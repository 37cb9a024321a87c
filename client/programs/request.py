"""A request for a certificate (PKCS #10, RFC 2986) over a key of the curve P-256, and that key as a file. Pure.

Written out here: what would write it for us takes longer to load than psql to connect. All of it is fixed but the key
and the signature; whose certificate it becomes is the server's to say.
"""

import binascii
from collections.abc import Callable
from typing import Final

_SEQUENCE, _BIT_STRING = 0x30, 0x03
#: SubjectPublicKeyInfo up to the point: id-ecPublicKey, prime256v1 (RFC 5480).
_PUBLIC: Final = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")
#: PrivateKeyInfo up to the number, and from it to the point (RFC 5958, RFC 5915).
_PRIVATE: Final = bytes.fromhex("308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420")
_PRIVATE_POINT: Final = bytes.fromhex("a144034200")
#: Version 0 and an empty subject before the key, no attributes behind it.
_BEFORE, _BEHIND = bytes.fromhex("0201003000"), bytes.fromhex("a000")
#: ecdsa-with-SHA256 (RFC 5758).
_ALGORITHM: Final = bytes.fromhex("300a06082a8648ce3d040302")
_NUMBER, _POINT = 32, 65


def request(point: bytes, sign: Callable[[bytes], bytes]) -> str:
    """In PEM. `point` is the public key, uncompressed; `sign` gives the ECDSA signature over SHA-256, DER."""
    if len(point) != _POINT:
        raise ValueError("not a point of P-256, uncompressed")
    about = _tagged(_SEQUENCE, _BEFORE + _PUBLIC + point + _BEHIND)
    whole = _tagged(_SEQUENCE, about + _ALGORITHM + _tagged(_BIT_STRING, b"\0" + sign(about)))
    return _pem("CERTIFICATE REQUEST", whole)


def private_key(number: int, point: bytes) -> str:
    """PKCS #8 in PEM, not encrypted."""
    return _pem("PRIVATE KEY", _PRIVATE + number.to_bytes(_NUMBER, "big") + _PRIVATE_POINT + point)


def _tagged(tag: int, content: bytes) -> bytes:
    """DER: tag, length and content (X.690, 8.1.3)."""
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def _pem(what: str, data: bytes) -> str:
    text = binascii.b2a_base64(data, newline=False).decode("ascii")
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return "\n".join((f"-----BEGIN {what}-----", *lines, f"-----END {what}-----", ""))
