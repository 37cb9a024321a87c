"""Ways in: lines to copy into clients, for one role on one resource through this gateway. Pure.

None of them has the token in it: where a client keeps passwords in a file, the word TOKEN stands for it.
"""

import shlex
from dataclasses import dataclass
from typing import assert_never
from urllib.parse import quote, urlencode

from access.addresses import Addresses, connect_command, database_of, tls_of
from access.policy.resources import Resource
from access.policy.served import NotServed
from storage.model import Protocol

#: What stands for the token.
TOKEN = "TOKEN"  # noqa: S105 - a word


@dataclass(frozen=True)
class WayIn:
    """`text` is for `client`, in one line or several; `note` is what else is to be known of it."""

    client: str
    text: str
    note: str = ""


def ways_in(addresses: Addresses, resource: Resource, role: str) -> list[WayIn]:
    """The shortest first. Raises NotServed."""
    command = connect_command(addresses, resource, role)
    match resource.type:
        case Protocol.POSTGRES:
            return [WayIn("psql", command), *_postgres(addresses, resource, role)]
        case Protocol.SSH:
            return [WayIn("ssh", command), *_ssh(addresses, resource, role)]
        case Protocol.KUBERNETES:
            raise NotServed(resource.type)
        case _:
            assert_never(resource.type)


def _postgres(addresses: Addresses, resource: Resource, role: str) -> list[WayIn]:
    database, tls = database_of(resource), tls_of(addresses)
    user, host, port = f"{role}@{resource.name}", addresses.postgres_host, addresses.postgres_port
    place = f"{_bracketed(host)}:{port}/{quote(database, safe='')}"
    fields = (
        f"Host      {host}",
        f"Port      {port}",
        f"Database  {database}",
        f"Username  {user}",
        *(f"{name:<9} {value}" for name, value in tls.items()),
    )
    pgpass = ":".join(_pgpass(each) for each in (host, str(port), database, user, TOKEN))
    return [
        WayIn("libpq URI", f"postgresql://{quote(user, safe='')}@{place}?{urlencode(tls, quote_via=quote)}"),
        WayIn("JDBC", f"jdbc:postgresql://{place}?{urlencode({'user': user, **tls}, quote_via=quote)}"),
        WayIn("DBeaver, DataGrip", "\n".join(fields), "The last lines stand on the page SSL of the connection."),
        WayIn("~/.pgpass", pgpass, f"With your token for {TOKEN}. libpq reads the file only if its mode is 0600."),
    ]


def _ssh(addresses: Addresses, resource: Resource, role: str) -> list[WayIn]:
    target = f"{role}@{resource.name}@{addresses.ssh_host}"
    uri = f"sftp://{quote(f'{role}@{resource.name}', safe='')}@{_bracketed(addresses.ssh_host)}:{addresses.ssh_port}/"
    block = (
        f"Host {resource.name}.gate",
        f"    HostName {addresses.ssh_host}",
        f"    Port {addresses.ssh_port}",
        f"    User {role}@{resource.name}",
    )
    return [
        WayIn("scp", f"scp -P {addresses.ssh_port} FILE {shlex.quote(f'{target}:')}"),
        WayIn("SFTP", uri),
        WayIn("~/.ssh/config", "\n".join(block), f"Then ssh {resource.name}.gate connects."),
    ]


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _pgpass(field: str) -> str:
    """PostgreSQL docs, "The Password File": colons and backslashes behind a backslash."""
    return field.replace("\\", "\\\\").replace(":", "\\:")
