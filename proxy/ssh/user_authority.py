"""The authorities that sign users' certificates for upstream hosts: an Ed25519 key each, in a file of mode 0600.

`ssh_user_ca_NAME` signs. `ssh_user_ca_NAME+next` will, once every host trusts it: hosts must know a key before anything
is signed by it, so that it is changed in two steps.
"""

import re
from pathlib import Path

import asyncssh

from access.key_folders.folder import Folder, made
from access.key_folders.unusable import KeyUnusable
from access.policy.shapes.base import NAME_PATTERN

_KIND = "ssh-ed25519"
#: No name of an authority has a plus sign.
_NEXT = "+next"


class NoNextKey(Exception):
    """There is no key to change over to."""


def signing_key(folder: Path, name: str) -> asyncssh.SSHKey:
    """The authority's key, made if there is none; two processes that start at once agree. Raises KeyUnusable."""
    file = _file(name)
    with made(folder) as keys:
        _make(keys, file)
        return _read(keys, file)


def public_lines(folder: Path, name: str) -> list[str]:
    """What TrustedUserCAKeys is to hold: the key that signs, then the one that will, if there is one."""
    signing = [signing_key(folder, name)]
    coming = _file(name, coming=True)
    with made(folder) as keys:
        known = [*signing, _read(keys, coming)] if keys.has(coming) else signing
    return [_line(key, name) for key in known]


def prepare_next(folder: Path, name: str) -> None:
    """Make the key that will sign, if there is none yet."""
    signing_key(folder, name)
    with made(folder) as keys:
        _make(keys, _file(name, coming=True))


def change_over(folder: Path, name: str) -> str:
    """Sign with the next key from now on, and forget the old one; returns the fingerprint. Raises NoNextKey."""
    coming = _file(name, coming=True)
    with made(folder) as keys:
        if not keys.has(coming):
            raise NoNextKey(
                f"The authority {name} has no next key. Run `gatepass ca ssh {name} --next`, have every host trust "
                "what that prints, and change over then."
            )
        fingerprint = _read(keys, coming).get_fingerprint()
        keys.rename(coming, _file(name))
    return fingerprint


def _file(name: str, *, coming: bool = False) -> str:
    if not re.fullmatch(NAME_PATTERN, name):
        raise KeyUnusable(
            f"{name!r} is no name of an authority: lower-case letters, digits, dots, dashes, underscores."
        )
    return f"ssh_user_ca_{name}{_NEXT if coming else ''}"


def _make(folder: Folder, file: str) -> None:
    """The first of several stands."""
    if not folder.has(file):
        folder.put_first(file, asyncssh.generate_private_key(_KIND).export_private_key())


def _read(folder: Folder, file: str) -> asyncssh.SSHKey:
    path, content = folder.path / file, folder.private(file)
    try:
        key = asyncssh.import_private_key(content)
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, ValueError) as error:
        mend = "Put it back from your backup, or remove it: a new one is made then, which hosts must be told of."
        raise KeyUnusable(f"{path} is no private key. {mend}") from error
    if key.get_algorithm() != _KIND:
        raise KeyUnusable(f"{path} is not an Ed25519 key.")
    return key


def _line(key: asyncssh.SSHKey, name: str) -> str:
    """`ssh-ed25519 AAAA… gatepass-NAME`."""
    algorithm, encoded = key.export_public_key().decode().split()[:2]
    return f"{algorithm} {encoded} gatepass-{name}"
