"""Adopting a policy: storage agrees with what the file says now, in one transaction.

Whoever left the policy loses what they had: they are disabled, what they asked for is cancelled, their grants revoked.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access import endings, people
from access.policy import Policy
from storage import audit, notices
from storage.database import clock
from storage.locks import Lock, take
from storage.model import PolicyVersion
from storage.notices import Topic

if TYPE_CHECKING:
    from access.context import Access

LEFT_THE_POLICY = "left the policy"


async def adopt(access: "Access", policy: Policy, slack_team: str | None) -> None:
    """Write the version, the people and the audit event; tell every process. Raises StorageUnavailable.

    `slack_team` is the workspace of the bot's token; the policy's own word on it comes first.
    """
    team = policy.slack.team if policy.slack is not None else slack_team
    async with access.database.transaction() as transaction:
        await take(transaction, Lock.ADOPT_POLICY)
        now = await clock(transaction)
        is_new = await write_version(transaction, policy, now)
        changes = await people.sync(transaction, policy, now, team)
        for principal in changes.left:
            await endings.cancel_requests_of(transaction, principal, LEFT_THE_POLICY, now)
            await endings.revoke_grants_of(transaction, principal, LEFT_THE_POLICY, now)
        detail: dict[str, Any] = {"new": is_new}
        for what, whom in (("joined", changes.joined), ("left", changes.left), ("returned", changes.returned)):
            if whom:
                detail[what] = sorted(principal.name for principal in whom)
        await audit.record(
            transaction, actor="gatepass", action="policy:version:adopt", resource=policy.hash, detail=detail
        )
        await notices.notify(transaction, Topic.POLICY, policy.hash)


async def write_version(transaction: AsyncSession, policy: Policy, now: datetime) -> bool:
    """The row that decisions refer to; True if this content was never in force before."""
    written = await transaction.execute(
        insert(PolicyVersion)
        .values(hash=policy.hash, document=policy.document, loaded_at=now)
        .on_conflict_do_nothing()
        .returning(col(PolicyVersion.hash))
    )
    return written.first() is not None
