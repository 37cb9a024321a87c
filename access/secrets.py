"""Secrets, fetched by the reference that stands in the policy, when they are needed, and kept nowhere else.

Refuses to say what it read: an error names the reference, never a value.
"""

import asyncio
import os
import stat
from pathlib import Path

from pydantic import SecretStr

#: A private key or a password is far smaller; a reference to a device or a log must not be read whole.
LARGEST_SECRET_BYTES = 64 * 1024


class NoSecret(Exception):
    """There is none behind a reference: the message begins with the reference, and says what to do."""


async def resolve(reference: str) -> SecretStr:
    """Fetch the secret that `env:NAME` or `file:/path` names; a trailing newline of a file is not part of it.

    Raises NoSecret.
    """
    scheme, _, rest = reference.partition(":")
    if scheme == "env":
        return _from_environment(rest)
    if scheme == "file":
        return await asyncio.to_thread(_from_file, Path(rest))
    raise NoSecret(f"reference {scheme}:… is not env: or file:. Ask your Gatepass operator.")


def _from_environment(name: str) -> SecretStr:
    value = os.environ.get(name, "")
    if not value:
        raise NoSecret(f"env:{name} is not set where Gatepass runs. Ask your operator.")
    return SecretStr(value)


def _from_file(path: Path) -> SecretStr:
    try:
        with path.open("rb") as file:
            _check_mode(path, os.fstat(file.fileno()).st_mode)
            value = file.read(LARGEST_SECRET_BYTES + 1)
    except OSError as error:
        raise NoSecret(f"file:{path} cannot be read ({error.strerror}). Ask your operator.") from error
    if not value or len(value) > LARGEST_SECRET_BYTES:
        raise NoSecret(f"file:{path} is empty or too large. Ask your operator.")
    try:
        return SecretStr(value.decode().rstrip("\r\n"))
    except UnicodeDecodeError as error:
        raise NoSecret(f"file:{path} is not text. Ask your operator.") from error


def _check_mode(path: Path, mode: int) -> None:
    """A group may read a secret, for that is how a service is given one; others may not, and its owner alone writes."""
    if mode & (stat.S_IRWXO | stat.S_IWGRP):
        raise NoSecret(
            f"file:{path} is open to others (mode {stat.S_IMODE(mode):04o}) and is not used. "
            "Ask your operator to chmod it to 600, or to 640 for a group (Kubernetes: defaultMode 0440)."
        )
