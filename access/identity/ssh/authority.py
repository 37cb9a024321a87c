"""The authority that signs certificates for people's own clients: an Ed25519 key of its own, in a file of mode 0600.

It is none of those that hosts trust (`ssh_user_ca_*`): what it signs opens the gateway and nothing behind it.
"""

import contextlib
import os
from pathlib import Path
from typing import Final

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from access import key_files
from access.key_files import KeyUnusable

FILE: Final = "ssh_client_ca"

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class ClientAuthority:
    """That of one folder of keys, which all processes share, and whose change they follow at once."""

    def __init__(self, folder: Path) -> None:
        """Makes the key on first start; two processes that start at once agree. Raises KeyUnusable."""
        self._path = folder / FILE
        _make(self._path)
        self._stamp = _stamp(self._path)
        self._key = key_files.load(self._path)

    @property
    def key(self) -> Ed25519PrivateKey:
        """The key that signs now. Raises KeyUnusable once its file is gone."""
        try:
            stamp = _stamp(self._path)
            if stamp != self._stamp:
                key_files.refuse_writable(self._path.parent)
                self._key, self._stamp = key_files.load(self._path), stamp
        except OSError as error:
            raise KeyUnusable(
                f"{self._path} is gone. Put it back, or make a new one: gatepass ca ssh-client --rotate."
            ) from error
        return self._key

    @property
    def public_key(self) -> Ed25519PublicKey:
        return self.key.public_key()

    def signed(self, key: object) -> bool:
        """Whether this key, as a certificate names who signed it, is its own; while its file is gone, none is."""
        if not isinstance(key, Ed25519PublicKey):
            return False
        try:
            own = self.public_key
        except KeyUnusable as problem:
            log.warning("ssh_client_ca_unusable", why=str(problem))
            return False
        return key.public_bytes_raw() == own.public_bytes_raw()


def rotate(folder: Path) -> None:
    """Sign with a new key from now on, here and in every process: what the old one signed opens nothing any more.

    Raises OSError and KeyUnusable.
    """
    key_files.made(folder)
    key_files.put(folder / FILE, _new())


def public_line(folder: Path) -> str:
    """The public half, as ssh-keygen reads it. Raises KeyUnusable."""
    public = ClientAuthority(folder).public_key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return f"{public.decode()} gatepass-{FILE}"


def _stamp(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns, found.st_size


def _new() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _make(path: Path) -> None:
    """Write a key whole or not at all; the first of several stands. Raises KeyUnusable."""
    try:
        key_files.made(path.parent)
        if not path.exists():
            with key_files.whole_file(path.parent, _new()) as draft, contextlib.suppress(FileExistsError):
                os.link(draft, path)
    except OSError as error:
        raise KeyUnusable(f"{path} cannot be made: {error.strerror}.") from error
