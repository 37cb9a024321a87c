"""What live tests stand on: one real PostgreSQL for each worker, and a migrated and empty database for each test."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import pytest

from storage.database import Database
from storage.embedded.server import Embedded
from storage.migrate import migrate
from support.garbage import nothing_is_left_open  # noqa: F401 - a fixture for every module here
from support.storage.databases import SpareDatabase, execute, named

TEMPLATE = "gatepass_template"


@pytest.fixture(scope="session")
def postgres_dsn() -> Iterator[str]:
    """The superuser's URL of the run's own server. It has nothing to lose, so it does not wait for the disk."""
    with TemporaryDirectory(prefix="gatepass-") as folder, Embedded(Path(folder)) as embedded:
        asyncio.run(_make_template(embedded.dsn))
        yield embedded.dsn


async def _make_template(server: str) -> None:
    for statement in ("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()", f"CREATE DATABASE {TEMPLATE}"):
        await execute(server, statement)
    await migrate(named(server, TEMPLATE))


@pytest.fixture(scope="session")
def spare(postgres_dsn: str) -> SpareDatabase:
    return SpareDatabase(postgres_dsn, TEMPLATE)


@pytest.fixture
async def dsn(spare: SpareDatabase) -> AsyncIterator[str]:
    """The superuser's URL of a migrated database with nothing in it."""
    yield await spare.take()
    await spare.give_back()


@pytest.fixture(scope="session")
def used() -> dict[str, Database]:
    """The databases of the tests before, by URL: to translate its statements anew takes a test a tenth of a second."""
    return {}


@pytest.fixture
async def database(dsn: str, used: dict[str, Database]) -> AsyncIterator[Database]:
    """A fresh, migrated database as the program uses it: every connection runs as the program's role."""
    if dsn not in used:
        used.clear()
        used[dsn] = Database(dsn)
    yield used[dsn]
    await used[dsn].close()


@pytest.fixture
async def superuser(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A superuser who has switched off foreign keys and triggers, as one who covers up traces would."""
    connection = await asyncpg.connect(dsn, timeout=10)
    await connection.execute("SET session_replication_role = replica")
    yield connection
    await connection.close()
