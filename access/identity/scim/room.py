"""One request of a provider, in one transaction: the policy in force, the provider in it, and what was told before."""

import contextlib
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from access import directory
from access.context import Access
from access.identity.scim.protocol import problems
from access.identity.scim.protocol.problems import Problem
from access.in_force import policy_in_force
from access.policy.policy import Policy
from access.policy.shapes.providers import Provider
from storage.audit import trail
from storage.database import clock
from storage.locks import Lock, take


@dataclass(frozen=True)
class Teller:
    """Which provider of the policy tells, and at which address it does (`https://gate.example.com/scim/v2/corp`)."""

    access: Access
    name: str
    base: str


@dataclass
class Room:
    """Until the transaction ends."""

    transaction: AsyncSession
    #: As written.
    policy: Policy
    provider: Provider
    now: datetime
    #: What is known of people is another, and every process is to be told at the end.
    is_news: bool = False

    @property
    def issuer(self) -> str:
        return self.provider.issuer

    async def flush(self, what: str) -> None:
        """Raises Problem (409): another has what is to be `what`'s alone."""
        try:
            await self.transaction.flush()
        except IntegrityError as error:
            raise problems.taken(what) from error

    async def record(self, action: str, resource: str, detail: Mapping[str, object]) -> None:
        """`action` is what comes behind `scim:`."""
        await trail.record(
            self.transaction,
            actor="gatepass",
            action=f"scim:{action}",
            resource=resource,
            at=self.now,
            detail={"provider": self.provider.name, **detail},
        )


@contextlib.asynccontextmanager
async def entered(teller: Teller, *, writes: bool = True) -> AsyncGenerator[Room]:
    """Raises Problem for a provider that tells nothing here, and where this process has no policy in force."""
    async with teller.access.database.transaction() as transaction:
        if await policy_in_force(teller.access, transaction) is None:
            raise Problem(503, "This Gatepass is about to read its policy again. Try again in a moment.")
        policy = teller.access.policies.written
        provider = policy.providers.get(teller.name)
        if provider is None or provider.scim is None:
            raise problems.no_such("provider")
        if writes:
            # Users, their groups and whom they bring hang together: two who change them at once would meet halfway.
            await take(transaction, Lock.PROVISION)
        room = Room(transaction, policy, provider, await clock(transaction))
        yield room
        if room.is_news:
            await directory.changed(transaction)
