"""Signing keys as files: `KID.pem` for each, and beside it `KID.retired` once it signs no more. No folder is kept here.

A key's id is its RFC 7638 thumbprint.
"""

import base64
import hashlib
import json
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

from access.key_folders import private
from access.key_folders.folder import Folder
from access.key_folders.unusable import KeyUnusable


def thumbprint(key: Ed25519PublicKey) -> str:
    """The first 16 characters of the key's JWK thumbprint (RFC 7638 over RFC 8037's members): 96 bits."""
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    members = {"crv": "Ed25519", "kty": "OKP", "x": base64.urlsafe_b64encode(raw).rstrip(b"=").decode()}
    digest = hashlib.sha256(json.dumps(members, separators=(",", ":"), sort_keys=True).encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:16]


def load(path: Path) -> Ed25519PrivateKey:
    """A key that an operator named. Raises FileNotFoundError or KeyUnusable."""
    try:
        content = private.read(path)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _no_key(path, error) from error
    return _loaded(content, path)


def load_in(folder: Folder, name: str) -> Ed25519PrivateKey:
    """Raises FileNotFoundError or KeyUnusable."""
    path = folder.path / name
    try:
        content = folder.private(name)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _no_key(path, error) from error
    return _loaded(content, path)


def _loaded(content: bytes, path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _no_key(path, error) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyUnusable(f"{path} is not an Ed25519 key.")
    return key


def _no_key(path: Path, error: Exception) -> KeyUnusable:
    return KeyUnusable(f"{path} cannot be used: {type(error).__name__}. It must be an Ed25519 key in PEM.")


def make(folder: Folder) -> str:
    """A new key in `folder`; returns its id."""
    key = Ed25519PrivateKey.generate()
    kid = thumbprint(key.public_key())
    folder.put(f"{kid}.pem", key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return kid


def retire(folder: Folder, kid: str, at: datetime) -> None:
    """Note that the key signs nothing after `at` (aware); a note that is there already stays as it is."""
    if not folder.has(f"{kid}.retired"):
        folder.put(f"{kid}.retired", at.astimezone(UTC).isoformat(timespec="seconds").encode())


def retired_at(folder: Folder, kid: str) -> datetime | None:
    """When the key was retired, aware UTC; None if nothing is noted. Raises KeyUnusable for a note without a time."""
    name = f"{kid}.retired"
    try:
        at = datetime.fromisoformat(folder.read(name).decode("ascii").strip())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise KeyUnusable(
            f"{folder.path / name} does not say when the key was retired; the key verifies nothing."
        ) from error
    if at.tzinfo is None:
        raise KeyUnusable(f"{folder.path / name} says a time without its zone; the key verifies nothing.")
    return at.astimezone(UTC)


def remove(folder: Folder, kid: str) -> None:
    """Take the key away, the note last: a key without its note would count as one that was never retired."""
    for suffix in ("pem", "retired"):
        folder.remove(f"{kid}.{suffix}")
