"""How many sessions may live at once: bounds on what one grant, and one person, can take from everybody else.

Counted in storage and in the transaction that opens a session, so they hold across all proxy processes. A session that
its dead process left open counts until it is closed.
"""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.model import Grant, Principal, Session, SessionState

#: Live sessions under one grant.
SESSIONS_PER_GRANT = 200
#: Live sessions of one principal, under all of their grants.
SESSIONS_PER_PRINCIPAL = 300


class TooManySessions(Exception):
    """One session more than may live at once; the message is for the person who asked for it."""


async def leave_room(transaction: AsyncSession, grant: Grant) -> None:
    """Return if a session may be opened under `grant` in this transaction. Raises TooManySessions.

    Whoever opens another session of this principal waits until the transaction ends, and counts its session then.
    """
    await transaction.execute(
        select(col(Principal.id)).where(col(Principal.id) == grant.principal_id).with_for_update(key_share=True)
    )
    of_grant, of_principal = await _live(transaction, grant)
    door = f"{grant.role}@{grant.resource}"
    if of_grant >= SESSIONS_PER_GRANT:
        raise TooManySessions(f"{of_grant} sessions are open under this access to {door}, the most there may be. {_DO}")
    if of_principal >= SESSIONS_PER_PRINCIPAL:
        raise TooManySessions(f"You have {of_principal} open sessions, the most that one person may have. {_DO}")


_DO = "Close some and connect again."


async def _live(transaction: AsyncSession, grant: Grant) -> tuple[int, int]:
    """Live sessions under this grant, and of its principal."""
    counted = await transaction.execute(
        select(func.count().filter(col(Session.grant_id) == grant.id), func.count())
        .select_from(Session)
        .join(Grant, col(Grant.id) == col(Session.grant_id))
        .where(col(Session.state) == SessionState.ACTIVE, col(Grant.principal_id) == grant.principal_id)
    )
    of_grant, of_principal = counted.one()
    return of_grant, of_principal
