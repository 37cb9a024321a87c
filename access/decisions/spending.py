"""Spending: the one run that an approval is for. It begins in a transaction that asks everything again, or never.

An approved statement is spent or void, once. Void is what became of it: the grant, the session, the policy, those who
approved it, its time or what stands around it is not what it was when it was approved. Nothing of it runs then.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access import changes
from access.context import Access
from access.decisions.statement_reviews import StatementCase
from access.decisions.votes import approvals_of
from access.in_force import policy_in_force
from storage.database import clock
from storage.model import HoldState, Principal, Statement


async def spend(access: Access, statement_id: UUID) -> str | None:
    """Begin the run of an approved statement: None, and the caller forwards it at once; else why not, as a sentence.

    What may not run any more is void from then on. Raises StorageUnavailable: then it must not run either.
    """
    async with access.database.transaction() as transaction:
        policy = await policy_in_force(access, transaction)
        statement = await transaction.get_one(Statement, statement_id)
        grant = await changes.grant_of(transaction, statement)
        holder = await transaction.get_one(Principal, grant.principal_id)
        case = await StatementCase.open(transaction, policy, statement_id, holder)
        if case is None or case.row.state is not HoldState.APPROVED:
            return "Nobody has approved this statement."
        if case.row.spent_at is not None or case.row.void:
            return case.row.void or "Its approval was for one run, which there has been."
        now = await clock(transaction)
        why = await _why_not(transaction, case, now)
        if why is not None:
            await _void(transaction, case.row.id, why, changes.actor(None))
            return why
        await _settle(transaction, statement_id, {"spent_at": now}, changes.actor(holder), "proxy:statement:spend")
        return None


async def void(access: Access, statement_id: UUID, why: str) -> bool:
    """An approved statement is not to run; False: it was spent, void or not approved."""
    async with access.database.transaction() as transaction:
        return await _void(transaction, statement_id, why, changes.actor(None))


async def _why_not(transaction: AsyncSession, case: StatementCase, now: datetime) -> str | None:
    """Why what was approved may not run at this moment, as a sentence; None: it may."""
    if case.closed is not None:
        return case.closed
    expires_at = case.row.expires_at
    if expires_at is not None and expires_at <= now:
        return f"Its time was over at {expires_at:%H:%M:%S} UTC, before it could run."
    approvals = await approvals_of(transaction, case.reviewers, case.row, present=case.present)
    if len(approvals) < case.quorum:
        return (
            f"Only {len(approvals)} of {case.quorum} approvals still count: who gave the others may review no more, or "
            "the key that they touched has ended."
        )
    return None


async def _void(transaction: AsyncSession, statement_id: UUID, why: str, by: str) -> bool:
    return await _settle(transaction, statement_id, {"void": why}, by, "proxy:statement:void", why)


async def _settle(
    transaction: AsyncSession, statement_id: UUID, values: dict[str, object], by: str, action: str, why: str = ""
) -> bool:
    """One conditional UPDATE decides; of all who try one gets the row."""
    settled = await transaction.scalar(
        update(Statement)
        .where(
            col(Statement.id) == statement_id,
            col(Statement.state) == HoldState.APPROVED,
            col(Statement.spent_at).is_(None),
            col(Statement.void) == "",
        )
        .values({**values, "revision": col(Statement.revision) + 1})
        .returning(Statement)
        .execution_options(populate_existing=True)
    )
    if settled is None:
        return False
    outcome = "failure" if why else "success"
    await changes.note(
        transaction, settled, actor=by, action=action, outcome=outcome, detail={"why": why} if why else None
    )
    return True
