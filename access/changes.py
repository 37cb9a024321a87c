"""Changes of state: whatever decides is one conditional UPDATE, with its audit event, its posts and its NOTIFY.

All of it in the caller's transaction, so that everything happens or nothing. `decide` makes the change. `request`,
`grant`, `session` and `statement` write what belongs to it; alone they are for new rows and for refused decisions.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col

from storage import notices, outbox
from storage.audit import trail
from storage.model import (
    AccessRequest,
    Grant,
    HoldState,
    PostSubject,
    Principal,
    RequestState,
    Session,
    SessionState,
    Statement,
)
from storage.notices import Topic

RowT = TypeVar("RowT", AccessRequest, Grant, Session, Statement)

#: What a row must still be for anybody to decide about it.
STILL_OPEN: Mapping[type[SQLModel], ColumnElement[bool]] = {
    AccessRequest: col(AccessRequest.state) == RequestState.PENDING,
    Grant: col(Grant.revoked_at).is_(None),
    Session: col(Session.state) == SessionState.ACTIVE,
    Statement: col(Statement.state) == HoldState.PENDING,
}
#: Rows that cards show grow a revision with every change.
_REVISIONS: Mapping[type[SQLModel], Mapping[str, ColumnElement[int]]] = {
    AccessRequest: {"revision": col(AccessRequest.revision) + 1},
    Grant: {},
    Session: {"revision": col(Session.revision) + 1},
    Statement: {"revision": col(Statement.revision) + 1},
}


def actor(principal: Principal | None) -> str:
    """How the audit log names who acts: `human:alice`, `agent:deployer`; None is the gateway itself."""
    return f"{principal.kind.value}:{principal.name}" if principal is not None else "gatepass"


async def decide(
    transaction: AsyncSession,
    table: type[RowT],
    which: ColumnElement[bool],
    values: Mapping[str, object],
    *,
    actor: str,
    action: str,
    detail: Mapping[str, object] | None = None,
) -> Sequence[RowT]:
    """Change those rows of `table` that `which` names and that are still open; returns them as they stand now.

    Of all who decide about a row at once one gets it back; the others get nothing, and nothing of theirs is written.
    """
    decided = await transaction.scalars(
        update(table)
        .where(which, STILL_OPEN[table])
        .values({**values, **_REVISIONS[table]})
        .returning(table)
        .execution_options(populate_existing=True)
    )
    rows = decided.all()
    for row in rows:
        await note(transaction, row, actor=actor, action=action, detail=detail)
    return rows


def settled(
    state: RequestState | HoldState, now: datetime, *, why: str, by: UUID | None = None
) -> Mapping[str, object]:
    """The values of a request or held statement that was decided; `by` None: the policy or the clock decided."""
    return {"state": state, "decided_at": now, "decided_by": by, "decision_reason": why}


async def note(
    transaction: AsyncSession,
    row: AccessRequest | Grant | Session | Statement,
    *,
    actor: str,
    action: str,
    outcome: str = "success",
    detail: Mapping[str, object] | None = None,
) -> None:
    """What belongs to a change of `row`, or to a decision about it that was refused: audit event, posts and NOTIFY."""
    match row:
        case AccessRequest():
            await request(transaction, row, actor=actor, action=action, outcome=outcome, detail=detail)
        case Grant():
            await grant(transaction, row, actor=actor, action=action, outcome=outcome, detail=detail)
        case Session():
            under = await transaction.get_one(Grant, row.grant_id)
            await session(transaction, row, under, actor=actor, action=action, outcome=outcome, detail=detail)
        case Statement():
            under = await grant_of(transaction, row)
            await statement(transaction, row, under, actor=actor, action=action, outcome=outcome, detail=detail)


async def request(
    transaction: AsyncSession,
    changed: AccessRequest,
    *,
    actor: str,
    action: str,
    outcome: str = "success",
    detail: Mapping[str, object] | None = None,
) -> None:
    """A request changed: every copy of its card and its reply is due."""
    await trail.record(
        transaction,
        actor=actor,
        action=action,
        resource=f"{changed.resource}/{changed.role}",
        outcome=outcome,
        detail={"request": str(changed.id), **(detail or {})},
    )
    await outbox.invalidate(transaction, PostSubject.REQUEST, changed.id)
    await notices.notify(transaction, Topic.REQUEST, changed.id)


async def grant(
    transaction: AsyncSession,
    changed: Grant,
    *,
    actor: str,
    action: str,
    outcome: str = "success",
    detail: Mapping[str, object] | None = None,
) -> None:
    """A grant began or ended: its request's posts show it, and live sessions under it must know."""
    await trail.record(
        transaction,
        actor=actor,
        action=action,
        resource=f"{changed.resource}/{changed.role}",
        outcome=outcome,
        grant=changed.id,
        detail={"request": str(changed.request_id), **(detail or {})},
    )
    await outbox.invalidate(transaction, PostSubject.REQUEST, changed.request_id)
    await notices.notify(transaction, Topic.GRANT, changed.id)


async def session(
    transaction: AsyncSession,
    changed: Session,
    under: Grant,
    *,
    actor: str,
    action: str,
    outcome: str = "success",
    detail: Mapping[str, object] | None = None,
) -> None:
    """A session began or ended; whoever ends it enqueues its digest."""
    await trail.record(
        transaction,
        actor=actor,
        action=action,
        resource=f"{under.resource}/{under.role}",
        outcome=outcome,
        session=changed.id,
        grant=under.id,
        detail=detail,
    )
    await notices.notify(transaction, Topic.SESSION, changed.id)


async def statement(
    transaction: AsyncSession,
    changed: Statement,
    under: Grant,
    *,
    actor: str,
    action: str,
    outcome: str = "success",
    detail: Mapping[str, object] | None = None,
) -> None:
    """A statement was denied, held or decided: its card is due and whoever waits for it must know."""
    await trail.record(
        transaction,
        actor=actor,
        action=action,
        resource=f"{under.resource}/{under.role}",
        outcome=outcome,
        session=changed.session_id,
        grant=under.id,
        detail={"statement": str(changed.id), "rule": changed.rule, **(detail or {})},
    )
    await outbox.invalidate(transaction, PostSubject.STATEMENT, changed.id)
    await notices.notify(transaction, Topic.STATEMENT, changed.id)


async def grant_of(transaction: AsyncSession, held: Statement) -> Grant:
    """The grant under which a statement was sent."""
    sent_in = await transaction.get_one(Session, held.session_id)
    return await transaction.get_one(Grant, sent_in.grant_id)
