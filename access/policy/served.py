"""Which protocols the gateway serves. The one place that says so: storage knows more of them, for what comes next.

Every room that does something for each protocol matches them all and ends in `assert_never`, so that the type checker
lists what a new one lacks; for those that are not served yet, the match raises NotServed.
"""

from storage.model import Protocol

SERVED = (Protocol.SSH, Protocol.POSTGRES)


class NotServed(Exception):
    """The protocol is not served yet. A policy that names it is refused, so nobody should meet this."""

    def __init__(self, protocol: Protocol) -> None:
        super().__init__(f"{protocol} resources are not supported yet: only postgres and ssh are")
