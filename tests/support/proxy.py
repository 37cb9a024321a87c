"""What the fixtures of a gateway under test give."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from proxy.sessions.gateway import Gateway
from storage.model import EndReason, Grant
from support.children import PATIENCE_S


@dataclass(frozen=True)
class Granted:
    """A grant as its holder has it."""

    grant: Grant
    token: str


class Grants(Protocol):
    """`await granted("db", "read", duration_s=60)`: alice asks, bob approves; returns the grant and a token."""

    async def __call__(self, resource: str, role: str, *, duration_s: int = 900) -> Granted: ...


class WritePolicy(Protocol):
    """Writes a policy file; returns its path."""

    def __call__(self, policy: dict[str, Any]) -> Path: ...


async def ended(gateway: Gateway) -> None:
    """End the sessions that live, and wait until their ends are written."""
    gateway.end_all(EndReason.SHUTDOWN, "The test is over.")
    async with asyncio.timeout(PATIENCE_S):
        await gateway.live.empty.wait()
