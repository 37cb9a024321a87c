"""The SSH port's host key: made on the first start, its public half in a file of its own for whoever publishes it."""

from pathlib import Path

import asyncssh

from access.key_folders.folder import made
from access.key_folders.unusable import KeyUnusable

_HOST_KEY = "ssh_host_ed25519_key"


def host_key(folder: Path) -> asyncssh.SSHKey:
    """The gateway's host key, mode 0600; two processes that start at once agree. Raises KeyUnusable."""
    path = folder / _HOST_KEY
    with made(folder) as keys:
        if not keys.has(_HOST_KEY):
            keys.put_first(_HOST_KEY, asyncssh.generate_private_key("ssh-ed25519").export_private_key())
        content = keys.private(_HOST_KEY)
        try:
            key = asyncssh.import_private_key(content)
        except (asyncssh.KeyImportError, ValueError) as error:
            mend = "Put it back from your backup, or remove it: a new one is made then, which clients must be told of."
            raise KeyUnusable(f"{path} is no private key. {mend}") from error
        public = public_key_file(folder).name
        if not keys.has(public):
            keys.put_first(public, public_line(key).encode() + b"\n", mode=0o644)
    return key


def keys_folder(home: Path) -> Path:
    """Where the SSH port's host key lies."""
    return home / "keys"


def public_key_file(folder: Path) -> Path:
    """Where the public half lies once the key was made."""
    return (folder / _HOST_KEY).with_suffix(".pub")


def public_line(key: asyncssh.SSHKey) -> str:
    """`ssh-ed25519 AAAA…`, as known_hosts has it behind the host's name; without a comment."""
    return " ".join(key.export_public_key().decode().split()[:2])
