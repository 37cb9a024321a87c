"""What an API server sent cannot be looked at, so nothing of it goes on."""

from proxy.errors import PolicyFault


class Unreadable(PolicyFault):
    """It is no JSON, or may be read in two ways, or is too large to be looked at. Words of ours only: no value."""
