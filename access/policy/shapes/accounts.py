"""Accounts that live as long as a session: who makes its role in PostgreSQL, who certifies its key for SSH. Pure.

These are shapes of gatepass.yml; what they lead to is done by proxy.postgres.ephemeral and proxy.ssh.certificate.
"""

import ipaddress
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from access.policy.shapes.base import Frozen, Name, SecretRef
from access.policy.values.complaint import complaint

#: PostgreSQL's NAMEDATALEN, less the byte that ends a name.
LONGEST_IDENTIFIER_BYTES = 63


def _fits(value: str) -> str:
    if len(value.encode()) > LONGEST_IDENTIFIER_BYTES or "\0" in value:
        raise complaint(f"is no name of a PostgreSQL role: {LONGEST_IDENTIFIER_BYTES} bytes at most")
    return value


def _is_network(value: str) -> str:
    try:
        ipaddress.ip_network(value)
    except ValueError as error:
        raise complaint("is no address and no network: write 10.0.0.7 or 10.0.0.0/24") from error
    return value


#: The name of a PostgreSQL role, as it is: not folded to lower case.
PostgresRole = Annotated[str, Field(min_length=1), AfterValidator(_fits)]
#: An address, or a network in CIDR notation.
Network = Annotated[str, AfterValidator(_is_network)]


class Credential(StrEnum):
    """Where a role's credential comes from."""

    #: `password` or `private_key`: it stands somewhere, and lives until somebody changes it.
    FIXED = "fixed"
    #: PostgreSQL only: each session has a role of its own, which is dropped at its end.
    EPHEMERAL = "ephemeral"


class RoleAdmin(Frozen):
    """The account that makes and drops the roles of sessions; no client ever speaks through it."""

    username: PostgresRole
    password: SecretRef


class Certificate(Frozen):
    """SSH: a key of each session's own, certified for five minutes."""

    #: Which of the gateway's authorities signs; `gatepass ca ssh NAME` prints its key.
    ca: Name
    #: The principal that the certificate names; None: the account.
    principal: Annotated[str, StringConstraints(pattern=r"^[^\s,\x00-\x1f\x7f]{1,128}$")] | None = None
    #: Where sshd may be reached from with it; none: from anywhere.
    source_addresses: list[Network] = Field(default=[])
