"""What the rules refuse with: an exception whose message is for the person who asked.

A token or a grant that opens nothing has its own exception beside it; what ends a connection is in proxy.errors.
"""

#: What is told where this process does not have the policy in force.
STALE = "This Gatepass process has another policy than the one in force; reload it (SIGHUP) or wait."


class Refused(Exception):
    """What was asked cannot be done; the message is for the person who asked."""


class PolicyStale(Refused):
    """The policy of this process is not the one in force, so it decides nothing."""

    def __init__(self) -> None:
        super().__init__(STALE)
