"""Statements that wait for review, and bob who decides on them."""

import asyncio

from sqlalchemy import select
from sqlmodel import col

from access.context import Access
from access.decisions.statement_reviews import review_statement
from storage.model import HoldState, Principal, ReviewDecision, Statement

WAIT_S = 60


async def held(access: Access) -> Statement:
    """The statement that waits for review, once there is one."""
    async with asyncio.timeout(WAIT_S):
        while True:
            async with access.database.transaction() as transaction:
                pending = select(Statement).where(col(Statement.state) == HoldState.PENDING)
                if (found := (await transaction.scalars(pending)).one_or_none()) is not None:
                    return found
            await asyncio.sleep(0.02)


async def decide(access: Access, decision: ReviewDecision, reason: str = "") -> Statement:
    """bob decides on the one that waits; returns it as it was put to him."""
    statement = await held(access)
    async with access.database.transaction() as transaction:
        bob = (await transaction.scalars(select(Principal).where(col(Principal.name) == "bob"))).one()
    outcome = await review_statement(access, statement.id, bob, decision, reason)
    assert outcome.decided, outcome.message
    return statement


async def statements(access: Access) -> list[Statement]:
    """All that were held or denied, in their order."""
    async with access.database.transaction() as transaction:
        found = await transaction.scalars(select(Statement).order_by(col(Statement.created_at)))
        return list(found.all())
