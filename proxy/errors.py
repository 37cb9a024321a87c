"""One shallow tree of faults, split by who is at fault; each relay translates them once into its protocol's words."""

import os

from storage.model import EndReason, Protocol


class Fault(Exception):
    """The base: `str(fault)` is a sentence that may be shown to the person; it never holds a secret."""

    reason: EndReason = EndReason.POLICY_ERROR


class ClientFault(Fault):
    """The client broke its protocol or asked for something that does not exist."""

    reason = EndReason.CLIENT_ERROR


class AccessRefused(ClientFault):
    """No session is opened: the token, the grant or the policy does not allow it."""


class TooMuchPinned(ClientFault):
    """Messages that wait hold as much memory as they may; this one is not taken."""


class UpstreamFault(Fault):
    """The upstream is unreachable, refuses our credentials, shows another key, or breaks its protocol."""

    reason = EndReason.UPSTREAM_ERROR


class PolicyFault(Fault):
    """Judging or masking failed, so nothing may go on."""

    reason = EndReason.POLICY_ERROR


class OurFault(Fault):
    """Gatepass itself cannot go on: its storage is gone."""

    reason = EndReason.STORAGE_LOST


class RecorderFailed(OurFault):
    """What was about to be forwarded could not be written down."""

    reason = EndReason.RECORDER_FAILED


class SessionEnded(Fault):
    """The session was ended from outside: deadline, revocation, shutdown, storage lost."""

    def __init__(self, reason: EndReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def words_of(error: OSError) -> str:
    """The system's words; those of a name that nobody knows have a number of their own."""
    return os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or str(error)


class CannotListen(Exception):
    """A port cannot be listened on: taken, not allowed, or of an address that this machine has not."""

    def __init__(self, protocol: Protocol, address: tuple[str, int], error: OSError) -> None:
        self.protocol = protocol
        self.address = address
        #: In the system's words; the event loop's own are longer and repeat the address.
        self.why = words_of(error)
        super().__init__(f"{address[0]}:{address[1]}: {self.why}")
