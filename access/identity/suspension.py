"""Suspension: an account that its provider no longer lets decide about others. Its votes do not count from then on.

What the account may open is not its business: a guest may ask for what the policy lets them have.
"""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.audit import trail
from storage.database import clock
from storage.locks import Lock, take
from storage.model import Identity, IdentityProvider, Principal


async def note(transaction: AsyncSession, issuer: str, subject: str, why: str | None) -> Principal | None:
    """Write down what Slack says of its member `subject` of team `issuer`: why they may not review; None: they may.

    What was approved before a suspension never counts again: who could review then was not sure. Returns the
    principal if this changed anything.
    """
    if not _differs(await _found(transaction, issuer, subject), why):
        return None
    # Whoever adopts a policy changes the same rows.
    await take(transaction, Lock.ADOPT_POLICY)
    found = await _found(transaction, issuer, subject)
    if found is None or not _differs(found, why):
        return None
    identity, principal = found
    now = await clock(transaction)
    identity.suspended_at = None if why is None else now
    if why is not None:
        principal.identity_lost_at = now
    await trail.record(
        transaction,
        actor="gatepass",
        action="slack:identity:restore" if why is None else "slack:identity:suspend",
        resource=principal.name,
        detail={"slack_user": subject} | ({"why": why} if why is not None else {}),
    )
    return principal


def _differs(found: tuple[Identity, Principal] | None, why: str | None) -> bool:
    return found is not None and (found[0].suspended_at is None) is not (why is None)


async def _found(transaction: AsyncSession, issuer: str, subject: str) -> tuple[Identity, Principal] | None:
    rows = await transaction.execute(
        select(Identity, Principal)
        .join(Principal, col(Principal.id) == col(Identity.principal_id))
        .where(
            col(Identity.provider) == IdentityProvider.SLACK,
            col(Identity.issuer) == issuer,
            col(Identity.subject) == subject,
            col(Identity.retired_at).is_(None),
        )
        .execution_options(populate_existing=True)
    )
    row = rows.one_or_none()
    return None if row is None else (row[0], row[1])
