"""Whose the other end of a connection on this machine is, as Linux says in /proc/net/tcp. Pure, its reading apart.

A port on 127.0.0.1 is reached by every account of the machine, and this one asks for no password. Where the system says
that a connection is another account's, it is not served.
"""

import os
from typing import Final

_TABLES: Final = ("/proc/net/tcp", "/proc/net/tcp6")


def uid_of(port: int, to_port: int) -> int | None:
    """Of the socket at `port` that is connected to ours at `to_port`; None: the system does not say."""
    for table in _TABLES:
        try:
            with open(table, encoding="ascii") as file:
                found = owner(file.read(), port, to_port)
        except OSError:
            continue
        if found is not None:
            return found
    return None


def owner(table: str, port: int, to_port: int) -> int | None:
    """The same, in the text of a table."""
    for line in table.splitlines()[1:]:
        fields = line.split()
        if len(fields) > 7 and _port(fields[1]) == port and _port(fields[2]) == to_port:
            return int(fields[7])
    return None


def is_another_account(port: int, to_port: int) -> bool:
    found = uid_of(port, to_port)
    return found is not None and found != os.getuid()


def _port(address: str) -> int:
    return int(address.rpartition(":")[2], 16)
