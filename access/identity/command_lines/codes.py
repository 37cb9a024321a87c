"""What a command line is let in by: its codes, the proof that goes with them, and the addresses they may go to. Pure.

Nothing of it is kept as it is: storage has hashes. A secret is told from other random text by its first letters, so
that whoever searches for leaked ones finds it.
"""

import base64
import hashlib
import hmac
import ipaddress
import secrets
from typing import Final
from urllib.parse import urlsplit

PREFIX: Final = "gatepass_"
SECRET_BYTES: Final = 32
#: Consonants that nobody takes for another or for a digit, and of which no word is made (RFC 8628, 6.1).
LETTERS: Final = "BCDFGHJKLMNPQRSTVWXZ"
USER_CODE_LETTERS: Final = 8
#: RFC 7636, 4.1: so many characters a verifier has.
_VERIFIER_CHARS: Final = range(43, 129)
_VERIFIER: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
MAX_DEVICE_CHARS: Final = 100
MAX_STATE_CHARS: Final = 128


def secret_text(secret: bytes) -> str:
    """A sign-in's secret as the command line keeps it."""
    return PREFIX + _encoded(secret)


def secret_of(text: str) -> bytes | None:
    """The secret that `text` is; None: it is none of ours."""
    return _decoded(text.removeprefix(PREFIX), SECRET_BYTES) if text.startswith(PREFIX) else None


def new_code() -> str:
    return _encoded(secrets.token_bytes(SECRET_BYTES))


def new_user_code() -> str:
    """Eight letters, as people are shown them: BCDF-GHJK."""
    letters = "".join(secrets.choice(LETTERS) for _ in range(USER_CODE_LETTERS))
    return f"{letters[:4]}-{letters[4:]}"


def user_code_of(typed: str) -> str | None:
    """What somebody typed, as it was shown: case, spaces and dashes are theirs to leave out; None: no code looks so."""
    letters = "".join(each for each in typed.upper() if each not in "- \t")
    if len(letters) != USER_CODE_LETTERS or not set(letters) <= set(LETTERS):
        return None
    return f"{letters[:4]}-{letters[4:]}"


def hashed(code: str) -> bytes:
    return hashlib.sha256(code.encode("utf-8", "replace")).digest()


def challenge_of(text: str) -> bytes | None:
    """The 32 bytes of an S256 challenge (RFC 7636, 4.2); None: it is none."""
    return _decoded(text, hashlib.sha256().digest_size)


def is_verifier(verifier: str, challenge: bytes) -> bool:
    """Whether `verifier` is what `challenge` was made of."""
    if len(verifier) not in _VERIFIER_CHARS or not set(verifier) <= _VERIFIER:
        return False
    return hmac.compare_digest(hashlib.sha256(verifier.encode("ascii")).digest(), challenge)


def is_loopback(redirect_uri: str) -> bool:
    """Whether it is a port of the browser's own machine, by its address and not by a name (RFC 8252, 7.3)."""
    try:
        parts = urlsplit(redirect_uri)
        port, host = parts.port, ipaddress.ip_address(parts.hostname or "")
    except ValueError:
        return False
    shown = f"[{host}]" if host.version == 6 else str(host)
    return str(host) in {"127.0.0.1", "::1"} and bool(port) and redirect_uri == f"http://{shown}:{port}/"


def device_name(said: str) -> str | None:
    """What a command line calls itself, if it is one line of visible ASCII that a person can read; None: it is not."""
    name = said.strip()
    is_plain = 0 < len(name) <= MAX_DEVICE_CHARS and name.isascii() and name.isprintable()
    return name if is_plain else None


def is_state(state: str) -> bool:
    """Whether it can go back as it came."""
    return 0 < len(state) <= MAX_STATE_CHARS and set(state) <= _VERIFIER


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str, size: int) -> bytes | None:
    """Bytes of this size in their one spelling; None for anything else."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
    return data if len(data) == size and _encoded(data) == text else None
