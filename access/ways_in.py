"""Ways in: lines to copy into clients, for one role on one resource through this gateway. Pure.

None of them has the token in it: where a client keeps passwords in a file, the word TOKEN stands for it.
"""

import shlex
from dataclasses import dataclass
from typing import Final, assert_never
from urllib.parse import quote, urlencode

from access.addresses import Addresses, bracketed, connect_command, database_of, tls_of
from access.policy.resources import Resource
from access.policy.shapes.credentials import ClientCredential
from access.policy.shapes.roles import Files, Role, SshFeature
from storage.model import Protocol

#: What stands for the token.
TOKEN = "TOKEN"  # noqa: S105 - a word

_BY_ITSELF: Final = "Nothing to paste: gatepass login signs you in, once a day."
_PORT: Final = "For DBeaver and DataGrip: it prints an address without a password."
#: What lets in a client that has nothing of ours.
_BY: Final = {
    ClientCredential.KEY: "A key of yours that stands on SSH keys lets you in.",
    ClientCredential.BROWSER: "Enter shows a link to open in your browser.",
    ClientCredential.TOKEN: "Your token is the password.",
}


@dataclass(frozen=True)
class WayIn:
    """`text` is for `client`, in one line or several; `note` is what else is to be known of it."""

    client: str
    text: str
    note: str = ""


def ways_in(addresses: Addresses, resource: Resource, role: str) -> list[WayIn]:
    """What leads in by this role and nothing else, the least to type first."""
    match resource.type:
        case Protocol.POSTGRES:
            return _postgres(addresses, resource, role)
        case Protocol.SSH:
            return _ssh(addresses, resource, resource.roles[role])
        case Protocol.KUBERNETES:
            return _kubernetes(addresses, resource, role)
        case _:
            assert_never(resource.type)


def takes_token(resource: Resource, role: str) -> bool:
    """Whether a token opens it."""
    return ClientCredential.TOKEN in resource.roles[role].accepts


def _postgres(addresses: Addresses, resource: Resource, role: str) -> list[WayIn]:
    door = f"{role}@{resource.name}"
    own = [
        WayIn("gatepass psql", f"gatepass psql {door}", _BY_ITSELF),
        WayIn("gatepass proxy", f"gatepass proxy {door}", _PORT),
    ]
    return [*own, *_postgres_by_token(addresses, resource, role)] if takes_token(resource, role) else own


def _postgres_by_token(addresses: Addresses, resource: Resource, role: str) -> list[WayIn]:
    database, tls = database_of(resource), tls_of(addresses)
    user, host, port = f"{role}@{resource.name}", addresses.postgres_host, addresses.postgres_port
    place = f"{bracketed(host)}:{port}/{quote(database, safe='')}"
    fields = (
        f"Host      {host}",
        f"Port      {port}",
        f"Database  {database}",
        f"Username  {user}",
        *(f"{name:<9} {value}" for name, value in tls.items()),
    )
    pgpass = ":".join(_pgpass(each) for each in (host, str(port), database, user, TOKEN))
    return [
        WayIn("psql", connect_command(addresses, resource, role), _BY[ClientCredential.TOKEN]),
        WayIn("libpq URI", f"postgresql://{quote(user, safe='')}@{place}?{urlencode(tls, quote_via=quote)}"),
        WayIn("JDBC", f"jdbc:postgresql://{place}?{urlencode({'user': user, **tls}, quote_via=quote)}"),
        WayIn("DBeaver, DataGrip", "\n".join(fields), "The last lines stand on the page SSL of the connection."),
        WayIn("~/.pgpass", pgpass, f"With your token for {TOKEN}. libpq reads the file only if its mode is 0600."),
    ]


def _ssh(addresses: Addresses, resource: Resource, role: Role) -> list[WayIn]:
    door, host, port = f"{role.name}@{resource.name}", addresses.ssh_host, addresses.ssh_port
    target = shlex.quote(f"{door}@{bracketed(host)}:")
    block = (
        f"Host {resource.name}.gate",
        f"    HostName {host}",
        f"    Port {port}",
        f"    User {door}",
    )
    runs = not {SshFeature.SHELL, SshFeature.EXEC}.isdisjoint(role.allow)
    ways: list[WayIn] = []
    if _comes_by_itself(role):
        ways.append(WayIn("gatepass ssh", f"gatepass {'ssh' if runs else 'sftp'} {door}{_words(role)}", _BY_ITSELF))
    ways.append(WayIn("ssh" if runs else "sftp", connect_command(addresses, resource, role.name), _asked(role)))
    if SshFeature.SFTP in role.allow:
        ways.append(WayIn("scp", f"scp -P {port} FILE {target}"))
        ways.append(WayIn("SFTP", f"sftp://{quote(door, safe='')}@{bracketed(host)}:{port}/"))
    elif SshFeature.EXEC in role.allow and role.files is not Files.DENY:
        ways.append(WayIn("scp", f"scp -O -P {port} FILE {target}", "-O, for this role opens no SFTP."))
    return [*ways, WayIn("~/.ssh/config", "\n".join(block), f"Then ssh {resource.name}.gate connects.")]


def _kubernetes(addresses: Addresses, resource: Resource, role: str) -> list[WayIn]:
    note = "With your token in the variable TOKEN: read -rs TOKEN takes it without showing it."
    return [WayIn("kubectl", connect_command(addresses, resource, role), note)]


def _comes_by_itself(role: Role) -> bool:
    """Whether `gatepass ssh` has something to bring."""
    return not {ClientCredential.CERTIFICATE, ClientCredential.TOKEN}.isdisjoint(role.accepts)


def _words(role: Role) -> str:
    """A role without a shell runs what it is given."""
    return "" if SshFeature.SHELL in role.allow or SshFeature.EXEC not in role.allow else " COMMAND"


def _asked(role: Role) -> str:
    """What lets plain ssh in."""
    said = [sentence for kind, sentence in _BY.items() if kind in role.accepts]
    return " ".join(said)


def _pgpass(field: str) -> str:
    """PostgreSQL docs, "The Password File": colons and backslashes behind a backslash."""
    return field.replace("\\", "\\\\").replace(":", "\\:")
