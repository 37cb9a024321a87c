"""The block of ~/.ssh/config by which plain `ssh web-1.gate` goes through Gatepass. Pure.

ssh reads no password from its configuration. So `Match exec` has gatepass open a connection that is logged in, under
a socket of its own, and what people type goes over it: ssh, scp, sftp, rsync and git alike. No word of what was typed
stands in a command of the block: a name that somebody else chose (an address in a repository) could be a command.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from client.api import Json
from client.errors import FILES, Failed

SUFFIX: Final = ".gate"
_PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class Host:
    """A name for ssh: `web-1.gate` for the role that costs least, `deploy.web-1.gate` for this one."""

    name: str
    resource: str
    role: str | None


def hosts(offers: Iterable[Json]) -> list[Host]:
    """Those of what may be asked for that are hosts, and whose names can stand there as they are."""
    found: dict[str, Host] = {}
    for each in offers:
        resource, role = str(each["resource"]), str(each["role"])
        if each["type"] != "ssh" or not _PLAIN.fullmatch(resource) or not _PLAIN.fullmatch(role):
            continue
        found[resource] = Host(f"{resource}{SUFFIX}", resource, None)
        found[f"{role}.{resource}"] = Host(f"{role}.{resource}{SUFFIX}", resource, role)
    return [found[name] for name in sorted(found)]


def socket_name(origin: str, host: str) -> str:
    """Short: paths of sockets have about a hundred characters."""
    return hashlib.sha256(f"{origin} {host}".encode()).hexdigest()[:12]


def lines(origin: str, found: list[Host], program: str, sockets: str) -> list[str]:
    """`program` is the path of gatepass, `sockets` the folder of the connections. Raises Failed for quotes in them."""
    if not found:
        return ["# You may ask for no host at the moment. Run `gatepass config ssh` again once you may."]
    text: list[str] = []
    for each in found:
        ready = f"'{_plainly(program)}' ssh-ready --server '{_plainly(origin)}' {each.name}"
        text += [
            f"Match originalhost {each.name} exec {_config(ready)}",
            f"    ControlPath {_config(f'{_plainly(sockets)}/{socket_name(origin, each.name)}')}",
        ]
    names = ",".join(each.name for each in found)
    return [
        *text,
        f"Match originalhost {names}",
        "    ControlMaster no",
        # Where there is no such connection, gatepass has said why.
        "    ProxyCommand false",
        "Match all",
    ]


def _config(text: str) -> str:
    """One argument of ssh_config(5), in double quotes; `%` is doubled, for ssh expands it."""
    return '"' + text.replace("%", "%%") + '"'


def _plainly(text: str) -> str:
    """Words of ours that stand in quotes of the shell's inside quotes of ssh's, which know no escape. Raises Failed."""
    if set(text) & set("'\"\\\n"):
        raise Failed(f"{text!r} has quotes or a backslash in it, which ssh's configuration cannot hold.", FILES)
    return text
