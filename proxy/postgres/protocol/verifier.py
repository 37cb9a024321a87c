"""What a server keeps of a SCRAM-SHA-256 password (RFC 5803), in the form of PostgreSQL's pg_authid. Pure.

Made here, so that a password stands in no statement and in no server's log.
"""

import base64
import hashlib
import hmac
import secrets

from proxy.postgres.protocol.scram import prepare

#: PostgreSQL's own default (scram_iterations).
ITERATIONS = 4096
_SALT_BYTES = 16


def verifier(password: str, *, salt: bytes | None = None, iterations: int = ITERATIONS) -> str:
    """`SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`, as CREATE ROLE … PASSWORD takes it.

    Whoever has it can check a password and pretend to be the server, but not log in.
    """
    salt = secrets.token_bytes(_SALT_BYTES) if salt is None else salt
    salted = hashlib.pbkdf2_hmac("sha256", prepare(password), salt, iterations)
    stored = hashlib.sha256(_hmac(salted, b"Client Key")).digest()
    server = _hmac(salted, b"Server Key")
    return f"SCRAM-SHA-256${iterations}:{_base64(salt)}${_base64(stored)}:{_base64(server)}"


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
