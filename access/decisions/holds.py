"""Holds: statements that wait for a reviewer, and those denied at once. Called by the proxy's sessions.

Only held and denied statements become rows; the caller has removed the literals from their text. What becomes of an
approved one is in spending. It refuses to hold under a grant that opens nothing, and more than people can read.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access import changes
from access.changes import actor
from access.context import Access
from access.errors import STALE
from access.grants import grants
from access.in_force import policy_in_force
from access.policy.policy import Policy
from access.policy.shapes.statement_rules import StatementRule
from access.text import storable
from access.visible import MAX_SHOWN_CHARS, shown_length
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

#: A denied statement's text is for the card of its denial, which says where the whole of it is.
MAX_DENIED_CHARS = 20_000
#: Statements that wait for review at once: more are not read with care, and each is a message to a channel.
MAX_HOLDS_PER_SESSION = 8
MAX_HOLDS_PER_PRINCIPAL = 24
_MAX_KIND_CHARS = 64


@dataclass(frozen=True)
class Circumstances:
    """What reviewers are told beside the text; what does not apply or is not known is empty or says so."""

    #: In words: "deletes every row of customers: no WHERE".
    why: str = ""
    #: Of the planner: "about 1,204,331 rows".
    estimate: str = ""
    database: str = ""
    search_path: str = ""


async def hold(
    access: Access,
    session: Session,
    grant: Grant,
    text: str,
    kind: str,
    rule: StatementRule,
    circumstances: Circumstances = Circumstances(),
) -> Statement:
    """Put a statement to its reviewers: pending until its timeout or the grant's end, whichever comes first.

    Where nobody is to decide it, it is denied at once and says why: the grant opens nothing any more, too many wait
    already, too few people are left, the policy no longer has the rule, or this process no longer has the policy.
    Raises StorageUnavailable, and ValueError for a text longer than MAX_SHOWN_CHARS.
    """
    if shown_length(text) > MAX_SHOWN_CHARS:
        raise ValueError("a text that cannot be shown whole is not to be held")
    async with access.database.transaction() as transaction:
        policy = await policy_in_force(access, transaction)
        # Locked, so that the holds of one principal are counted one after the other.
        holder = await transaction.get_one(Principal, grant.principal_id, with_for_update={"key_share": True})
        unusable = await _unusable(transaction, grant)
        now = await clock(transaction)
        request = await transaction.get_one(AccessRequest, grant.request_id)
        # As the rule stands now: the session may have begun under an older policy.
        rule_now = policy.statement_rule(grant.resource, grant.role, rule.name) if policy is not None else None
        reviewers = frozenset[str]()
        if policy is not None and rule_now is not None:
            reviewers = policy.statement_reviewers(rule_now, holder.name, grant.resource, grant.role)
            rule = rule_now
        held = _row(session, text, kind, rule, now)
        held.sqlmodel_update(asdict(circumstances))
        held.verdict = VerdictKind.REVIEW
        held.state = HoldState.PENDING
        held.quorum = rule.quorum
        held.reviewers = sorted(reviewers)
        held.channel = rule.channel or request.channel
        held.expires_at = min(now + timedelta(seconds=rule.timeout_s), grant.expires_at)
        closed = unusable or _closed(policy, rule_now, len(reviewers)) or await _too_many(transaction, session, holder)
        if closed is not None:
            held.state, held.decided_at, held.decision_reason = HoldState.DENIED, now, closed
        transaction.add(held)
        await transaction.flush()
        if policy is not None and held.state is HoldState.PENDING:
            await _enqueue_cards(policy, transaction, held, request, holder)
        await changes.statement(
            transaction,
            held,
            grant,
            actor=actor(holder),
            action="proxy:statement:hold",
            outcome="success" if closed is None else "failure",
            detail={"kind": held.kind, **({"why": closed} if closed is not None else {})},
        )
        return held


async def _unusable(transaction: AsyncSession, grant: Grant) -> str | None:
    """Why the grant opens nothing, as a sentence; locked, so that it stays so until the transaction ends."""
    try:
        await grants.usable(transaction, grant.id, lock=True)
    except grants.GrantUnusable as error:
        return str(error)
    return None


async def _too_many(transaction: AsyncSession, session: Session, holder: Principal) -> str | None:
    """Why nobody is asked about one more; the caller has locked the holder."""
    pending = (
        select(func.count(), func.count().filter(col(Statement.session_id) == session.id))
        .select_from(Statement)
        .join(Session, col(Session.id) == col(Statement.session_id))
        .join(Grant, col(Grant.id) == col(Session.grant_id))
        .where(col(Statement.state) == HoldState.PENDING, col(Grant.principal_id) == holder.id)
    )
    of_all, of_session = (await transaction.execute(pending)).one()
    if of_session >= MAX_HOLDS_PER_SESSION:
        return f"{of_session} statements of this session wait for review already: wait for an answer, then send it"
    if of_all >= MAX_HOLDS_PER_PRINCIPAL:
        return f"{of_all} statements of {holder.name} wait for review already: wait for an answer, then send it"
    return None


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
        denied = _row(session, _bounded(text), kind, rule, await clock(transaction))
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


def _bounded(text: str) -> str:
    """A denied statement's text, cut where it says so; nobody decides by it."""
    if len(text) <= MAX_DENIED_CHARS:
        return text
    return f"{text[:MAX_DENIED_CHARS]}\n… (cut: {len(text):,} characters in all; the recording has them)"


def _row(session: Session, text: str, kind: str, rule: StatementRule, now: datetime) -> Statement:
    """A denied statement; `hold` makes a pending one of it."""
    return Statement(
        session_id=session.id,
        text=storable(text),
        kind=kind[:_MAX_KIND_CHARS],
        verdict=VerdictKind.DENY,
        rule=rule.name,
        message=rule.message,
        created_at=now,
    )


async def _enqueue_cards(
    policy: Policy, transaction: AsyncSession, held: Statement, request: AccessRequest, holder: Principal
) -> None:
    """In the channel, in the thread of the request's card; to each reviewer directly where there is no channel.

    Where the policy rule wants its reviewers told, to them directly as well.
    """
    addresses = set(policy.told_directly(holder.name, request.resource, request.role, held.reviewers))
    if held.channel is not None:
        card = await outbox.find(transaction, PostSubject.REQUEST, request.id, PostPurpose.CARD, held.channel)
        thread_of = card.id if card is not None else None
        await outbox.enqueue(
            transaction, PostSubject.STATEMENT, held.id, PostPurpose.CARD, held.channel, thread_of=thread_of
        )
    else:
        addresses |= {slack for name in held.reviewers if (slack := policy.people[name].slack) is not None}
    for address in sorted(addresses):
        await outbox.enqueue(transaction, PostSubject.STATEMENT, held.id, PostPurpose.CARD, address)
