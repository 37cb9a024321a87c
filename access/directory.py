"""The directory in storage: what accounts have told of people, read for the policy, and its revision.

A process keeps what it read until the revision is another or something of it has lapsed; both are asked together with
the policy in force, at every decision.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access.policy.directory import Directory, Known
from access.policy.document import Person
from access.policy.policy import Policy
from access.policy.shapes.groups import SLACK_CLAIM, ProviderGroup, SlackGroup
from storage.model import (
    DirectoryState,
    GivenBy,
    Identity,
    IdentityProvider,
    Principal,
    PrincipalKind,
    ScimGroup,
    ScimMember,
    ScimUser,
)
from storage.notices import Topic, notify


async def changed(transaction: AsyncSession) -> None:
    """What is known of people is another from now on; every process is told. The last thing of a transaction."""
    counted = insert(DirectoryState).values(id=1, revision=1)
    await transaction.execute(
        counted.on_conflict_do_update(
            index_elements=[col(DirectoryState.id)], set_={"revision": col(DirectoryState.revision) + 1}
        )
    )
    await notify(transaction, Topic.POLICY)


async def read(transaction: AsyncSession, policy: Policy, team: str | None, revision: int, now: datetime) -> Known:
    """What accounts tell of people, as far as the groups of the file (`policy`) ask for it. `team` is Slack's."""
    found = await transaction.execute(
        select(Principal, Identity)
        .join(Identity, col(Identity.principal_id) == col(Principal.id))
        .where(col(Identity.retired_at).is_(None), col(Principal.disabled_at).is_(None))
        .where(col(Principal.kind) == PrincipalKind.HUMAN)
        .where(
            or_(
                col(Principal.brought_by).is_not(None),
                col(Identity.given_by) != GivenBy.POLICY,
                col(Identity.groups) != {},
            )
        )
    )
    accounts = [(row[0], row[1]) for row in found.all()]
    until = [
        identity.groups_until
        for _, identity in accounts
        if identity.groups and identity.groups_until is not None and identity.groups_until > now
    ]
    told = await _provisioned(transaction, policy)
    members = told.members
    for principal, identity in accounts:
        if identity.groups_until is None or identity.groups_until > now:
            for group in _groups(policy, identity, team):
                members.setdefault(group, set()).add(principal.name)
    slack = {
        principal.name: identity.subject
        for principal, identity in accounts
        if identity.provider is IdentityProvider.SLACK and identity.issuer == team
    }
    issuers = {provider.issuer for provider in policy.providers.values()}
    anywhere = frozenset[str]().union(*members.values())
    people = {
        principal.name: Person(name=principal.name, email=principal.email, slack=slack.get(principal.name))
        for principal in [*told.people, *(principal for principal, _ in accounts)]
        if principal.brought_by in issuers and principal.name in anywhere - told.gone
        if principal.name not in policy.people
    }
    filled = {group: frozenset(names) - told.gone for group, names in members.items()}
    directory = Directory(people, slack, filled, frozenset(told.gone))
    return Known(directory, revision, min(until, default=None))


@dataclass
class _Provisioned:
    """What providers tell by SCIM of those whom Gatepass knows."""

    #: Group of the file -> the active users in it, by name.
    members: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    people: list[Principal] = field(default_factory=list[Principal])
    gone: set[str] = field(default_factory=set[str])


async def _provisioned(transaction: AsyncSession, policy: Policy) -> _Provisioned:
    told = _Provisioned()
    for provider in policy.providers.values():
        if provider.scim is None:
            continue
        wanted = {
            name: group.value
            for name, group in policy.groups.items()
            if isinstance(group, ProviderGroup) and group.provider == provider.name
        }
        values = set(wanted.values())
        rows = await transaction.execute(
            select(Principal, col(ScimGroup.display_name), col(ScimGroup.external_id))
            .join(ScimUser, col(ScimUser.principal_id) == col(Principal.id))
            .join(ScimMember, col(ScimMember.user_id) == col(ScimUser.id))
            .join(ScimGroup, col(ScimGroup.id) == col(ScimMember.group_id))
            .where(col(ScimUser.issuer) == provider.issuer, col(ScimUser.active))
            .where(or_(col(ScimGroup.display_name).in_(values), col(ScimGroup.external_id).in_(values)))
            .where(col(Principal.disabled_at).is_(None), col(Principal.kind) == PrincipalKind.HUMAN)
        )
        for principal, *called in rows.all():
            told.people.append(principal)
            for name, value in wanted.items():
                if value in called:
                    told.members.setdefault(name, set()).add(principal.name)
        left = await transaction.scalars(
            select(col(Principal.name))
            .join(ScimUser, col(ScimUser.principal_id) == col(Principal.id))
            .where(col(ScimUser.issuer) == provider.issuer)
            .group_by(col(Principal.name))
            .having(func.bool_and(~col(ScimUser.active)))
        )
        told.gone.update(left.all())
    return told


def _groups(policy: Policy, identity: Identity, team: str | None) -> Iterator[str]:
    """The groups of the file that an account is in."""
    for name, group in policy.groups.items():
        if isinstance(group, ProviderGroup):
            provider = policy.providers.get(group.provider)
            told_by = (provider.accounts, provider.issuer) if provider is not None and provider.scim is None else None
            is_told = (identity.provider, identity.issuer) == told_by
            if is_told and group.value in identity.groups.get(group.claim, ()):
                yield name
        elif isinstance(group, SlackGroup):
            is_told = identity.provider is IdentityProvider.SLACK and identity.issuer == team
            if is_told and group.slack in identity.groups.get(SLACK_CLAIM, ()):
                yield name
