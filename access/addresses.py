"""How to get in: the exact command for one role on one resource through this gateway. Pure."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from access.policy.resources import Resource
from access.policy.shapes.roles import SshFeature
from access.policy.shapes.upstreams import PostgresUpstream
from storage.model import Protocol


@dataclass(frozen=True)
class Addresses:
    """Where people reach the gateway's listeners, as seen from their own machines."""

    ssh_host: str
    ssh_port: int
    postgres_host: str
    postgres_port: int
    kubernetes_host: str
    kubernetes_port: int
    #: The gateway's certificate authority on people's machines; where the file exists, libpq verifies the server.
    ca_file: str | None = None
    #: Where the gateway writes the public half of its SSH host key; people compare its fingerprint.
    ssh_host_key_file: Path | None = None


def connect_command(addresses: Addresses, resource: Resource, role: str) -> str:
    """What to paste into a terminal; the token is asked for as the password.

    A resource that leaves the database to the client shows the placeholder DATABASE, a role without a shell COMMAND.
    """
    match resource.type:
        case Protocol.POSTGRES:
            return _psql(addresses, resource, role)
        case Protocol.SSH:
            return _ssh(addresses, resource, role)
        case Protocol.KUBERNETES:
            return _kubectl(addresses, resource)
        case _:
            assert_never(resource.type)


def database_of(resource: Resource) -> str:
    """The one database that it opens, or what stands for one that the client chooses."""
    upstream = resource.upstream
    return (upstream.database if isinstance(upstream, PostgresUpstream) else None) or "DATABASE"


def tls_of(addresses: Addresses) -> dict[str, str]:
    """libpq's settings, which other drivers have by the same names."""
    if addresses.ca_file is None:
        return {"sslmode": "require"}
    return {"sslmode": "verify-full", "sslrootcert": addresses.ca_file}


def _ssh(addresses: Addresses, resource: Resource, role: str) -> str:
    found = resource.roles.get(role)
    allowed = found.allow if found is not None else [SshFeature.SHELL]
    target = shlex.quote(f"{role}@{resource.name}@{addresses.ssh_host}")
    if allowed == [SshFeature.SFTP]:
        return f"sftp -P {addresses.ssh_port} {shlex.quote(f'{role}@{resource.name}@{bracketed(addresses.ssh_host)}')}"
    command = f"ssh -p {addresses.ssh_port} {target}"
    return command if SshFeature.SHELL in allowed else f"{command} COMMAND"


def bracketed(host: str) -> str:
    """As URIs, sftp and scp want it: of an address with colons where they begin something else."""
    return f"[{host}]" if ":" in host else host


def _psql(addresses: Addresses, resource: Resource, role: str) -> str:
    settings = {
        "host": addresses.postgres_host,
        "port": str(addresses.postgres_port),
        "user": f"{role}@{resource.name}",
        "dbname": database_of(resource),
        **tls_of(addresses),
    }
    conninfo = " ".join(f"{key}={_conninfo_value(value)}" for key, value in settings.items())
    return f"psql {_quoted(conninfo)}"


def server_of(addresses: Addresses, resource: Resource) -> str:
    """The address that kubectl and its like take for the API server's."""
    return f"https://{bracketed(addresses.kubernetes_host)}:{addresses.kubernetes_port}/{resource.name}"


def _kubectl(addresses: Addresses, resource: Resource) -> str:
    trust = f" --certificate-authority={shlex.quote(addresses.ca_file)}" if addresses.ca_file is not None else ""
    return f'kubectl --server={server_of(addresses, resource)}{trust} --token="$TOKEN" get pods'


def _conninfo_value(value: str) -> str:
    """PostgreSQL docs, "Connection Strings", Keyword/Value: quoted where needed, quotes and backslashes escaped."""
    if value and not any(character in " '\\" or character.isspace() for character in value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _quoted(text: str) -> str:
    """For a POSIX shell, in the quotes that people expect around a connection string if they do.

    Within these an interactive bash looks for earlier commands (history expansion), with or without a backslash.
    """
    if "!" in text:
        return shlex.quote(text)
    for special in ("\\", '"', "$", "`"):
        text = text.replace(special, "\\" + special)
    return f'"{text}"'
