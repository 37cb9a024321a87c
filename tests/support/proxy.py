"""What the fixtures of a gateway under test give."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from access.context import Access
from access.identity.presented import LetIn
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


def once_asked(monkeypatch: pytest.MonkeyPatch, end: Callable[[], Awaitable[object]]) -> None:
    """Have this end, and be on disk, when what lets a session in was asked about and the session's row is not written.

    The transaction that writes the row is open meanwhile, and `end` has one of its own.
    """
    asked, ends = LetIn.check, [end]

    async def check(self: LetIn, access: Access, transaction: AsyncSession, grant: Grant) -> None:
        await asked(self, access, transaction, grant)
        if ends:
            await ends.pop()()

    monkeypatch.setattr(LetIn, "check", check)


async def ended(gateway: Gateway) -> None:
    """End the sessions that live, and wait until their ends are written."""
    gateway.end_all(EndReason.SHUTDOWN, "The test is over.")
    async with asyncio.timeout(PATIENCE_S):
        await gateway.live.empty.wait()
