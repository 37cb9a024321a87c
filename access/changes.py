"""What belongs to every change of state besides the UPDATE: the audit event, the posts now due, and the notice.

Called in the transaction that changes the row, so that all of it happens or none.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from storage import notices, outbox
from storage.audit import trail
from storage.model import AccessRequest, Grant, PostSubject, Principal, Session, Statement
from storage.notices import Topic


def actor(principal: Principal | None) -> str:
    """How the audit log names who acts: `human:alice`, `agent:deployer`; None is the gateway itself."""
    return f"{principal.kind.value}:{principal.name}" if principal is not None else "gatepass"


async def request(
    transaction: AsyncSession,
    changed: AccessRequest,
    *,
    actor: str,
    action: str,
    outcome: str = "success",
    detail: Mapping[str, Any] | None = None,
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
    await outbox.touch(transaction, PostSubject.REQUEST, changed.id)
    await notices.notify(transaction, Topic.REQUEST, changed.id)


async def grant(
    transaction: AsyncSession, changed: Grant, *, actor: str, action: str, detail: Mapping[str, Any] | None = None
) -> None:
    """A grant began or ended: its request's posts show it, and live sessions under it must know."""
    await trail.record(
        transaction,
        actor=actor,
        action=action,
        resource=f"{changed.resource}/{changed.role}",
        grant=changed.id,
        detail={"request": str(changed.request_id), **(detail or {})},
    )
    await outbox.touch(transaction, PostSubject.REQUEST, changed.request_id)
    await notices.notify(transaction, Topic.GRANT, changed.id)


async def statement(
    transaction: AsyncSession,
    changed: Statement,
    under: Grant,
    *,
    actor: str,
    action: str,
    outcome: str = "success",
    detail: Mapping[str, Any] | None = None,
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
    await outbox.touch(transaction, PostSubject.STATEMENT, changed.id)
    await notices.notify(transaction, Topic.STATEMENT, changed.id)


async def grant_of(transaction: AsyncSession, held: Statement) -> Grant:
    """The grant under which a statement was sent."""
    session = await transaction.get_one(Session, held.session_id)
    return await transaction.get_one(Grant, session.grant_id)
