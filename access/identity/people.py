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

from access import directory
from access.context import Access
from access.errors import PolicyStale
from access.grants import revocation
from access.identity import accounts, browser_sessions, security_keys
from access.identity.ssh import certificates
from access.identity.ssh import keys as ssh_keys
from access.in_force import policy_in_force
from access.policy.policy import Policy
from access.policy.values.mailbox import folded
from storage.audit import trail
from storage.database import clock
from storage.locks import Lock, take
from storage.model import Identity, IdentityProvider, Principal

LEFT_THE_POLICY = "left the policy"
LOST_IDENTITY = "another account is theirs now, or none"


class WrongWorkspace(Exception):
    """The bot's token belongs to another Slack workspace than gatepass.yml names."""


@dataclass
class Changes:
    """Whom a sync added, disabled, let back in, and took an identity from."""

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
    """Make principals and their identities those of `policy`, as written; the caller holds Lock.ADOPT_POLICY.

    Nobody is deleted: whoever is no longer named is disabled, and so is whom a provider brought that fills no group any
    more. Without a team no Slack account is given. Those who left, and those who lost an identity, lose what they asked
    for and what they hold.
    """
    known = {principal.name: principal for principal in await transaction.scalars(select(Principal))}
    changes = Changes()
    moved: set[UUID] = set()
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
        is_another = principal.brought_by is not None and person.email is None
        if is_another or folded(principal.email or "") != folded(person.email or ""):
            moved.add(principal.id)
        principal.kind, principal.email, principal.disabled_at = person.kind, person.email, None
        # Whom a provider brought is the file's person of that name only if it has the same address: one, not none.
        principal.brought_by = None
    filling = policy.filling_issuers()
    addresses = {folded(person.email) for person in policy.people.values() if person.email is not None}
    for name in known.keys() - policy.people.keys():
        principal = known[name]
        # One address is one person: whom the file calls otherwise now comes in as that one.
        if principal.brought_by in filling and folded(principal.email or "") not in addresses:
            if principal.disabled_at is not None:
                principal.disabled_at = None
                changes.returned.append(principal)
        elif principal.disabled_at is None:
            principal.disabled_at = now
            changes.left.append(principal)
    await transaction.flush()
    given = accounts.Given(policy, known, frozenset(moved), now)
    lost = await accounts.sync_slack(transaction, given, slack_team)
    lost |= await accounts.sync_providers(transaction, given)
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
    named = access.policies.written.slack
    if named is not None and named.team not in {None, team}:
        raise WrongWorkspace(
            f"gatepass.yml is for the Slack workspace {named.team}, but SLACK_BOT_TOKEN belongs to {team}. "
            "Correct slack.team or use the other workspace's token."
        )
    access.policies.slack_team = team
    async with access.database.transaction() as transaction:
        await take(transaction, Lock.ADOPT_POLICY)
        if await policy_in_force(access, transaction) is None:
            raise PolicyStale
        changes = await sync(transaction, access.policies.written, await clock(transaction), team)
        await directory.changed(transaction)
        lost = sorted(principal.name for principal in changes.lost_identity)
        await trail.record(
            transaction,
            actor="gatepass",
            action="slack:workspace:link",
            resource=team,
            detail={"lost_identity": lost} if lost else None,
        )


async def _end_all(transaction: AsyncSession, principal: Principal, why: str, now: datetime) -> None:
    """What they asked for and hold, their browsers' sign-ins and their keys: another might come as them."""
    await browser_sessions.left(transaction, principal, now)
    await security_keys.left(transaction, principal, now)
    await certificates.left(transaction, principal, now)
    await ssh_keys.left(transaction, principal, now)
    await revocation.cancel_requests_of(transaction, principal, why, now)
    await revocation.revoke_grants_of(transaction, principal, why, now)
