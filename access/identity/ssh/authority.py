"""The authority that signs certificates for people's own clients: an Ed25519 key of its own, in a file of mode 0600.

It is none of those that hosts trust (`ssh_user_ca_*`): what it signs opens the gateway and nothing behind it.
"""

import contextlib
import os
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from access import key_files

FILE: Final = "ssh_client_ca"


class ClientAuthority:
    """That of one folder of keys, which all processes share."""

    def __init__(self, folder: Path) -> None:
        """Makes the key on first start; two processes that start at once agree. Raises KeyUnusable."""
        path = folder / FILE
        _make(path)
        self.key = key_files.load(path)

    @property
    def public_key(self) -> Ed25519PublicKey:
        return self.key.public_key()

    def signed(self, key: object) -> bool:
        """Whether this key, as a certificate names who signed it, is its own."""
        if not isinstance(key, Ed25519PublicKey):
            return False
        return key.public_bytes_raw() == self.public_key.public_bytes_raw()


def _make(path: Path) -> None:
    """Write a key whole or not at all; the first of several stands."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with key_files.whole_file(path.parent, made) as draft, contextlib.suppress(FileExistsError):
        os.link(draft, path)
