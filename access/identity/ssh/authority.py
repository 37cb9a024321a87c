"""The authority that signs certificates for people's own clients: an Ed25519 key of its own, in a file of mode 0600.

It is none of those that hosts trust (`ssh_user_ca_*`): what it signs opens the gateway and nothing behind it.
"""

import os
from pathlib import Path
from typing import Final

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from access import key_files
from access.key_folders.folder import made, opened
from access.key_folders.unusable import KeyUnusable

FILE: Final = "ssh_client_ca"

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class ClientAuthority:
    """That of one folder of keys, which all processes share, and whose change they follow at once."""

    def __init__(self, folder: Path) -> None:
        """Makes the key on first start; two processes that start at once agree. Raises KeyUnusable."""
        self._path = folder / FILE
        try:
            with made(folder) as keys:
                if not keys.has(FILE):
                    keys.put_first(FILE, _new())
                self._stamp = _stamp(keys.stat(FILE))
                self._key = key_files.load_in(keys, FILE)
        except OSError as error:
            raise KeyUnusable(f"{self._path} cannot be made: {error.strerror}.") from error

    @property
    def key(self) -> Ed25519PrivateKey:
        """The key that signs now. Raises KeyUnusable once its file is gone."""
        try:
            if _stamp(self._path.stat()) != self._stamp:
                with opened(self._path.parent) as keys:
                    stamp = _stamp(keys.stat(FILE))
                    self._key, self._stamp = key_files.load_in(keys, FILE), stamp
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
    with made(folder) as keys:
        keys.put(FILE, _new())


def public_line(folder: Path) -> str:
    """The public half, as ssh-keygen reads it. Raises KeyUnusable."""
    public = ClientAuthority(folder).public_key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return f"{public.decode()} gatepass-{FILE}"


def _stamp(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_ino, found.st_mtime_ns, found.st_size


def _new() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
