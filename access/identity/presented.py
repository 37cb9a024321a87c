"""Presented: what a client brought to be let in with, and how what it says is read. Whoever is let in is the grant's.

Each kind of credential is read to the same claims: whose it is, which grant it is for, until when, and its own id. What
signed them, or which row of storage holds them, is the reader's; nothing is let in by claims alone.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from access.context import Access
from access.identity.credentials import issued, short_token
from access.policy.shapes.credentials import ClientCredential
from access.tokens import Claims, InvalidToken, TokenProblem


@dataclass(frozen=True)
class Presented:
    """One credential as it came; nothing of it is checked yet."""

    kind: ClientCredential
    #: What it says, proven. Raises InvalidToken, AccessRefused's sentences as Refused, StorageUnavailable.
    read: Callable[[Access], Awaitable[Claims]]
    #: For the record: its form, the fingerprint of a key; never what opens something.
    detail: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def record(self) -> dict[str, Any]:
        return {"kind": self.kind.value, **self.detail}


def token(text: str) -> Presented:
    """A token in the place of a password: a short one by its first letters, else a signed one."""

    async def read(access: Access) -> Claims:
        if not short_token.is_meant(text):
            return access.keys.verify(text)
        if not short_token.is_whole(text):
            raise InvalidToken(TokenProblem.MALFORMED)
        async with access.database.transaction() as transaction:
            return await issued.by_token(transaction, text)

    return Presented(ClientCredential.TOKEN, read)
