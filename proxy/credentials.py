"""Upstream secrets, fetched by reference when a session opens and kept nowhere else."""

from typing import Any

from pydantic import SecretStr

from access import secrets
from access.policy.shapes.roles import Role
from access.secrets import NoSecret
from proxy.errors import UpstreamFault


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
    """The upstream's secret behind `reference`. Raises UpstreamFault when there is none."""
    try:
        return await secrets.resolve(reference)
    except NoSecret as error:
        raise UpstreamFault(f"The upstream credential {error}") from error
