"""Grants: made by a decision, ended by their deadline or a revocation, asked about at every connection."""

import re
from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from access import changes
from access.changes import actor
from access.context import Access
from access.errors import STALE, PolicyStale, Refused
from access.grants import revocation
from access.in_force import policy_in_force
from access.policy.policy import Policy
from access.policy.reviewers import may_revoke
from access.text import reason
from storage.audit import trail
from storage.database import clock
from storage.model import AccessRequest, Decision, EndReason, Grant, Principal

#: Who revoked a grant, beside its holder.
_REVOKER = aliased(Principal)
_NO_GRANT = "There is no such access. /access list shows yours."
_SHORT_ID = re.compile(r"[0-9a-f]{4,32}")


class GrantProblem(StrEnum):
    """Why a grant opens nothing."""

    UNKNOWN = "unknown"
    NOT_YET = "not_yet"
    EXPIRED = "expired"
    REVOKED = "revoked"
    DISABLED = "disabled"


_END_REASONS = {
    GrantProblem.UNKNOWN: EndReason.REVOKED,
    GrantProblem.NOT_YET: EndReason.REVOKED,
    GrantProblem.EXPIRED: EndReason.EXPIRED,
    GrantProblem.REVOKED: EndReason.REVOKED,
    GrantProblem.DISABLED: EndReason.REVOKED,
}


class GrantUnusable(Exception):
    """The grant opens nothing now; the message is for the person who holds it."""

    def __init__(self, reason: GrantProblem, message: str) -> None:
        super().__init__(message)
        self.reason = reason

    @property
    def end_reason(self) -> EndReason:
        """Why a live session under this grant ends."""
        return _END_REASONS[self.reason]


async def make(
    transaction: AsyncSession, request: AccessRequest, now: datetime, *, duration_s: int, by: Principal | None
) -> Grant:
    """The grant of a request just approved; its clock starts now. One a request, which the database holds to."""
    grant = Grant(
        request_id=request.id,
        principal_id=request.principal_id,
        resource=request.resource,
        role=request.role,
        not_before=now,
        expires_at=now + timedelta(seconds=duration_s),
        created_at=now,
    )
    transaction.add(grant)
    await transaction.flush()
    await changes.grant(
        transaction,
        grant,
        actor=actor(by),
        action="policy:grant:make",
        detail={"expires_at": grant.expires_at.isoformat(), "duration_s": duration_s},
    )
    return grant


async def usable(
    transaction: AsyncSession, grant_id: UUID, now: datetime | None = None, *, lock: bool = False
) -> Grant:
    """The grant, if it opens anything at `now` (the database's clock unless given). Raises GrantUnusable.

    `lock`: nobody revokes it before the transaction ends.
    """
    if lock:
        # By itself: the clock is asked after the lock, which may take its time.
        await transaction.execute(select(col(Grant.id)).where(col(Grant.id) == grant_id).with_for_update(read=True))
    for grant, problem in await _judged(transaction, [grant_id], now):
        if problem is not None:
            raise problem
        return grant
    raise _unknown()


async def problems(transaction: AsyncSession, grant_ids: Collection[UUID]) -> dict[UUID, GrantUnusable]:
    """Those of the grants that open nothing right now, and why: one query, however many they are."""
    judged = {grant.id: problem for grant, problem in await _judged(transaction, grant_ids)}
    found = {grant_id: judged.get(grant_id, _unknown()) for grant_id in grant_ids}
    return {grant_id: problem for grant_id, problem in found.items() if problem is not None}


async def _judged(
    transaction: AsyncSession, grant_ids: Collection[UUID], now: datetime | None = None
) -> list[tuple[Grant, GrantUnusable | None]]:
    """The grants that there are, each with why it opens nothing."""
    rows = await transaction.execute(
        select(Grant, Principal, col(_REVOKER.name), func.clock_timestamp())
        .join(Principal, col(Principal.id) == col(Grant.principal_id))
        .outerjoin(_REVOKER, col(_REVOKER.id) == col(Grant.revoked_by))
        .where(col(Grant.id).in_(grant_ids))
        .execution_options(populate_existing=True)
    )
    return [(grant, _problem(grant, holder, by, now or clock_now)) for grant, holder, by, clock_now in rows.all()]


def _problem(grant: Grant, holder: Principal, revoker: str | None, moment: datetime) -> GrantUnusable | None:
    if grant.revoked_at is not None:
        return GrantUnusable(GrantProblem.REVOKED, _revocation(grant, revoker))
    if grant.expires_at <= moment:
        return GrantUnusable(GrantProblem.EXPIRED, over(grant))
    if holder.disabled_at is not None:
        return GrantUnusable(GrantProblem.DISABLED, f"{holder.name} is no longer in Gatepass's policy.")
    if grant.not_before > moment:
        return GrantUnusable(GrantProblem.NOT_YET, f"This access starts at {grant.not_before:%H:%M:%S} UTC.")
    return None


def _unknown() -> GrantUnusable:
    return GrantUnusable(GrantProblem.UNKNOWN, "There is no such access. Ask for it in Slack with /access.")


def still_allowed(policy: Policy, grant: Grant, person: str) -> str | None:
    """Why `policy` no longer lets `person` use the grant, as a sentence for them; None if it does.

    That too few are left to review the next request does not matter for this grant, which was reviewed.
    """
    resource = policy.resources.get(grant.resource)
    if resource is None or grant.role not in resource.roles:
        return f"{grant.role}@{grant.resource} is no longer in the policy. Ask for access again."
    requirement = policy.require(person, grant.resource, grant.role)
    rule = policy.rule_for(person, grant.resource, grant.role)
    grants_it = rule is not None and requirement.rule == rule.name and rule.decision is not Decision.DENIED
    if requirement.decision is Decision.DENIED and not grants_it:
        return f"The policy has changed and no longer lets you in. {requirement.why}"
    return None


