"""Addresses that secrets are sent to, and that browsers are: https, or http on this machine alone. Pure."""

from typing import Final
from urllib.parse import urlsplit

#: Names by which a machine reaches itself.
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def is_safe_address(address: str) -> bool:
    """Whether secrets may go to it: https, or http on this machine alone."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
        _ = parts.port  # Raises for one that is none.
    except ValueError:
        return False
    if not host or parts.username is not None or parts.fragment or not address.isprintable() or " " in address:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)


def is_encrypted_address(address: str) -> bool:
    """Whether it is safe, and encrypted even on this machine."""
    return is_safe_address(address) and address.lower().startswith("https:")
