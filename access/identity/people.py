"""Principals and identities: who the policy's people are in storage, and how Slack knows them.

An identity counts only with its issuer: the same Slack member id of another workspace is a stranger. Whoever loses an
identity loses what was asked by it as well, so that the account that asked cannot approve it under another name.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access.context import Access
from access.errors import PolicyStale
from access.grants import revocation
from access.identity import browser_sessions
from access.in_force import policy_in_force
from access.policy.policy import Policy
from storage.audit import trail
from storage.database import clock
from storage.locks import Lock, take
from storage.model import Identity, IdentityProvider, Principal

LEFT_THE_POLICY = "left the policy"
LOST_IDENTITY = "another Slack account is theirs now, or none"


class WrongWorkspace(Exception):
    """The bot's token belongs to another Slack workspace than gatepass.yml names."""


@dataclass
class Changes:
    """Whom a sync added, disabled, let back in, and took a Slack identity from."""

    joined: list[Principal] = field(default_factory=list[Principal])
    left: list[Principal] = field(default_factory=list[Principal])
    returned: list[Principal] = field(default_factory=list[Principal])
    lost_identity: list[Principal] = field(default_factory=list[Principal])


async def principal_of(
    transaction: AsyncSession, provider: IdentityProvider, issuer: str, subject: str
) -> Principal | None:
    """Whom `provider` means by `subject` of `issuer` (for Slack: team id, member id); None: a stranger.

    A disabled principal is returned too: rules refuse them with a sentence of their own.
    """
    found = await transaction.scalars(
        select(Principal)
        .join(Identity, col(Identity.principal_id) == col(Principal.id))
        .where(
            col(Identity.provider) == provider,
            col(Identity.issuer) == issuer,
            col(Identity.subject) == subject,
            col(Identity.retired_at).is_(None),
        )
    )
    return found.one_or_none()


async def slack_identity(transaction: AsyncSession, principal: Principal) -> Identity | None:
    """The Slack account that is `principal`'s now."""
    found = await transaction.scalars(
        select(Identity)
        .where(
            col(Identity.principal_id) == principal.id,
            col(Identity.provider) == IdentityProvider.SLACK,
            col(Identity.retired_at).is_(None),
        )
        .execution_options(populate_existing=True)
    )
    return found.first()


def account_of(identity: Identity | None) -> str | None:
    """A Slack account as `team/member`, as requests keep it."""
    return f"{identity.issuer}/{identity.subject}" if identity is not None else None


async def slack_account(transaction: AsyncSession, principal: Principal) -> str | None:
    """The same of `principal`'s account now."""
    return account_of(await slack_identity(transaction, principal))


async def sync(transaction: AsyncSession, policy: Policy, now: datetime, slack_team: str | None) -> Changes:
    """Make principals and Slack identities those of `policy`; the caller holds Lock.ADOPT_POLICY.

    Nobody is deleted: whoever is no longer named is disabled. Without a team no identity is given. Those who left, and
    those who lost an identity, lose what they asked for and what they hold.
    """
    known = {principal.name: principal for principal in await transaction.scalars(select(Principal))}
    changes = Changes()
    for person in policy.people.values():
        principal = known.get(person.name)
        if principal is None:
            principal = Principal(name=person.name, kind=person.kind, email=person.email, created_at=now)
            transaction.add(principal)
            known[person.name] = principal
            changes.joined.append(principal)
            continue
        if principal.disabled_at is not None:
            changes.returned.append(principal)
        principal.kind, principal.email, principal.disabled_at = person.kind, person.email, None
    for name in known.keys() - policy.people.keys():
        if known[name].disabled_at is None:
            known[name].disabled_at = now
            changes.left.append(known[name])
    await transaction.flush()
    lost = await _sync_slack(transaction, policy, known, now, slack_team)
    changes.lost_identity = [principal for principal in known.values() if principal.id in lost]
    for principal in changes.lost_identity:
        principal.identity_lost_at = now
    await transaction.flush()
    for principal in changes.left:
        await _end_all(transaction, principal, LEFT_THE_POLICY, now)
    for principal in changes.lost_identity:
        await _end_all(transaction, principal, LOST_IDENTITY, now)
    return changes


async def link_slack(access: Access, team: str) -> None:
    """The bot says which workspace its token belongs to. Raises WrongWorkspace if the policy names another.

    Raises PolicyStale where this process does not have the policy in force: its people are not those who count.
    """
    named = access.policies.current.slack
    if named is not None and named.team != team:
        raise WrongWorkspace(
            f"gatepass.yml is for the Slack workspace {named.team}, but SLACK_BOT_TOKEN belongs to {team}. "
            "Correct slack.team or use the other workspace's token."
        )
    access.policies.slack_team = team
    async with access.database.transaction() as transaction:
        await take(transaction, Lock.ADOPT_POLICY)
        policy = await policy_in_force(access, transaction)
        if policy is None:
            raise PolicyStale
        changes = await sync(transaction, policy, await clock(transaction), team)
        lost = sorted(principal.name for principal in changes.lost_identity)
        await trail.record(
            transaction,
            actor="gatepass",
            action="slack:workspace:link",
            resource=team,
            detail={"lost_identity": lost} if lost else None,
        )


async def _end_all(transaction: AsyncSession, principal: Principal, why: str, now: datetime) -> None:
    """What they asked for and hold, and their browsers' sign-ins if they left."""
    if principal.disabled_at is not None:
        await browser_sessions.left(transaction, principal, now)
    await revocation.cancel_requests_of(transaction, principal, why, now)
    await revocation.revoke_grants_of(transaction, principal, why, now)


async def _sync_slack(
    transaction: AsyncSession, policy: Policy, known: dict[str, Principal], now: datetime, team: str | None
) -> frozenset[UUID]:
    """Retire identities that the policy no longer gives, and give those it does: one member of one team each.

    Returns the principals from whom one was taken.
    """
    lost: set[UUID] = set()
    owners = {person.slack: known[person.name].id for person in policy.people.values() if person.slack is not None}
    rows = await transaction.scalars(select(Identity).where(col(Identity.provider) == IdentityProvider.SLACK))
    for identity in rows.all():
        owner_before = identity.principal_id if identity.retired_at is None else None
        if team is None:
            stale = owners.get(identity.subject) != identity.principal_id
            identity.retired_at = (identity.retired_at or now) if stale else identity.retired_at
        elif identity.issuer != team or identity.subject not in owners:
            identity.retired_at = identity.retired_at or now
        else:
            identity.principal_id, identity.retired_at = owners.pop(identity.subject), None
        if owner_before is not None and (identity.retired_at is not None or identity.principal_id != owner_before):
            lost.add(owner_before)
    if team is not None:
        transaction.add_all(
            Identity(principal_id=owner, provider=IdentityProvider.SLACK, issuer=team, subject=subject, created_at=now)
            for subject, owner in owners.items()
        )
    await transaction.flush()
    return frozenset(lost)
