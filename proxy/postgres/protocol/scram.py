"""The client's half of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677), as PostgreSQL speaks it. Pure.

Refuses a server that does not prove that it knows the password as well. Passwords are used and not kept.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import stringprep
import unicodedata

MECHANISM = "SCRAM-SHA-256"
MECHANISM_PLUS = "SCRAM-SHA-256-PLUS"

#: PostgreSQL's default is 4096; a server may ask for more, but not for minutes of our time.
MAX_ITERATIONS = 1_000_000
_NONCE_BYTES = 18

_PROHIBITED = (
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
    stringprep.in_table_a1,
)


class ScramFailed(Exception):
    """The server's side of the exchange is malformed or proves nothing."""


class ScramClient:
    """One exchange: `first`, then `final` with the server's first message, then `verify` with its last.

    `binding` is the data of tls-server-end-point (RFC 5929), or None where there is none: then `supported` says whether
    we would have bound if the server had offered it, which lets the server detect a downgrade.
    """

    def __init__(self, username: str = "", *, binding: bytes | None = None, supported: bool = False, nonce: str = ""):
        self._gs2 = "p=tls-server-end-point,," if binding is not None else "y,," if supported else "n,,"
        self._binding = binding or b""
        self._nonce = nonce or base64.b64encode(secrets.token_bytes(_NONCE_BYTES)).decode()
        # PostgreSQL takes the name of the StartupMessage and ignores this one.
        self._first_bare = f"n={_escaped(username)},r={self._nonce}"
        self._server_signature: bytes | None = None

    def first(self) -> bytes:
        """client-first-message"""
        return (self._gs2 + self._first_bare).encode()

    def final(self, server_first: bytes, password: str) -> bytes:
        """client-final-message. Raises ScramFailed if the server's message is not one, or answers another nonce."""
        values = _attributes(server_first)
        nonce, salt, iterations = _challenge(values)
        if not nonce.startswith(self._nonce) or nonce == self._nonce:
            raise ScramFailed("the server answered another nonce")
        salted = hashlib.pbkdf2_hmac("sha256", prepare(password), salt, iterations)
        without_proof = f"c={_base64(self._gs2.encode() + self._binding)},r={nonce}"
        message = b",".join((self._first_bare.encode(), server_first, without_proof.encode()))
        client_key = _hmac(salted, b"Client Key")
        signature = _hmac(hashlib.sha256(client_key).digest(), message)
        proof = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
        self._server_signature = _hmac(_hmac(salted, b"Server Key"), message)
        return f"{without_proof},p={_base64(proof)}".encode()

    def verify(self, server_final: bytes) -> None:
        """Raises ScramFailed unless the server's signature proves that it knows the password."""
        values = _attributes(server_final)
        signature = _decoded(values.get("v", ""))
        if self._server_signature is None or not hmac.compare_digest(signature, self._server_signature):
            raise ScramFailed("the server could not prove that it knows the password")


def prepare(password: str) -> bytes:
    """SASLprep (RFC 4013); like PostgreSQL, a password that it prohibits is used as it is."""
    if password.isascii():
        return password.encode()
    mapped = "".join(
        " " if stringprep.in_table_c12(char) else char for char in password if not stringprep.in_table_b1(char)
    )
    normal = unicodedata.normalize("NFKC", mapped)
    prohibited = not normal or any(table(char) for char in normal for table in _PROHIBITED)
    return (password if prohibited or not _bidirectional(normal) else normal).encode()


def _bidirectional(text: str) -> bool:
    """RFC 3454, section 6: right-to-left text stands alone, from its first character to its last."""
    right = [stringprep.in_table_d1(char) for char in text]
    if not any(right):
        return True
    return right[0] and right[-1] and not any(stringprep.in_table_d2(char) for char in text)


def _attributes(message: bytes) -> dict[str, str]:
    try:
        pairs = [part.split("=", 1) for part in message.decode().split(",")]
        values = {name: value for name, value in pairs}  # noqa: C416 - two names say what a pair must have
    except (UnicodeDecodeError, ValueError) as error:
        raise ScramFailed("the server's message is not SCRAM") from error
    if "e" in values:
        raise ScramFailed("the server refused the exchange")
    return values


def _challenge(values: dict[str, str]) -> tuple[str, bytes, int]:
    count = values.get("i", "")
    iterations = int(count) if count.isascii() and count.isdecimal() and len(count) < 10 else 0
    if not 1 <= iterations <= MAX_ITERATIONS:
        raise ScramFailed("the server asks for an impossible number of iterations")
    salt = _decoded(values.get("s", ""))
    if not salt or "m" in values:
        raise ScramFailed("the server sent no salt, or an extension that we do not know")
    return values.get("r", ""), salt, iterations


def _decoded(value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ScramFailed("the server's message holds no base64 where it should") from error


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def _escaped(name: str) -> str:
    return name.replace("=", "=3D").replace(",", "=2C")
