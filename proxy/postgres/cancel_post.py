"""CancelPost: a CancelRequest that came to one of several processes, brought to the one that has the session.

The kernel gives each connection to any process that listens on the port, and a cancel comes on a connection of its own.
The secret of its key says whose it is; the request goes there by a socket in the folder that they share.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from proxy.place import Place
from proxy.postgres.protocol import startup
from proxy.postgres.protocol.frames import ProtocolViolation
from proxy.postgres.protocol.startup import CancelRequest

log: structlog.stdlib.BoundLogger = structlog.get_logger()

#: Within one machine; a process that takes longer hangs.
DELIVERY_TIMEOUT_S = 5.0


class CancelPost:
    """An async context manager: takes requests from the other processes while it is open."""

    def __init__(self, place: Place, cancel: Callable[[CancelRequest], Awaitable[None]]) -> None:
        self._place = place
        self._cancel = cancel
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        if (box := self._box(self._place.index)) is not None:
            # A process that was killed in this place leaves its socket.
            box.unlink(missing_ok=True)
            self._server = await asyncio.start_unix_server(self._take, box)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def deliver(self, request: CancelRequest, index: int) -> None:
        """Return when the process at `index` has cancelled, or has had time to."""
        if (box := self._box(index)) is None:
            return
        try:
            async with asyncio.timeout(DELIVERY_TIMEOUT_S):
                reader, writer = await asyncio.open_unix_connection(box)
                try:
                    writer.write(startup.cancel_request(request.process, request.secret))
                    await reader.read()
                finally:
                    writer.close()
        except (OSError, TimeoutError) as error:
            log.warning("postgres_cancel_undelivered", worker=index, error=str(error) or type(error).__name__)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(DELIVERY_TIMEOUT_S):
                header = await reader.readexactly(4)
                packet = startup.read_packet(header + await reader.readexactly(startup.packet_length(header) - 4))
                if isinstance(packet, CancelRequest):
                    await self._cancel(packet)
        except (OSError, TimeoutError, EOFError, ProtocolViolation) as error:
            log.warning("postgres_cancel_unreadable", error=str(error) or type(error).__name__)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def _box(self, index: int) -> Path | None:
        return None if self._place.folder is None else self._place.folder / f"cancels-{index}"
