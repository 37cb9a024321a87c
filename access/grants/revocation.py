"""Revocation: grants revoked and requests cancelled before they end by themselves, each by one conditional UPDATE."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access import changes
from storage.model import AccessRequest, Grant, Principal, RequestState


async def cancel_requests_of(
    transaction: AsyncSession, principal: Principal, why: str, now: datetime, *, source: str = "policy"
) -> None:
    """Cancel everything that `principal` asked for and nobody decided yet; the gateway does it."""
    await _cancel(transaction, col(AccessRequest.principal_id) == principal.id, None, why, now, source=source)


async def cancel_request(
    transaction: AsyncSession, request_id: UUID, by: Principal, why: str, now: datetime, *, source: str
) -> AccessRequest | None:
    """pending -> cancelled; None: it was not pending any more."""
    cancelled = await _cancel(transaction, col(AccessRequest.id) == request_id, by, why, now, source=source)
    return cancelled[0] if cancelled else None


async def revoke_grants_of(
    transaction: AsyncSession, principal: Principal, why: str, now: datetime, *, source: str = "policy"
) -> None:
    """Revoke every live grant of `principal`; the gateway does it."""
    await _revoke(transaction, col(Grant.principal_id) == principal.id, None, why, now, source=source)


async def revoke_grant(
    transaction: AsyncSession, grant_id: UUID, by: Principal | None, why: str, now: datetime, *, source: str
) -> Grant | None:
    """Revoke a grant that lives; None: it had ended."""
    revoked = await _revoke(transaction, col(Grant.id) == grant_id, by, why, now, source=source)
    return revoked[0] if revoked else None


async def _cancel(
    transaction: AsyncSession, which: ColumnElement[bool], by: Principal | None, why: str, now: datetime, *, source: str
) -> Sequence[AccessRequest]:
    return await changes.decide(
        transaction,
        AccessRequest,
        which,
        changes.settled(RequestState.CANCELLED, now, why=why, by=by.id if by is not None else None),
        actor=changes.actor(by),
        action=f"{source}:request:cancel",
        detail={"reason": why},
    )


async def _revoke(
    transaction: AsyncSession, which: ColumnElement[bool], by: Principal | None, why: str, now: datetime, *, source: str
) -> Sequence[Grant]:
    """Ordered locks first: two who revoke overlapping grants must not wait for each other."""
    live = and_(which, changes.STILL_OPEN[Grant], col(Grant.expires_at) > now)
    await transaction.execute(select(col(Grant.id)).where(live).order_by(col(Grant.id)).with_for_update())
    return await changes.decide(
        transaction,
        Grant,
        live,
        {"revoked_at": now, "revoked_by": by.id if by is not None else None, "revoke_reason": why},
        actor=changes.actor(by),
        action=f"{source}:grant:revoke",
        detail={"reason": why},
    )
