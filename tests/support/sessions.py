"""Sessions of a gateway under test."""

import asyncio

from proxy.sessions.gateway import Gateway
from storage.model import EndReason
from support.children import PATIENCE_S


async def ended(gateway: Gateway) -> None:
    """End those that live, and wait until their ends are written."""
    gateway.end_all(EndReason.SHUTDOWN, "The test is over.")
    async with asyncio.timeout(PATIENCE_S):
        await gateway.live.empty.wait()