async def of(transaction: AsyncSession, principal: Principal, now: datetime | None = None) -> list[Grant]:
    """The live grants of `principal`, those that end first at the front."""
    moment = now or await clock(transaction)
    found = await transaction.scalars(
        select(Grant)
        .where(col(Grant.principal_id) == principal.id, *live(moment))
        .order_by(col(Grant.expires_at), col(Grant.id))
    )
    return list(found.all())


async def check_revocable(access: Access, grant_id: UUID, by: Principal, *, source: str = "slack") -> None:
    """Return if `by` may end this grant now, for somebody who is still to say why. `revoke` asks again.

    Raises Refused, which is on record.
    """
    async with access.database.transaction() as transaction:
        grant = await transaction.get(Grant, grant_id)
        if grant is None:
            raise Refused(_NO_GRANT)
        refusal = await _no_revocation(access, transaction, grant, by)
        if refusal is None and (grant.revoked_at is not None or grant.expires_at <= await clock(transaction)):
            refusal = await _already_over(transaction, grant)
        if refusal is None:
            return
        await _note_refusal(transaction, grant, by, refusal, source)
    raise Refused(refusal) if refusal != STALE else PolicyStale


async def revoke(
    access: Access, grant_id: UUID, by: Principal | None, reason_typed: str = "", *, source: str = "slack"
) -> Grant:
    """End a grant now; live sessions under it are cut. `by` None is the gateway itself. Raises Refused."""
    why = reason(access, reason_typed)
    async with access.database.transaction() as transaction:
        grant = await transaction.get(Grant, grant_id)
        if grant is None:
            raise Refused(_NO_GRANT)
        refusal = await _no_revocation(access, transaction, grant, by)
        if refusal is None:
            # The clock is read under the lock, so that what was spent under the grant was spent before it was revoked.
            await transaction.execute(select(col(Grant.id)).where(col(Grant.id) == grant_id).with_for_update())
            now = await clock(transaction)
            revoked = await revocation.revoke_grant(transaction, grant_id, by, why, now, source=source)
            if revoked is not None:
                return revoked
            await transaction.refresh(grant)
            refusal = await _already_over(transaction, grant)
        await _note_refusal(transaction, grant, by, refusal, source)
    raise Refused(refusal) if refusal != STALE else PolicyStale


async def _note_refusal(
    transaction: AsyncSession, grant: Grant, by: Principal | None, refusal: str, source: str
) -> None:
    await trail.record(
        transaction,
        actor=actor(by),
        action=f"{source}:grant:revoke",
        resource=f"{grant.resource}/{grant.role}",
        outcome="failure",
        grant=grant.id,
        detail={"why": refusal},
    )


async def _no_revocation(access: Access, transaction: AsyncSession, grant: Grant, by: Principal | None) -> str | None:
    """Why `by` may not end this grant. Giving back one's own needs no policy, so a stale one is no obstacle."""
    if by is None:
        return None
    policy = access.policies.current
    if by.id != grant.principal_id:
        in_force = await policy_in_force(access, transaction)
        if in_force is None:
            return STALE
        policy = in_force
    revoker = await transaction.get_one(Principal, by.id)
    holder = await transaction.get_one(Principal, grant.principal_id)
    return may_revoke(policy, revoker, holder, grant)


async def by_prefix(transaction: AsyncSession, policy: Policy, asker: Principal, typed: str) -> Grant:
    """The one live grant that `typed` begins the id of, among those that `asker` may revoke. Raises Refused."""
    prefix = typed.strip().lower().replace("-", "")
    if not _SHORT_ID.fullmatch(prefix):
        raise Refused("An access id is at least its first four characters, as /access list shows them: 3f9a2c41.")
    first, last = UUID(prefix.ljust(32, "0")), UUID(prefix.ljust(32, "f"))
    rows = await transaction.execute(
        select(Grant, Principal)
        .join(Principal, col(Principal.id) == col(Grant.principal_id))
        .where(col(Grant.id).between(first, last), *live(await clock(transaction)))
    )
    found = [grant for grant, holder in rows.all() if may_revoke(policy, asker, holder, grant) is None]
    if not found:
        raise Refused("No live access that you may revoke has that id. /access list shows yours.")
    if len(found) > 1:
        raise Refused(f"{len(found)} accesses begin like that: type more of the id.")
    return found[0]


def live(now: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The conditions by which a grant is neither revoked nor over at `now`."""
    return (col(Grant.revoked_at).is_(None), col(Grant.expires_at) > now)


def over(grant: Grant) -> str:
    """What whoever used it to its deadline is told."""
    return f"This access ended at {grant.expires_at:%H:%M:%S} UTC, as granted. Ask again in Slack with /access."


def _revocation(grant: Grant, revoker: str | None) -> str:
    why = f": {grant.revoke_reason}" if grant.revoke_reason else ""
    return f"This access was revoked by {revoker or 'Gatepass'} at {grant.revoked_at:%H:%M:%S} UTC{why}."


async def _already_over(transaction: AsyncSession, grant: Grant) -> str:
    if grant.revoked_at is not None:
        revoker = await transaction.get(Principal, grant.revoked_by) if grant.revoked_by is not None else None
        return _revocation(grant, revoker.name if revoker is not None else None)
    return f"This access ended at {grant.expires_at:%H:%M:%S} UTC, as granted."
