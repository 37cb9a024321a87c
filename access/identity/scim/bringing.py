"""People whom provisioning brings: active users in a group that the policy names, of whom the file does not speak."""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access.identity.joining import Names
from access.identity.scim import named_groups
from access.policy.policy import Policy
from access.policy.shapes.providers import Identify, Provider
from access.policy.values.mailbox import folded
from storage.audit import trail
from storage.locks import Lock, take
from storage.model import GivenBy, Identity, Principal, PrincipalKind, ScimUser

#: People of one audit event, by their names: a group may bring thousands.
_TOLD_AT_ONCE: Final = 100


async def bring(
    transaction: AsyncSession,
    policy: Policy,
    provider: Provider,
    now: datetime,
    users: Collection[UUID] | None = None,
) -> bool:
    """Make those of `users` (all, if None) somebody here who are in a group of `policy`, as written; whether any were.

    Who has an address that is somebody else's is left for their sign-in to say who they are.
    """
    strangers = await named_groups.strangers(transaction, policy, provider, users)
    if not strangers:
        return False
    await take(transaction, Lock.NAME_PERSON)
    known = (await transaction.execute(select(col(Principal.name), col(Principal.email)))).all()
    names = Names({*(row[0] for row in known), *policy.people, *policy.groups})
    addresses = {folded(str(row[1])) for row in known if row[1] is not None}
    accounts = await _accounts(transaction, provider)
    brought: list[tuple[ScimUser, Principal]] = []
    for user in strangers:
        by_subject = provider.identify is Identify.SUBJECT
        if (user.address in addresses) or (by_subject and (user.subject is None or user.subject in accounts)):
            continue
        if user.address is None and not by_subject:
            continue
        if user.address is not None:
            addresses.add(user.address)
        called = names.take(user.address or user.user_key)
        principal = Principal(
            name=called, kind=PrincipalKind.HUMAN, email=user.address, brought_by=provider.issuer, created_at=now
        )
        brought.append((user, principal))
    transaction.add_all(principal for _, principal in brought)
    await transaction.flush()
    for user, principal in brought:
        user.principal_id = principal.id
        if provider.identify is Identify.SUBJECT and user.subject is not None:
            transaction.add(_account(provider, user.subject, principal, now))
    await transaction.flush()
    for first in range(0, len(brought), _TOLD_AT_ONCE):
        people = {principal.name: str(user.id) for user, principal in brought[first : first + _TOLD_AT_ONCE]}
        await trail.record(
            transaction,
            actor="gatepass",
            action="scim:person:join",
            resource=provider.name,
            at=now,
            detail={"people": people},
        )
    return bool(brought)


async def _accounts(transaction: AsyncSession, provider: Provider) -> frozenset[str]:
    """Subjects that are on record already, which are for a sign-in to give to somebody."""
    found = await transaction.scalars(
        select(col(Identity.subject)).where(
            col(Identity.provider) == provider.accounts, col(Identity.issuer) == provider.issuer
        )
    )
    return frozenset(found.all())


def _account(provider: Provider, subject: str, principal: Principal, now: datetime) -> Identity:
    return Identity(
        principal_id=principal.id,
        provider=provider.accounts,
        issuer=provider.issuer,
        subject=subject,
        given_by=GivenBy.SIGN_IN,
        created_at=now,
    )
