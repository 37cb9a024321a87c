"""What the tests of storage need beside a database: the superuser's hand in it."""

from collections.abc import AsyncIterator

import asyncpg
import pytest


@pytest.fixture
async def superuser(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A superuser who has switched off foreign keys and triggers, as one who covers up traces would."""
    connection = await asyncpg.connect(dsn, timeout=10)
    await connection.execute("SET session_replication_role = replica")
    yield connection
    await connection.close()
