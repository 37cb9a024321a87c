"""Principals and identities: who the policy's people are in storage, and how Slack knows them.

An identity counts only with its issuer: the same Slack member id of another workspace is a stranger.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access.policy import Policy
from storage import audit
from storage.database import clock
from storage.locks import Lock, take
from storage.model import Identity, IdentityProvider, Principal

if TYPE_CHECKING:
    from access.context import Access

__all__ = ["Changes", "Principal", "WrongWorkspace", "actor", "link_slack", "principal_of", "sync"]


class WrongWorkspace(Exception):
    """The bot's token belongs to another Slack workspace than gatepass.yml names."""


@dataclass
class Changes:
    """Whom a sync added, disabled and let back in."""

    joined: list[Principal] = field(default_factory=list[Principal])
    left: list[Principal] = field(default_factory=list[Principal])
    returned: list[Principal] = field(default_factory=list[Principal])


def actor(principal: Principal | None) -> str:
    """How the audit log names somebody: `human:alice`, `agent:deployer`; None is the gateway itself."""
    return f"{principal.kind.value}:{principal.name}" if principal is not None else "gatepass"


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


async def sync(transaction: AsyncSession, policy: Policy, now: datetime, slack_team: str | None) -> Changes:
    """Make principals and Slack identities those of `policy`; the caller holds Lock.ADOPT_POLICY.

    Nobody is deleted: whoever is no longer named is disabled. Without a team no identity is given.
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
    await _sync_slack(transaction, policy, known, now, slack_team)
    return changes


async def link_slack(access: "Access", team: str) -> None:
    """The bot says which workspace its token belongs to. Raises WrongWorkspace if the policy names another."""
    named = access.policies.current.slack
    if named is not None and named.team != team:
        raise WrongWorkspace(
            f"gatepass.yml is for the Slack workspace {named.team}, but SLACK_BOT_TOKEN belongs to {team}. "
            "Correct slack.team or use the other workspace's token."
        )
    access.policies.slack_team = team
    async with access.database.transaction() as transaction:
        await take(transaction, Lock.ADOPT_POLICY)
        await sync(transaction, access.policies.current, await clock(transaction), team)
        await audit.record(transaction, actor="gatepass", action="slack:workspace:link", resource=team)


async def _sync_slack(
    transaction: AsyncSession, policy: Policy, known: dict[str, Principal], now: datetime, team: str | None
) -> None:
    """Retire identities that the policy no longer gives, and give those it does: one member of one team each."""
    owners = {person.slack: known[person.name].id for person in policy.people.values() if person.slack is not None}
    rows = await transaction.scalars(select(Identity).where(col(Identity.provider) == IdentityProvider.SLACK))
    for identity in rows.all():
        if team is None:
            stale = owners.get(identity.subject) != identity.principal_id
            identity.retired_at = (identity.retired_at or now) if stale else identity.retired_at
        elif identity.issuer != team or identity.subject not in owners:
            identity.retired_at = identity.retired_at or now
        else:
            identity.principal_id, identity.retired_at = owners.pop(identity.subject), None
    if team is not None:
        transaction.add_all(
            Identity(principal_id=owner, provider=IdentityProvider.SLACK, issuer=team, subject=subject, created_at=now)
            for subject, owner in owners.items()
        )
    await transaction.flush()
