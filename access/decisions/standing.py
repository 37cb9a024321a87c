"""What somebody has or waits for already, of what they ask for. It reads, and decides nothing: requests does.

A second grant of the same is a second thing to watch and to revoke, and a second card is a second thing to review; who
asks again mostly does not know that they have it.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access.errors import Refused
from access.grants.grants import live, still_allowed
from access.policy.policy import Policy
from storage.model import AccessRequest, Grant, Principal, RequestState


class Standing(Refused):
    """It was not asked for: `subject` is the grant or the pending request that the asker has already."""

    def __init__(self, subject: Grant | AccessRequest) -> None:
        door = f"{subject.role} on {subject.resource}"
        until = f"{subject.expires_at:%H:%M} UTC"
        super().__init__(
            f"You have {door} already, until {until}. /access list shows how to connect."
            if isinstance(subject, Grant)
            else f"You asked for {door} already, and nobody has decided yet; they may until {until}. "
            "/access list shows it."
        )
        self.subject = subject


async def standing(
    transaction: AsyncSession, policy: Policy, asker: Principal, resource: str, role: str, now: datetime
) -> Grant | AccessRequest | None:
    """The live grant of `asker` for this role that lasts longest and that the policy still allows, else their newest
    request for it that waits; None: neither.
    """
    # Requests first: one that is approved between the two questions is found as a grant, and never as nothing.
    pending = await transaction.scalar(
        select(AccessRequest)
        .where(
            col(AccessRequest.principal_id) == asker.id,
            col(AccessRequest.resource) == resource,
            col(AccessRequest.role) == role,
            col(AccessRequest.state) == RequestState.PENDING,
            col(AccessRequest.expires_at) > now,
        )
        .order_by(col(AccessRequest.created_at).desc(), col(AccessRequest.id))
        .limit(1)
    )
    granted = await transaction.scalars(
        select(Grant)
        .where(
            col(Grant.principal_id) == asker.id,
            col(Grant.resource) == resource,
            col(Grant.role) == role,
            *live(now),
        )
        .order_by(col(Grant.expires_at).desc(), col(Grant.id))
    )
    usable = (grant for grant in granted if still_allowed(policy, grant, asker.name) is None)
    return next(usable, None) or pending


async def pending_of(transaction: AsyncSession, asker: Principal) -> list[AccessRequest]:
    """What somebody asked for and nobody decided yet, newest first."""
    found = await transaction.scalars(
        select(AccessRequest)
        .where(col(AccessRequest.principal_id) == asker.id, col(AccessRequest.state) == RequestState.PENDING)
        .order_by(col(AccessRequest.created_at).desc())
    )
    return list(found.all())
