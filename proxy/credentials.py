"""Upstream secrets, fetched by reference when a session opens and kept nowhere else.

Refuses to say what it read: an error names the reference, never a value.
"""

import asyncio
import os
import stat
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from access.policy.resources import Role
from proxy.errors import UpstreamFault

#: A private key or a password is far smaller; a reference to a device or a log must not be read whole.
LARGEST_SECRET_BYTES = 64 * 1024


class Issued(Role):
    """A role as one session logs in by it: with the session's name, and perhaps an account made for it alone."""

    application_name: str
    #: The password of an account that was made for this session; it stands nowhere else.
    secret: SecretStr | None = None


def issued(
    role: Role, application_name: str, *, username: str | None = None, secret: SecretStr | None = None
) -> Issued:
    """The role with the session's name, and with its own account if it has one."""
    fields: dict[str, Any] = {**dict(role), "application_name": application_name, "secret": secret}
    return Issued.model_construct(None, **(fields if username is None else {**fields, "username": username}))


async def password_of(role: Role) -> SecretStr | None:
    """The password to log in with; None if the role has none. Raises UpstreamFault."""
    if isinstance(role, Issued) and role.secret is not None:
        return role.secret
    return await resolve(role.password) if role.password else None


async def resolve(reference: str) -> SecretStr:
    """Fetch the secret that `env:NAME` or `file:/path` names; a trailing newline of a file is not part of it.

    Raises UpstreamFault when there is none, with the reference and what to do.
    """
    scheme, _, rest = reference.partition(":")
    if scheme == "env":
        return _from_environment(rest)
    if scheme == "file":
        return await asyncio.to_thread(_from_file, Path(rest))
    raise UpstreamFault(
        f"The upstream credential reference {scheme}:… is not env: or file:. Ask your Gatepass operator."
    )


def _from_environment(name: str) -> SecretStr:
    value = os.environ.get(name, "")
    if not value:
        raise UpstreamFault(f"The upstream credential env:{name} is not set where the proxy runs. Ask your operator.")
    return SecretStr(value)


def _from_file(path: Path) -> SecretStr:
    try:
        with path.open("rb") as file:
            _check_mode(path, os.fstat(file.fileno()).st_mode)
            value = file.read(LARGEST_SECRET_BYTES + 1)
    except OSError as error:
        raise UpstreamFault(
            f"The upstream credential file:{path} cannot be read ({error.strerror}). Ask your operator."
        ) from error
    if not value or len(value) > LARGEST_SECRET_BYTES:
        raise UpstreamFault(f"The upstream credential file:{path} is empty or too large. Ask your operator.")
    try:
        return SecretStr(value.decode().rstrip("\r\n"))
    except UnicodeDecodeError as error:
        raise UpstreamFault(f"The upstream credential file:{path} is not text. Ask your operator.") from error


def _check_mode(path: Path, mode: int) -> None:
    """A group may read a secret, for that is how a service is given one; others may not, and its owner alone writes."""
    if mode & (stat.S_IRWXO | stat.S_IWGRP):
        raise UpstreamFault(
            f"The upstream credential file:{path} is open to others (mode {stat.S_IMODE(mode):04o}) and is not used. "
            "Ask your operator to chmod it to 600, or to 640 for a group (Kubernetes: defaultMode 0440)."
        )
