"""The block of pg_service.conf by which `psql service=payments-db` goes through Gatepass. Pure.

A service entry cannot start a program, so nothing is asked for by it. It names a password file of ours, mode 0600, in
which `gatepass psql` and `gatepass config psql` put the token of the access that is open; without one psql asks.
"""

from collections.abc import Iterable

from client.api import Json
from client.programs import postgres


def lines(entries: Iterable[tuple[str, Json]], ca_file: str, password_file: str) -> list[str]:
    """A section for each name and how to connect by it."""
    text: list[str] = []
    for name, connect in entries:
        said = {**postgres.settings(connect, ca_file), "passfile": password_file}
        text += [f"[{name}]", *(f"{key}={value}" for key, value in said.items()), ""]
    return text[:-1] or ["# Nothing is open. Run `gatepass config psql RESOURCE`."]
