"""Holds: statements that wait for a reviewer, and those denied at once. Called by the proxy's sessions.

Only held and denied statements become rows; the caller has removed the literals from their text.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access import changes
from access.changes import actor
from access.context import Access
from access.errors import STALE
from access.in_force import policy_in_force
from access.policy.policy import Policy
from access.policy.resources import StatementRule
from access.text import storable
from storage import outbox
from storage.database import clock
from storage.model import (
    AccessRequest,
    Grant,
    HoldState,
    PostPurpose,
    PostSubject,
    Principal,
    Session,
    Statement,
    VerdictKind,
)

#: A card shows the start of it; the recording has the whole.
MAX_TEXT_CHARS = 20_000
_MAX_KIND_CHARS = 64


async def hold(access: Access, session: Session, grant: Grant, text: str, kind: str, rule: StatementRule) -> Statement:
    """Put a statement to its reviewers: pending until its timeout or the grant's end, whichever comes first.

    Where nobody can review it, it is denied at once and says why: too few people are left, the policy no longer has the
    rule, or this process no longer has the policy. Raises StorageUnavailable.
    """
    async with access.database.transaction() as transaction:
        policy = await policy_in_force(access, transaction)
        now = await clock(transaction)
        holder = await transaction.get_one(Principal, grant.principal_id)
        request = await transaction.get_one(AccessRequest, grant.request_id)
        # As the rule stands now: the session may have begun under an older policy.
        rule_now = policy.statement_rule(grant.resource, grant.role, rule.name) if policy is not None else None
        reviewers = frozenset[str]()
        if policy is not None and rule_now is not None:
            reviewers = policy.statement_reviewers(rule_now, holder.name, grant.resource, grant.role)
            rule = rule_now
        held = _row(session, text, kind, rule, now)
        held.verdict = VerdictKind.REVIEW
        held.state = HoldState.PENDING
        held.quorum = rule.quorum
        held.reviewers = sorted(reviewers)
        held.channel = rule.channel or request.channel
        held.expires_at = min(now + timedelta(seconds=rule.timeout_s), grant.expires_at)
        if (closed := _closed(policy, rule_now, len(reviewers))) is not None:
            held.state, held.decided_at, held.decision_reason = HoldState.DENIED, now, closed
        transaction.add(held)
        await transaction.flush()
        if policy is not None and held.state is HoldState.PENDING:
            await _enqueue_cards(policy, transaction, held, request)
        await changes.statement(
            transaction, held, grant, actor=actor(holder), action="proxy:statement:hold", detail={"kind": held.kind}
        )
        return held


def _closed(policy: Policy | None, rule: StatementRule | None, reviewers: int) -> str | None:
    """Why nobody can be asked, as the reason of a denial; None: somebody can."""
    if policy is None:
        return STALE
    if rule is None or rule.verdict is not VerdictKind.REVIEW:
        return "the policy has changed and no longer has the rule that holds this; connect again"
    if reviewers < rule.quorum:
        return f"too few people are left who could review it ({reviewers} of {rule.quorum})"
    return None


async def deny(access: Access, session: Session, grant: Grant, text: str, kind: str, rule: StatementRule) -> Statement:
    """Write down a statement that a rule denies. Raises StorageUnavailable."""
    async with access.database.transaction() as transaction:
        holder = await transaction.get_one(Principal, grant.principal_id)
        denied = _row(session, text, kind, rule, await clock(transaction))
        transaction.add(denied)
        await transaction.flush()
        await changes.statement(
            transaction,
            denied,
            grant,
            actor=actor(holder),
            action="proxy:statement:deny",
            outcome="failure",
            detail={"kind": denied.kind},
        )
        return denied


async def cancel(access: Access, statement_id: UUID, why: str) -> bool:
    """pending -> cancelled: nobody waits for it any more. False if it was decided already."""
    async with access.database.transaction() as transaction:
        statement = await transaction.get(Statement, statement_id)
        if statement is None:
            return False
        grant = await changes.grant_of(transaction, statement)
        holder = await transaction.get_one(Principal, grant.principal_id)
        cancelled = await changes.decide(
            transaction,
            Statement,
            col(Statement.id) == statement_id,
            changes.settled(HoldState.CANCELLED, await clock(transaction), why=why),
            actor=actor(holder),
            action="proxy:statement:cancel",
            detail={"why": why},
        )
        return bool(cancelled)


async def state(transaction: AsyncSession, statement_id: UUID) -> Statement:
    """The statement as it stands now. Raises sqlalchemy's NoResultFound for one that never was."""
    return await transaction.get_one(Statement, statement_id, populate_existing=True)


def _row(session: Session, text: str, kind: str, rule: StatementRule, now: datetime) -> Statement:
    """A denied statement; `hold` makes a pending one of it."""
    valid = storable(text)
    return Statement(
        session_id=session.id,
        text=valid if len(valid) <= MAX_TEXT_CHARS else valid[:MAX_TEXT_CHARS] + "…",
        kind=kind[:_MAX_KIND_CHARS],
        verdict=VerdictKind.DENY,
        rule=rule.name,
        message=rule.message,
        created_at=now,
    )


async def _enqueue_cards(policy: Policy, transaction: AsyncSession, held: Statement, request: AccessRequest) -> None:
    """In the channel, in the thread of the request's card; to each reviewer directly where there is no channel."""
    if held.channel is not None:
        card = await outbox.find(transaction, PostSubject.REQUEST, request.id, PostPurpose.CARD, held.channel)
        thread_of = card.id if card is not None else None
        await outbox.enqueue(
            transaction, PostSubject.STATEMENT, held.id, PostPurpose.CARD, held.channel, thread_of=thread_of
        )
        return
    for name in held.reviewers:
        if (slack := policy.people[name].slack) is not None:
            await outbox.enqueue(transaction, PostSubject.STATEMENT, held.id, PostPurpose.CARD, slack)
