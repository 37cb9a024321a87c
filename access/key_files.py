"""Signing keys as files: `KID.pem` for each, and beside it `KID.retired` once it signs no more. No folder is kept here.

Files appear whole or not at all, and belong to whoever their folder belongs to: root may change a key of a service that
runs as another account. A key's id is its RFC 7638 thumbprint.
"""

import base64
import hashlib
import json
import os
import pwd
import secrets
import stat
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
    except PermissionError as error:
        raise KeyUnusable(_unreadable(path)) from error
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyUnusable(
            f"{path} cannot be used: {type(error).__name__}. It must be an Ed25519 key in PEM."
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyUnusable(f"{path} is not an Ed25519 key.")
    return key


def refuse_shared(path: Path) -> None:
    """Raise KeyUnusable for a private key that others than its owner may read, or that this process may not.

    Raises OSError if it is not there.
    """
    if path.stat().st_mode & 0o077:
        raise KeyUnusable(f"{path} can be read by others than its owner: chmod 600 it, or make a new key.")
    if not os.access(path, os.R_OK, effective_ids=True):
        raise KeyUnusable(_unreadable(path))


def made(folder: Path) -> None:
    """Have a folder for keys, of mode 0700 where it is made. Raises KeyUnusable as refuse_writable, and OSError."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700)
    except FileExistsError:
        if not folder.is_dir():
            raise
        refuse_writable(folder)
        return
    # Never by its name: whoever owns the parent could put a link to something of root's there meanwhile.
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        give(descriptor, folder.parent)
    finally:
        os.close(descriptor)


def refuse_writable(folder: Path) -> None:
    """Raise KeyUnusable for a folder in which others than its owner may put and replace keys. Raises OSError."""
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise KeyUnusable(
            f"Others than its owner may write to {folder} (mode {mode:04o}), where keys are: chmod 700 it, and look "
            "whether each of them is yours."
        )


def give(descriptor: int, folder: Path) -> None:
    """Have what was made in `folder` belong to whoever the folder belongs to. Raises KeyUnusable where it cannot."""
    own, wanted = os.fstat(descriptor), folder.stat()
    if own.st_uid == wanted.st_uid:
        return
    try:
        os.fchown(descriptor, wanted.st_uid, wanted.st_gid)
    except OSError as error:
        owner, maker = _account(wanted.st_uid), _account(own.st_uid)
        raise KeyUnusable(
            f"{folder} belongs to {owner}, who could not read what {maker} makes there. Do this as {owner}."
        ) from error


def _unreadable(path: Path) -> str:
    # A folder on the way may be the one that lets nobody through.
    found = next(each for each in (path, *path.absolute().parents) if os.access(each, os.F_OK, effective_ids=True))
    owner, own = _account(found.stat().st_uid), _account(os.geteuid())
    what = "it" if found == path else str(found)
    return (
        f"{path} cannot be read: {what} belongs to {owner}, and this process runs as {own}. Give it that owner (chown)."
    )


def _account(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


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
    """A file with mode 0600 and all of its content on disk, to be moved or linked to its name within the block.

    Raises KeyUnusable where it would not be its folder's owner's, as where others may write there, and OSError.
    """
    refuse_writable(folder)
    draft = folder / f".{secrets.token_hex(8)}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            give(file.fileno(), folder)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield draft
    finally:
        draft.unlink(missing_ok=True)
