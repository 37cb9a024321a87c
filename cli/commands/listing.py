"""Who is somebody here, as storage has it: one row a person."""

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped
from sqlmodel import col

from storage.database import clock
from storage.model import BrowserSession, Grant, Identity, Principal, SecurityKey, SshKey


@dataclass(frozen=True)
class Row:
    """One person or agent."""

    name: str
    address: str
    accounts: list[str] = field(default_factory=list[str])
    sign_ins: int = 0
    keys: int = 0
    ssh_keys: int = 0
    grants: int = 0


async def rows_of(transaction: AsyncSession) -> list[Row]:
    """By name; whoever the policy names no longer is not among them."""
    now = await clock(transaction)
    people = await transaction.scalars(
        select(Principal).where(col(Principal.disabled_at).is_(None)).order_by(col(Principal.name))
    )
    accounts: dict[UUID, list[str]] = {}
    known = select(Identity).where(col(Identity.retired_at).is_(None))
    for identity in await transaction.scalars(known.order_by(col(Identity.provider), col(Identity.issuer))):
        accounts.setdefault(identity.principal_id, []).append(f"{identity.subject} at {identity.issuer}")
    sign_ins = await _counts(
        transaction,
        col(BrowserSession.principal_id),
        col(BrowserSession.ended_at).is_(None),
        col(BrowserSession.expires_at) > now,
        col(BrowserSession.idle_until) > now,
    )
    keys = await _counts(transaction, col(SecurityKey.principal_id), col(SecurityKey.ended_at).is_(None))
    ssh_keys = await _counts(transaction, col(SshKey.principal_id), col(SshKey.ended_at).is_(None))
    grants = await _counts(
        transaction, col(Grant.principal_id), col(Grant.revoked_at).is_(None), col(Grant.expires_at) > now
    )
    return [
        Row(
            person.name,
            person.email or "",
            accounts.get(person.id, []),
            sign_ins.get(person.id, 0),
            keys.get(person.id, 0),
            ssh_keys.get(person.id, 0),
            grants.get(person.id, 0),
        )
        for person in people
    ]


async def _counts(transaction: AsyncSession, whose: Mapped[UUID], *which: ColumnElement[bool]) -> dict[UUID, int]:
    rows = await transaction.execute(select(whose, func.count()).where(*which).group_by(whose))
    return {row[0]: row[1] for row in rows.all()}
