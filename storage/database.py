"""The one way to PostgreSQL: an engine with bounded waits, whose every connection runs as the program's role.

It refuses to guess. Whatever says "the storage cannot be reached or is not ready" leaves as StorageUnavailable, so that
callers fail closed with one `except`; every other error of the driver is a fault of ours and leaves as it is. A storage
that hangs is such a storage: nothing here waits longer than the sum of the limits below.
Neither messages nor logs hold the DSN, which may contain a password.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import asyncpg
from sqlalchemy import event, func, select
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DisconnectionError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

#: The NOLOGIN role that migrations create and every connection of the program takes on.
PROGRAM_ROLE = "gatepass_program"

CONNECT_TIMEOUT_S = 5.0
POOL_TIMEOUT_S = 10.0
#: More than all who may be at the same thing at once: admissions, openings and endings of sessions, 4 of each.
POOL_SIZE = 16
#: How long a pooled connection may take to say that it still answers, before anything is asked of it.
PING_TIMEOUT_S = 5.0
#: How long connections may take to say goodbye.
CLOSE_TIMEOUT_S = 5.0
#: The server gives up first, so that its own words reach the log; the client's limit covers a server that is gone.
STATEMENT_TIMEOUT_S = 15.0
CLIENT_PATIENCE_S = 5.0
#: A process that hangs inside a transaction must not hold its locks for ever.
IDLE_IN_TRANSACTION_TIMEOUT_S = 60.0

#: SQLSTATEs that mean "not now". PostgreSQL docs, appendix A: class 08 connection, 53 resources, 57 operator
#: intervention (shutdown, starting up, statement timeout), 58 system error; 25006 is a standby after a fail-over,
#: 55P03 a lock not to be had, 40001 and 40P01 the one of two transactions that PostgreSQL gave up for the other.
_UNAVAILABLE_CLASSES = ("08", "53", "57", "58")
_UNAVAILABLE_STATES = ("25006", "40001", "40P01", "55P03")
#: What connecting says before the first migration, or when the login was not given the program's role.
_ROLE_MISSING_STATES = ("22023", "42501")


#: What asyncpg raises; InternalClientError also for what a server said unasked before it closed the connection.
_DRIVER_ERRORS = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


class StorageUnavailable(Exception):
    """The storage is unreachable, starting, shutting down, not migrated, or did not answer in time."""


class Database:
    """Transactions on one PostgreSQL database, named by a libpq URL: postgresql://…, postgres://…, …?host=/folder."""

    def __init__(
        self,
        dsn: str,
        *,
        program_role: str | None = PROGRAM_ROLE,
        pool_size: int = POOL_SIZE,
        statement_timeout_s: float | None = STATEMENT_TIMEOUT_S,
        client_patience_s: float = CLIENT_PATIENCE_S,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
        ping_timeout_s: float = PING_TIMEOUT_S,
    ) -> None:
        """Connects to nothing yet. `program_role=None` stays the login itself, for migrations."""
        self._dsn = dsn
        self._role = program_role
        self._statement_timeout_s = statement_timeout_s
        self._client_patience_s = client_patience_s
        self._connect_timeout_s = connect_timeout_s
        self._ping_timeout_s = ping_timeout_s
        self._engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=self.connect,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=POOL_TIMEOUT_S,
            hide_parameters=True,
        )
        # Instead of pool_pre_ping, which has no limit of its own and takes three round trips.
        event.listen(self._engine.sync_engine, "checkout", self._ping)
        event.listen(self._engine.sync_engine, "handle_error", _translate)
        self._transactions = async_sessionmaker(self._engine, expire_on_commit=False)

    async def connect(self) -> asyncpg.Connection:
        """A connection of its own, outside the pool, for LISTEN and session-level locks; the caller closes it.

        Raises StorageUnavailable.
        """
        limit_s = self._statement_timeout_s
        settings = {
            "application_name": "gatepass",
            "statement_timeout": _milliseconds(limit_s or 0),
            "idle_in_transaction_session_timeout": _milliseconds(IDLE_IN_TRANSACTION_TIMEOUT_S),
        }
        if self._role is not None:
            settings["role"] = self._role
        try:
            return await asyncpg.connect(
                self._dsn,
                timeout=self._connect_timeout_s,  # pyright: ignore[reportArgumentType] - a float does as well
                command_timeout=limit_s and limit_s + self._client_patience_s,
                server_settings=settings,
            )
        except _DRIVER_ERRORS as error:
            raise StorageUnavailable(self._why_not_connected(error)) from error
        except ValueError:
            # The error quotes what could not be read, and in a URL cut at the wrong place that is the password.
            raise StorageUnavailable(
                "DATABASE_URL cannot be read as a URL. Write postgresql://user:password@host:port/database, with the "
                "special characters of the password percent-encoded."
            ) from None

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[AsyncSession]:
        """Begin; commit at the end of the block, roll back when it raises. Raises StorageUnavailable."""
        async with self._transactions.begin() as transaction:
            with _no_connection_is_unavailable():
                await transaction.connection()
            yield transaction

    async def ready(self, *, timeout_s: float = 5) -> None:
        """Return when the storage answers a query; raises StorageUnavailable if not within `timeout_s`."""
        try:
            async with asyncio.timeout(timeout_s), self.transaction() as transaction:
                await transaction.execute(select(1))
        except TimeoutError as error:
            raise StorageUnavailable(f"Storage did not answer within {timeout_s:g} s.") from error

    async def close(self) -> None:
        """Close every pooled connection; connections from `connect` are their owners'."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._engine.dispose()

    def _ping(self, connection: Any, _record: object, _pooled: object) -> None:
        """Ask a pooled connection for a sign of life; one that is gone is replaced by a new one."""

        async def ask(driver: asyncpg.Connection) -> None:
            await driver.execute("SELECT 1", timeout=self._ping_timeout_s)

        try:
            connection.run_async(ask)
        except TimeoutError as error:
            raise StorageUnavailable(f"Storage did not answer within {self._ping_timeout_s:g} s.") from error
        except _DRIVER_ERRORS as error:
            raise DisconnectionError(_words(error)) from error

    def _why_not_connected(self, error: Exception) -> str:
        if self._role is not None and getattr(error, "sqlstate", None) in _ROLE_MISSING_STATES:
            return (
                f"Storage: the login may not act as role {self._role} ({error}). "
                "Run `gatepass migrate` with this DATABASE_URL, which creates the role and grants it."
            )
        return f"Storage cannot be reached: {_words(error)}. Check that PostgreSQL runs and that DATABASE_URL is right."


async def clock(transaction: AsyncSession) -> datetime:
    """The database's clock right now, aware UTC: the one clock that all processes share."""
    return (await transaction.execute(select(func.clock_timestamp()))).scalar_one()


