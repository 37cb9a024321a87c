"""Signing keys as files: `KID.pem` for each, and beside it `KID.retired` once it signs no more. No folder is kept here.

Files appear whole or not at all. A key's id is its RFC 7638 thumbprint.
"""

import base64
import hashlib
import json
import os
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)


class KeyUnusable(Exception):
    """A key's file is missing, cannot be made, is readable by others, or is no such key; the message names the file."""


def thumbprint(key: Ed25519PublicKey) -> str:
    """The first 16 characters of the key's JWK thumbprint (RFC 7638 over RFC 8037's members): 96 bits."""
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    members = {"crv": "Ed25519", "kty": "OKP", "x": base64.urlsafe_b64encode(raw).rstrip(b"=").decode()}
    digest = hashlib.sha256(json.dumps(members, separators=(",", ":"), sort_keys=True).encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:16]


def load(path: Path) -> Ed25519PrivateKey:
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


def refuse_shared(path: Path) -> None:
    """Raise KeyUnusable for a private key that others than its owner may read. Raises OSError if it is not there."""
    if path.stat().st_mode & 0o077:
        raise KeyUnusable(f"{path} can be read by others than its owner: chmod 600 it, or make a new key.")


def make(folder: Path) -> str:
    """A new key in `folder`; returns its id."""
    key = Ed25519PrivateKey.generate()
    kid = thumbprint(key.public_key())
    put(folder / f"{kid}.pem", key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return kid


def retire(folder: Path, kid: str, at: datetime) -> None:
    """Note that the key signs nothing after `at` (aware); a note that is there already stays as it is."""
    note = folder / f"{kid}.retired"
    if not note.exists():
        put(note, at.astimezone(UTC).isoformat(timespec="seconds").encode())


def retired_at(folder: Path, kid: str) -> datetime | None:
    """When the key was retired, aware UTC; None if nothing is noted. Raises KeyUnusable for a note without a time."""
    note = folder / f"{kid}.retired"
    try:
        at = datetime.fromisoformat(note.read_text(encoding="ascii").strip())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise KeyUnusable(f"{note} does not say when the key was retired; the key verifies nothing.") from error
    if at.tzinfo is None:
        raise KeyUnusable(f"{note} says a time without its zone; the key verifies nothing.")
    return at.astimezone(UTC)


def remove(folder: Path, kid: str) -> None:
    """Take the key away, the note last: a key without its note would count as one that was never retired."""
    for suffix in ("pem", "retired"):
        (folder / f"{kid}.{suffix}").unlink(missing_ok=True)


def put(path: Path, content: bytes) -> None:
    """Write a whole file in the place of whatever was there."""
    with whole_file(path.parent, content) as draft:
        draft.replace(path)


@contextmanager
def whole_file(folder: Path, content: bytes) -> Generator[Path]:
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
