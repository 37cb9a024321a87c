"""Bring a database's tables to what this program expects, or say what is missing.

Migrations run as the login of the DSN, which owns the tables; the program itself runs as `gatepass_program`, which may
not change them. Everything happens in one transaction under an advisory lock: two that start at once are safe, and one
that fails leaves nothing half done.
"""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.script.revision import ResolutionError
from alembic.util import CommandError
from sqlalchemy import text
from sqlalchemy.engine import Connection

from storage.database import Database
from storage.locks import Lock, take

#: How long a migration waits for a table that a running program is using, before it gives up and changes nothing.
LOCK_TIMEOUT_S = 30


class UnknownSchema(Exception):
    """The database was migrated by a newer Gatepass; this one must not touch it."""


async def migrate(dsn: str) -> list[str]:
    """Apply what is missing; returns the revisions applied, oldest first.

    Raises StorageUnavailable, UnknownSchema, and SQLAlchemy's DBAPIError if the login may not create what it must.
    """
    database = Database(dsn, program_role=None, pool_size=1, statement_timeout_s=None)
    try:
        async with database.transaction() as transaction:
            await take(transaction, Lock.MIGRATE)
            await transaction.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_S}s'"))
            connection = await transaction.connection()
            missing = await connection.run_sync(_missing)
            if missing:
                await connection.run_sync(_upgrade)
            return missing
    finally:
        await database.close()


async def pending(dsn: str) -> list[str]:
    """The revisions that this database lacks, oldest first. Raises StorageUnavailable, UnknownSchema."""
    database = Database(dsn, program_role=None, pool_size=1)
    try:
        async with database.transaction() as transaction:
            return await (await transaction.connection()).run_sync(_missing)
    finally:
        await database.close()


def _missing(connection: Connection) -> list[str]:
    here = MigrationContext.configure(connection).get_current_heads()
    scripts = ScriptDirectory.from_config(alembic_config())
    try:
        to_come = list(scripts.iterate_revisions("heads", here or "base"))
    except (ResolutionError, CommandError) as error:
        raise UnknownSchema(
            f"This database is at {', '.join(here)}, which this Gatepass does not know: a newer one migrated it. "
            "Run that version, or restore the backup from before."
        ) from error
    return [script.revision for script in reversed(to_come)]


def _upgrade(connection: Connection) -> None:
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "heads")


def alembic_config() -> Config:
    """Alembic, pointed at the migrations of this package; `migrations.env` wants a connection in its attributes."""
    config = Config()
    config.set_main_option("script_location", "storage:migrations")
    config.set_main_option("path_separator", "os")
    return config
