"""What live tests stand on: one real PostgreSQL for the run, one fresh migrated database for each test."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import asyncpg
import pytest

from storage.database import Database
from storage.embedded.server import Embedded
from storage.migrate import migrate
from support.garbage import nothing_is_left_open  # noqa: F401 - a fixture for every module here

TEMPLATE = "gatepass_template"


@pytest.fixture(scope="session")
def postgres_dsn() -> Iterator[str]:
    """The superuser's URL of the run's own server. It has nothing to lose, so it does not wait for the disk."""
    with TemporaryDirectory(prefix="gatepass-") as folder, Embedded(Path(folder)) as embedded:
        asyncio.run(_make_template(embedded.dsn))
        yield embedded.dsn


async def _make_template(server: str) -> None:
    for statement in ("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()", f"CREATE DATABASE {TEMPLATE}"):
        await _execute(server, statement)
    await migrate(_named(server, TEMPLATE))


@pytest.fixture
async def dsn(postgres_dsn: str) -> AsyncIterator[str]:
    """The superuser's URL of a fresh, migrated database that is dropped after the test."""
    name = f"test_{uuid4().hex}"
    await _execute(postgres_dsn, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    yield _named(postgres_dsn, name)
    await _execute(postgres_dsn, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    """A fresh, migrated database as the program uses it: every connection runs as the program's role."""
    opened = Database(dsn)
    yield opened
    await opened.close()


@pytest.fixture
async def superuser(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A superuser who has switched off foreign keys and triggers, as one who covers up traces would."""
    connection = await asyncpg.connect(dsn, timeout=10)
    await connection.execute("SET session_replication_role = replica")
    yield connection
    await connection.close()


async def _execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        await connection.execute(statement, timeout=30)
    finally:
        await connection.close()


def _named(server: str, database: str) -> str:
    return server.replace("/postgres?", f"/{database}?")
