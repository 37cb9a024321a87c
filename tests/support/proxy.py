"""What the fixtures of a gateway under test give."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from storage.model import Grant


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
