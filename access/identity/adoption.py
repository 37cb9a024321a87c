"""Adopting a policy: storage agrees with what the file says now, in one transaction.

Those who left the policy lose what they had: they are disabled, what they asked for is cancelled, their grants revoked.
So do those who lost a Slack identity, because somebody else may have asked by it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access import directory
from access.context import Access
from access.identity import people
from access.identity.scim import accounts as scim_accounts
from access.identity.scim import bringing
from access.policy.policy import Policy
from storage import notices, outbox
from storage.audit import trail
from storage.database import clock
from storage.locks import Lock, take
from storage.model import Grant, PolicyInForce, PolicyVersion, PostSubject
from storage.notices import Topic

_ACTION = "policy:version:adopt"


class PolicyOutdated(Exception):
    """A process that starts has a policy that was in force once and was replaced; the message is for the operator."""


@dataclass(frozen=True)
class _Written:
    """What stood before: whether the content is new, and the hash of what was in force, if anything was."""

    is_new: bool
    before: str | None


async def adopt(access: Access, *, starting: bool = False) -> None:
    """Put the current policy in force: the version, the people and the audit event; tell every process.

    The Slack workspace is the one that the policy names, else that of the bot's token.
    `starting`: nobody asked for this change, so what was replaced already raises PolicyOutdated.
    Raises StorageUnavailable.
    """
    policy, team = access.policies.written, access.policies.team
    async with access.database.transaction() as transaction:
        await take(transaction, Lock.ADOPT_POLICY)
        now = await clock(transaction)
        written = await _write_version(transaction, policy, now)
        outdated = starting and not written.is_new and written.before not in {None, policy.hash}
        if outdated:
            why = f"it was replaced by {written.before}"
            await trail.record(
                transaction,
                actor="gatepass",
                action=_ACTION,
                resource=policy.hash,
                outcome="failure",
                detail={"why": why},
            )
        else:
            await _put_in_force(transaction, policy, now)
            changes = await people.sync(transaction, policy, now, team)
            for provider in policy.providers.values():
                if provider.scim is not None:
                    await scim_accounts.find_owners(transaction, provider)
                    await bringing.bring(transaction, policy, provider, now)
            await _invalidate_live_grants(transaction, now)
            await trail.record(
                transaction,
                actor="gatepass",
                action=_ACTION,
                resource=policy.hash,
                detail=_detail(written, changes),
            )
            await directory.changed(transaction)
            await notices.notify(transaction, Topic.POLICY, policy.hash)
    if outdated:
        raise PolicyOutdated(
            f"{access.policies.path} has the policy {policy.hash[:12]}, which was in force before and was replaced by "
            f"{str(written.before)[:12]}. Put the newer file in its place; if this older content is meant, "
            "start with `gatepass serve --adopt-policy`."
        )


async def _write_version(transaction: AsyncSession, policy: Policy, now: datetime) -> _Written:
    """The row that decisions refer to."""
    before = await transaction.scalar(select(col(PolicyInForce.hash)))
    written = await transaction.execute(
        insert(PolicyVersion)
        .values(hash=policy.hash, document=policy.document, loaded_at=now)
        .on_conflict_do_nothing()
        .returning(col(PolicyVersion.hash))
    )
    return _Written(written.first() is not None, before)


async def _put_in_force(transaction: AsyncSession, policy: Policy, now: datetime) -> None:
    """Waits for those who decide by the policy there was; whoever decides next finds this one."""
    row = insert(PolicyInForce).values(id=1, hash=policy.hash, adopted_at=now)
    await transaction.execute(
        row.on_conflict_do_update(
            index_elements=[col(PolicyInForce.id)],
            set_={"hash": policy.hash, "adopted_at": now},
            where=col(PolicyInForce.hash) != policy.hash,
        )
    )


async def _invalidate_live_grants(transaction: AsyncSession, now: datetime) -> None:
    """The posts about live grants are due again: the new policy may let nobody in by them."""
    live = select(col(Grant.request_id)).where(col(Grant.revoked_at).is_(None), col(Grant.expires_at) > now)
    for request_id in (await transaction.scalars(live)).all():
        await outbox.invalidate(transaction, PostSubject.REQUEST, request_id)


def _detail(written: _Written, changes: people.Changes) -> dict[str, Any]:
    detail: dict[str, Any] = {"new": written.is_new}
    if written.before is not None:
        detail["before"] = written.before
    whom = {
        "joined": changes.joined,
        "left": changes.left,
        "returned": changes.returned,
        "lost_identity": changes.lost_identity,
    }
    return detail | {what: sorted(principal.name for principal in found) for what, found in whom.items() if found}
