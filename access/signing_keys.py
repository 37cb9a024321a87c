"""The folder of signing keys: one file a key, and a file that names the active one. Several processes may share it.

Files appear whole or not at all; the first of two processes that start at once wins and the other one uses its key.
"""

import base64
import hashlib
import json
import os
import secrets
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import structlog
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_ACTIVE = "active"
#: How often an unknown key id may make us read the folder although it seems unchanged.
_READ_AGAIN_S = 1.0


class KeyUnusable(Exception):
    """A signing key's file is missing, readable by others, or no Ed25519 key; the message names the file."""


class KeyFolder:
    """Ed25519 keys by their id (RFC 7638 thumbprint), re-read when another process changed them."""

    def __init__(self, folder: Path, *, given: Path | None = None) -> None:
        """Make the folder (mode 0700) and the first key (0600) if there are none. Raises KeyUnusable."""
        self._folder = folder
        self._given = _load(given) if given is not None else None
        self._private: dict[str, Ed25519PrivateKey] = {}
        self._seen_ns = -1
        self._read_at = float("-inf")
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self._given is None and not (folder / _ACTIVE).exists():
            self._make_first()
        self._read()

    def active(self) -> tuple[str, Ed25519PrivateKey]:
        """The id and key to sign with. Raises KeyUnusable."""
        if self._given is not None:
            return thumbprint(self._given.public_key()), self._given
        try:
            kid = (self._folder / _ACTIVE).read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise KeyUnusable(
                f"{self._folder / _ACTIVE} cannot be read: it names the key that signs tokens."
            ) from error
        if kid not in self._private:
            self._read()
        if kid not in self._private:
            raise KeyUnusable(f"{self._folder / _ACTIVE} names key {kid}, but {kid}.pem is not there.")
        return kid, self._private[kid]

    def public(self, kid: str) -> Ed25519PublicKey | None:
        """The key that verifies `kid`, or None; a key removed from the folder verifies nothing any more."""
        if self._changed() or (kid not in self._private and time.monotonic() - self._read_at > _READ_AGAIN_S):
            self._read_again()
        if self._given is not None and kid == thumbprint(self._given.public_key()):
            return self._given.public_key()
        key = self._private.get(kid)
        return key.public_key() if key is not None else None

    def rotate(self) -> str:
        """Make a new key and make it the active one; returns its id."""
        kid = self._write_key()
        with _whole_file(self._folder, kid.encode()) as draft:
            draft.replace(self._folder / _ACTIVE)
        self._read()
        return kid

    def _make_first(self) -> None:
        kid = self._write_key()
        with _whole_file(self._folder, kid.encode()) as draft:
            try:
                os.link(draft, self._folder / _ACTIVE)
            except FileExistsError:
                (self._folder / f"{kid}.pem").unlink()

    def _write_key(self) -> str:
        key = Ed25519PrivateKey.generate()
        kid = thumbprint(key.public_key())
        with _whole_file(self._folder, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())) as draft:
            draft.replace(self._folder / f"{kid}.pem")
        return kid

    def _changed(self) -> bool:
        try:
            return self._folder.stat().st_mtime_ns != self._seen_ns
        except OSError:
            return True

    def _read_again(self) -> None:
        """Like _read, but a folder that became unreadable means no keys: nobody is let in, and the log says why."""
        try:
            self._read()
        except (OSError, KeyUnusable) as error:
            self._private = {}
            log.error("signing_keys_unusable", folder=str(self._folder), error=str(error))  # noqa: TRY400

    def _read(self) -> None:
        self._seen_ns = self._folder.stat().st_mtime_ns
        self._read_at = time.monotonic()
        keys: dict[str, Ed25519PrivateKey] = {}
        for path in sorted(self._folder.glob("*.pem")):
            with suppress(FileNotFoundError):  # Another process's first key that lost the race.
                key = _load(path)
                keys[thumbprint(key.public_key())] = key
        self._private = keys


def thumbprint(key: Ed25519PublicKey) -> str:
    """The first 16 characters of the key's JWK thumbprint (RFC 7638 over RFC 8037's members): 96 bits."""
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    members = {"crv": "Ed25519", "kty": "OKP", "x": base64.urlsafe_b64encode(raw).rstrip(b"=").decode()}
    digest = hashlib.sha256(json.dumps(members, separators=(",", ":"), sort_keys=True).encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:16]


@contextmanager
def _whole_file(folder: Path, content: bytes) -> Generator[Path]:
    """A file with mode 0600 and all of its content on disk, to be moved or linked to its name within the block."""
    draft = folder / f".{secrets.token_hex(8)}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def _load(path: Path) -> Ed25519PrivateKey:
    """Raises FileNotFoundError or KeyUnusable."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                raise KeyUnusable(f"{path} can be read by others than its owner: chmod 600 it, or make a new key.")
            key = load_pem_private_key(file.read(), password=None)
    except FileNotFoundError:
        raise
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyUnusable(
            f"{path} cannot be used: {type(error).__name__}. It must be an Ed25519 key in PEM."
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyUnusable(f"{path} is not an Ed25519 key.")
    return key
