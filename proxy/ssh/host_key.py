"""The SSH port's host key: made on the first start, its public half in a file of its own for whoever publishes it."""

import os
from pathlib import Path

import asyncssh

from access.key_files import KeyUnusable, give, made, refuse_shared

_HOST_KEY = "ssh_host_ed25519_key"


def host_key(folder: Path) -> asyncssh.SSHKey:
    """The gateway's host key, mode 0600; two processes that start at once agree. Raises KeyUnusable."""
    path = folder / _HOST_KEY
    made(folder)
    if not path.exists():
        _place(path, asyncssh.generate_private_key("ssh-ed25519").export_private_key(), mode=0o600)
    refuse_shared(path)
    try:
        key = asyncssh.read_private_key(path)
    except (asyncssh.KeyImportError, ValueError) as error:
        mend = "Put it back from your backup, or remove it: a new one is made then, which clients must be told of."
        raise KeyUnusable(f"{path} is no private key. {mend}") from error
    if not public_key_file(folder).exists():
        _place(public_key_file(folder), public_line(key).encode() + b"\n", mode=0o644)
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


def _place(path: Path, content: bytes, *, mode: int) -> None:
    """Write the file whole or not at all; the first of several stands."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        give(file.fileno(), path.parent)
        file.write(content)
    try:
        os.link(partial, path)
    except FileExistsError:
        pass
    finally:
        partial.unlink()
