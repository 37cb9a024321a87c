"""The policy in force: one row says which one it is, and a process that has another decides nothing.

Without it a process that was not reloaded would go on by a policy that storage and all others have left behind. A
process takes over what another one adopted as soon as it is told, and never adopts by that: where its own file says
something else, it decides nothing until the two agree. With it come the people whom the directory knows.
"""

import asyncio
from typing import Never

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access import directory
from access.context import Access
from access.policy.errors import PolicyErrors
from access.policy.policy import Policy
from storage.database import StorageUnavailable
from storage.model import DirectoryState, PolicyInForce
from storage.notices import Notices, Topic

#: How soon a storage that did not answer is asked again.
RETRY_S = 1.0

log: structlog.stdlib.BoundLogger = structlog.get_logger()


async def policy_in_force(access: Access, transaction: AsyncSession) -> Policy | None:
    """The policy to decide by, until the transaction ends; None: this process does not have it, and may say STALE.

    Asked before any other row is locked: adopting a policy waits for those who decide, and they for it, in this order.
    """
    return access.policies.current if await _is_here(access, transaction, locked=True) else None


async def catch_up(access: Access) -> bool:
    """Read the file again if another policy came into force; False: the file does not have that one either.

    For whoever hears Topic.POLICY and looks at `access.policies.current` next. Raises StorageUnavailable.
    """
    async with access.database.transaction() as transaction:
        return await _is_here(access, transaction, locked=False)


async def _is_here(access: Access, transaction: AsyncSession, *, locked: bool) -> bool:
    """Whether this process has the policy in force, with the people that the directory knows now."""
    question = select(col(PolicyInForce.hash), col(DirectoryState.revision), func.clock_timestamp()).outerjoin(
        DirectoryState, col(DirectoryState.id) == col(PolicyInForce.id)
    )
    if locked:
        question = question.with_for_update(read=True, of=PolicyInForce)
    row = (await transaction.execute(question)).one_or_none()
    if row is None or not _has(access, row[0]):
        return False
    policies, revision, now = access.policies, row[1] or 0, row[2]
    if policies.known is None or not policies.known.is_current(revision, now):
        policies.know(await directory.read(transaction, policies.written, policies.team, revision, now))
    return True


async def follow_policy(access: Access, notices: Notices) -> Never:
    """Catch up whenever another policy came into force; to be owned by the process's TaskGroup."""
    async with notices.subscribe(Topic.POLICY) as stream:
        while True:
            await anext(stream)
            await _catch_up_at_last(access)


async def _catch_up_at_last(access: Access) -> None:
    """However long storage takes: nobody tells a second time."""
    while True:
        try:
            await catch_up(access)
        except StorageUnavailable as error:
            log.warning("policy_not_followed_yet", why=str(error))
            await asyncio.sleep(RETRY_S)
        else:
            return


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
