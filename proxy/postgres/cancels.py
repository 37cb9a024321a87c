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
    """Keys of our own making, so that no client learns the upstream's; their process ids say whose they are."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._relays: dict[int, tuple[bytes, Relay]] = {}

    @contextlib.contextmanager
    def key(self, relay: Relay, version: int) -> Generator[tuple[int, bytes]]:
        """The process id and secret that cancel this relay's session, for as long as the block lasts."""
        process = self._number()
        while process in self._relays:
            process = self._number()
        secret = secrets.token_bytes(_LONG_SECRET_BYTES if version >= PROTOCOL_3_2 else _SHORT_SECRET_BYTES)
        self._relays[process] = (secret, relay)
        try:
            yield process, secret
        finally:
            del self._relays[process]

    def owner(self, request: CancelRequest) -> int:
        """The index of the process that made the key, if any did."""
        return request.process % self._place.count

    def find(self, request: CancelRequest) -> Relay | None:
        """The relay to cancel; None, and no answer to the client, if the key is not right."""
        secret, relay = self._relays.get(request.process, (b"", None))
        return relay if relay is not None and hmac.compare_digest(secret, request.secret) else None

    def _number(self) -> int:
        """A process id above 0 that tells our index."""
        count, index = self._place.count, self._place.index
        return (secrets.randbelow((2**31 - 1) // count - 1) + 1) * count + index
