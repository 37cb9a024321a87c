"""Presented: what a client brought to be let in with, and how what it says is read. Whoever is let in is the grant's.

Each kind of credential is read to the same claims: whose it is, which grant it is for, until when, and its own id. What
signed them, or which row of storage holds them, is the reader's; nothing is let in by claims alone.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from access.context import Access
from access.identity import acts
from access.identity.acts import Act
from access.policy.shapes.credentials import ClientCredential
from access.tokens import Claims


@dataclass(frozen=True)
class Presented:
    """One credential as it came; nothing of it is checked yet."""

    kind: ClientCredential
    #: What it says, proven. Raises InvalidToken, AccessRefused's sentences as Refused, StorageUnavailable.
    read: Callable[[Access], Awaitable[Claims]]
    #: For the record: its form, the fingerprint of a key; never what opens something.
    detail: Mapping[str, Any] = field(default_factory=dict[str, Any])
    #: By the id of its grant, what a touch was for that came with it.
    act: Callable[[UUID], Act] = acts.take_token
    #: The key that signed that its owner is there, with this very login, as a touch has it on record; None: none did.
    presence: Mapping[str, Any] | None = None

    @property
    def record(self) -> dict[str, Any]:
        return {"kind": self.kind.value, **self.detail}


def token(text: str) -> Presented:
    """A token in the place of a password."""

    async def read(access: Access) -> Claims:
        return access.keys.verify(text)

    return Presented(ClientCredential.TOKEN, read)
