"""The policy in force: one row says which one it is, and a process that has another decides nothing.

Without it a process that was not reloaded would go on by a policy that storage and all others have left behind.
"""

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access.context import Access
from access.policy.errors import PolicyErrors
from access.policy.policy import Policy
from access.text import Refused
from storage.model import PolicyInForce

STALE = "This Gatepass process has another policy than the one in force; reload it (SIGHUP) or wait."

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class PolicyStale(Refused):
    """The policy of this process is not the one in force, so it decides nothing."""

    def __init__(self) -> None:
        super().__init__(STALE)


async def policy_in_force(access: Access, transaction: AsyncSession) -> Policy | None:
    """The policy to decide by, until the transaction ends; None: this process does not have it, and may say STALE.

    Asked before any other row is locked: adopting a policy waits for those who decide, and they for it, in this order.
    """
    in_force = await transaction.scalar(select(col(PolicyInForce.hash)).with_for_update(read=True))
    return access.policies.current if _has(access, in_force) else None


async def catch_up(access: Access) -> bool:
    """Read the file again if another policy came into force; False: the file does not have that one either.

    For whoever hears Topic.POLICY and looks at `access.policies.current` next. Raises StorageUnavailable.
    """
    async with access.database.transaction() as transaction:
        in_force = await transaction.scalar(select(col(PolicyInForce.hash)))
    return _has(access, in_force)


def _has(access: Access, in_force: str | None) -> bool:
    """Whether the current policy is the one in force, or the file is and so becomes it; another one never does."""
    if in_force == access.policies.current.hash:
        return True
    if in_force is None:
        return False
    try:
        if access.policies.catch_up(in_force):
            log.info("policy_followed", policy=in_force)
            return True
        why = "the file of this process has another content"
    except PolicyErrors as errors:
        why = f"the file of this process has {len(errors.errors)} errors"
    log.error("policy_stale", in_force=in_force, here=access.policies.current.hash, why=why)
    return False
