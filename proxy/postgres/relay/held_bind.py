"""A Bind that waits for its Execute, so that reviewers are asked about both as one."""

from dataclasses import dataclass

from proxy.postgres.protocol import messages
from proxy.postgres.protocol.messages import Bind

_EXECUTE, _DESCRIBE = ord("E"), ord("D")


@dataclass
class HeldBind:
    """The message, whole and as it is read, and the Describe that came in between."""

    bind: Bind
    whole: bytes
    described: bytes = b""

    @property
    def payload(self) -> bytes:
        return self.whole[5:]

    def is_about(self, tag: int, payload: bytes) -> bool:
        """Whether a message is the Execute that it waits for, or the one Describe before that."""
        if tag == _EXECUTE:
            return messages.read_execute(payload)[0] == self.bind.portal
        return tag == _DESCRIBE and not self.described and messages.read_target(payload) == ("P", self.bind.portal)