@contextlib.contextmanager
def _no_connection_is_unavailable() -> Generator[None]:
    """Before a transaction has its connection no error can be the caller's."""
    try:
        yield
    except PoolTimeout as error:
        message = f"Storage: no connection came free within {POOL_TIMEOUT_S:.0f} s; all are busy."
        raise StorageUnavailable(message) from error
    except (*_DRIVER_ERRORS, SQLAlchemyError) as error:
        raise StorageUnavailable(f"Storage cannot be reached: {_words(error)}.") from error


def _translate(context: ExceptionContext) -> StorageUnavailable | None:
    """Name the driver's connection faults; SQLAlchemy raises what is returned instead of its own error."""
    error: Any = context.original_exception
    if not _is_unavailable(error, disconnected=context.is_disconnect):
        return None
    if isinstance(error, TimeoutError | asyncpg.InternalClientError):
        # Who did not answer once is not asked for a ROLLBACK: the connection is dropped.
        context.is_disconnect = True
    return StorageUnavailable(f"Storage failed: {_words(error)}. It is asked again when it returns.")


def _is_unavailable(error: BaseException, *, disconnected: bool) -> bool:
    if disconnected or isinstance(error, OSError | asyncpg.InternalClientError):
        return not isinstance(error, asyncio.CancelledError)
    state = getattr(error, "sqlstate", None) or ""
    return state.startswith(_UNAVAILABLE_CLASSES) or state in _UNAVAILABLE_STATES


def _words(error: BaseException) -> str:
    """An error's first line, or its name where it has no words (TimeoutError)."""
    return str(error).partition("\n")[0].rstrip(".") or type(error).__name__


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))
