"""Advisory locks of whole-program matters: who migrates, who orders the audit log, who is called what."""

from enum import IntEnum

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession


class Lock(IntEnum):
    """Keys of one bigint each, so they never meet the two-integer keys of proxy instances."""

    MIGRATE = 0x6761_7465_0001
    SEQUENCE = 0x6761_7465_0002
    ADOPT_POLICY = 0x6761_7465_0003
    #: What people are called and which account is theirs; taken behind the policy in force.
    NAME_PERSON = 0x6761_7465_0004
    #: How many SSH logins wait for a browser.
    SSH_LOGIN = 0x6761_7465_000A
    #: What providers tell is written one request after the other; taken behind the policy in force, before any row.
    PROVISION = 0x6761_7465_0009


async def take(transaction: AsyncSession, lock: Lock) -> None:
    """Wait for the lock and hold it until the transaction ends.

    What the next statement sees was committed before the last holder let go; the same statement may not yet see it.
    """
    await transaction.execute(select(func.pg_advisory_xact_lock(int(lock))))
