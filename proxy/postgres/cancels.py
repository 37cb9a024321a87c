"""Cancels: which CancelRequest belongs to which session. Cancel requests come on connections of their own."""

import contextlib
import hmac
import secrets
from collections.abc import Generator

from proxy.place import Place
from proxy.postgres.protocol.startup import PROTOCOL_3_2, CancelRequest
from proxy.postgres.relay.relay import Relay

#: Protocol 3.0 knows no longer secret; 3.2 does.
_SHORT_SECRET_BYTES, _LONG_SECRET_BYTES = 4, 32


class Cancels:
    """Secrets of our own making, so that no client learns the upstream's; they say which process made them.

    The process id is the upstream's: it stands in notifications and is what pg_backend_pid() says, by which clients
    know what is their own. Several upstreams may have the same one, so the secret tells sessions apart.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._relays: dict[int, dict[bytes, Relay]] = {}

    @contextlib.contextmanager
    def key(self, relay: Relay, version: int, process: int) -> Generator[tuple[int, bytes]]:
        """The process id and secret that cancel this relay's session, for as long as the block lasts.

        `process` is the upstream's.
        """
        size = _LONG_SECRET_BYTES if version >= PROTOCOL_3_2 else _SHORT_SECRET_BYTES
        relays = self._relays.setdefault(process, {})
        secret = self._secret(size)
        while secret in relays:
            secret = self._secret(size)
        relays[secret] = relay
        try:
            yield process, secret
        finally:
            del relays[secret]
            if not relays:
                del self._relays[process]

    def owner(self, request: CancelRequest) -> int:
        """The index of the process that made the key, if any did."""
        return int.from_bytes(request.secret) % self._place.count

    def find(self, request: CancelRequest) -> Relay | None:
        """The relay to cancel; None, and no answer to the client, if the key is not right."""
        relays = self._relays.get(request.process, {})
        return next((relay for secret, relay in relays.items() if hmac.compare_digest(secret, request.secret)), None)

    def _secret(self, size: int) -> bytes:
        """As random as it can be and tell our index."""
        count = self._place.count
        return (secrets.randbelow(2 ** (8 * size) // count) * count + self._place.index).to_bytes(size)
