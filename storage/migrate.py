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
from sqlalchemy.exc import DBAPIError

from storage.database import Database
from storage.locks import Lock, take

#: How long a migration waits for a table that a running program is using, before it gives up and changes nothing.
LOCK_TIMEOUT_S = 30

_INSUFFICIENT_PRIVILEGE = "42501"
_MAY_NOT_READ = (
    "the login of DATABASE_URL may not use Gatepass's tables. Say `GRANT gatepass_program TO` that login, as the owner "
    "of the tables"
)
_MAY_NOT_MIGRATE = (
    "the login may not make Gatepass's tables and roles. Give `gatepass migrate` the owner's URL in "
    "GATEPASS_OWNER_DATABASE_URL; docs/operations.md says which rights it needs"
)


class UnknownSchema(Exception):
    """The database was migrated by a newer Gatepass; this one must not touch it."""


class NotPermitted(Exception):
    """The login lacks a right that it needs: the message names the login and the statement that gives the right."""


async def migrate(dsn: str) -> list[str]:
    """Apply what is missing; returns the revisions applied, oldest first.

    Raises StorageUnavailable, UnknownSchema, and NotPermitted if the login may not create what it must.
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
    except DBAPIError as error:
        raise _named(error, _MAY_NOT_MIGRATE) from error
    finally:
        await database.close()


async def pending(dsn: str) -> list[str]:
    """The revisions that this database lacks, oldest first. Raises StorageUnavailable, UnknownSchema, NotPermitted."""
    database = Database(dsn, program_role=None, pool_size=1)
    try:
        async with database.transaction() as transaction:
            return await (await transaction.connection()).run_sync(_missing)
    except DBAPIError as error:
        raise _named(error, _MAY_NOT_READ) from error
    finally:
        await database.close()


def _named(error: DBAPIError, what: str) -> Exception:
    """A right that is missing, as a sentence; every other error as it is."""
    if getattr(error.orig, "sqlstate", None) != _INSUFFICIENT_PRIVILEGE:
        return error
    return NotPermitted(f"Storage: {what} ({str(error.orig).rpartition(': ')[2]}).")


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
