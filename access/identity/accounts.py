"""Which accounts are whose: those of Slack and of providers, as a policy gives them and takes them away.

An account that the policy no longer gives to anybody is *retired*: it stays on record, and means nobody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access.policy.policy import Policy
from access.policy.shapes.providers import Identify
from storage.model import SIGN_IN_PROVIDERS, GivenBy, Identity, IdentityProvider, Principal


@dataclass(frozen=True)
class Given:
    """What a policy, as written, says of accounts."""

    policy: Policy
    #: Everybody in storage, by name.
    known: Mapping[str, Principal]
    #: Those whose e-mail address in the policy is another than before.
    moved: frozenset[UUID]
    now: datetime

    @cached_property
    def present(self) -> frozenset[UUID]:
        """Whom the policy names, or a provider brought that still fills a group of it."""
        return frozenset(principal.id for principal in self.known.values() if principal.disabled_at is None)

    def id_of(self, person: str) -> UUID:
        return self.known[person].id


async def sync_slack(transaction: AsyncSession, given: Given, team: str | None) -> frozenset[UUID]:
    """Retire what the policy no longer gives, and give what it does: one member of one team each.

    An account that somebody linked stays theirs, unless the policy has another one for them, or theirs for another.
    Returns the principals from whom one was taken.
    """
    policy, now, lost = given.policy, given.now, set[UUID]()
    owners = {person.slack: given.id_of(person.name) for person in policy.people.values() if person.slack is not None}
    named = frozenset(owners.values())
    for identity in await _all(transaction, IdentityProvider.SLACK):
        owner_before = identity.principal_id if identity.retired_at is None else None
        may_stay = owner_before in given.present - given.moved and identity.given_by is not GivenBy.POLICY
        if team is None:
            stale = owners.get(identity.subject) != identity.principal_id
            stays = may_stay and identity.subject not in owners and owner_before not in named
            identity.retired_at = (identity.retired_at or now) if stale and not stays else identity.retired_at
        elif identity.issuer == team and identity.subject in owners:
            identity.principal_id, identity.retired_at = owners.pop(identity.subject), None
            identity.given_by = GivenBy.POLICY
        elif identity.issuer != team or not may_stay or owner_before in named:
            identity.retired_at = identity.retired_at or now
        if owner_before is not None and _is_taken(identity, owner_before):
            lost.add(owner_before)
    if team is not None:
        transaction.add_all(
            Identity(principal_id=owner, provider=IdentityProvider.SLACK, issuer=team, subject=subject, created_at=now)
            for subject, owner in owners.items()
        )
    await transaction.flush()
    return frozenset(lost)


async def sync_providers(transaction: AsyncSession, given: Given) -> frozenset[UUID]:
    """The same of accounts at providers.

    Where people are found by their address, an account is theirs from their first sign-in on, until they leave the
    policy or have another address in it; whom a provider brought has theirs as long as it fills a group.
    """
    policy, now, lost = given.policy, given.now, set[UUID]()
    providers = {(provider.accounts, provider.issuer): provider for provider in policy.providers.values()}
    named = {
        (policy.providers[called].accounts, policy.providers[called].issuer, subject): given.id_of(person.name)
        for person in policy.people.values()
        for called, subject in person.subjects.items()
    }
    by_address = frozenset(given.id_of(name) for name in policy.people) - given.moved
    brought = frozenset(each.id for each in given.known.values() if each.brought_by is not None) & given.present
    for identity in await _all(transaction, *SIGN_IN_PROVIDERS):
        owner_before = identity.principal_id if identity.retired_at is None else None
        provider = providers.get((identity.provider, identity.issuer))
        if (owner := named.pop((identity.provider, identity.issuer, identity.subject), None)) is not None:
            identity.principal_id, identity.retired_at = owner, None
        elif provider is None or not (
            identity.principal_id in brought
            or (provider.identify is Identify.EMAIL and identity.principal_id in by_address)
        ):
            identity.retired_at = identity.retired_at or now
        if owner_before is not None and _is_taken(identity, owner_before):
            lost.add(owner_before)
    transaction.add_all(
        Identity(principal_id=owner, provider=kind, issuer=issuer, subject=subject, created_at=now)
        for (kind, issuer, subject), owner in named.items()
    )
    await transaction.flush()
    return frozenset(lost)


async def give(
    transaction: AsyncSession,
    owner: Principal,
    provider: IdentityProvider,
    issuer: str,
    subject: str,
    by: GivenBy,
    now: datetime,
) -> None:
    """The account is `owner`'s from now on: a row that was somebody's before, or a new one.

    What it told of groups before counts no more: it was told of somebody else, or before they were nobody's.
    """
    known = await transaction.scalar(
        select(Identity)
        .where(col(Identity.provider) == provider, col(Identity.issuer) == issuer, col(Identity.subject) == subject)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if known is None:
        known = Identity(principal_id=owner.id, provider=provider, issuer=issuer, subject=subject, created_at=now)
        transaction.add(known)
    known.principal_id, known.retired_at, known.given_by = owner.id, None, by
    known.groups, known.groups_until = {}, None
    await transaction.flush()


async def _all(transaction: AsyncSession, *providers: IdentityProvider) -> list[Identity]:
    rows = await transaction.scalars(select(Identity).where(col(Identity.provider).in_(providers)))
    return list(rows.all())


def _is_taken(identity: Identity, owner_before: UUID) -> bool:
    return identity.retired_at is not None or identity.principal_id != owner_before
