"""One run of a proxy process, as others see it: a row, and an advisory lock that dies with the process.

The lock is held by a connection of its own. When that connection is lost, so is storage as far as this process is
concerned: its sessions end, and it registers anew when storage returns.
"""

import contextlib
import os
import socket
from collections.abc import AsyncGenerator

import asyncpg
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Database, StorageUnavailable
from storage.model import ProxyInstance

#: The first key of the advisory locks by which instances are alive; the second is the instance's id.
INSTANCE_LOCK = 0x67617465

#: How long the lock's connection may take to answer before it counts as lost.
PULSE_TIMEOUT_S = 5.0


@contextlib.asynccontextmanager
async def registered(database: Database) -> AsyncGenerator[tuple[int, asyncpg.Connection]]:
    """Register this process; yields its instance id and the connection that keeps it alive.

    Raises StorageUnavailable.
    """
    connection = await database.connect()
    try:
        async with database.transaction() as transaction:
            instance = ProxyInstance(host=socket.gethostname(), pid=os.getpid())
            transaction.add(instance)
            await transaction.flush()
            instance_id = instance.id
        if instance_id is None:
            raise StorageUnavailable("Storage gave the proxy instance no id.")
        await connection.execute("SELECT pg_advisory_lock($1, $2)", INSTANCE_LOCK, instance_id)
        yield instance_id, connection
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        raise StorageUnavailable("The connection that keeps this proxy registered was lost.") from error
    finally:
        connection.terminate()


async def is_dead(transaction: AsyncSession, instance_id: int) -> bool:
    """Whether nobody holds the instance's lock; if so it is held until the transaction ends, so one cleans up."""
    return bool(await transaction.scalar(select(func.pg_try_advisory_xact_lock(INSTANCE_LOCK, instance_id))))
