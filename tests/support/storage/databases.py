"""A database for one test after the other: emptied between them, and made anew where a test changed what it is.

To make one takes PostgreSQL a fifth of a second of a core, and to empty one some milliseconds.
"""

from uuid import uuid4

import asyncpg

#: Which rows of the catalogue, in which version, make up the schema, its rights and the database's settings.
_SCHEMA = """
    SELECT md5(string_agg(concat_ws(':', kind, oid, version), ',' ORDER BY kind, oid, version)) FROM (
        SELECT 'c', oid, xmin::text FROM pg_class WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT 'a', attrelid, xmin::text FROM pg_attribute
            WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
        UNION ALL SELECT 'k', oid, xmin::text FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT 't', oid, xmin::text FROM pg_trigger
        UNION ALL SELECT 'p', oid, xmin::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION ALL SELECT 'n', oid, xmin::text FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp_'
        UNION ALL SELECT 'd', oid, xmin::text FROM pg_database WHERE datname = current_database()
        UNION ALL SELECT 's', setdatabase, xmin::text FROM pg_db_role_setting
        UNION ALL SELECT 'r', oid, xmin::text FROM pg_authid
        UNION ALL SELECT 'm', oid, xmin::text FROM pg_auth_members
        UNION ALL SELECT 'v', 0, version_num FROM public.alembic_version
    ) AS rows (kind, oid, version)
"""
_OTHERS = """
    SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
#: Statements that empty a table, and let a sequence begin again.
_EMPTYING = """
    SELECT CASE relkind WHEN 'r' THEN format('DELETE FROM %I', relname)
                        ELSE format('SELECT setval(%L, 1, false)', quote_ident(relname)) END
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S') AND relname <> 'alembic_version'
"""


class SpareDatabase:
    """The one that the next test gets, on `server`, made from `template`."""

    def __init__(self, server: str, template: str) -> None:
        self._server = server
        self._template = template
        self._name: str | None = None
        self._schema: str | None = None
        self._emptied = ""

    async def take(self) -> str:
        """The superuser's URL of an empty database."""
        if self._name is None:
            self._name = f"test_{uuid4().hex}"
            await execute(self._server, f"CREATE DATABASE {self._name} TEMPLATE {self._template}")
            await self._read()
        return named(self._server, self._name)

    async def _read(self) -> None:
        """What it is like while nobody has changed it, and how it is emptied again."""
        assert self._name is not None
        connection = await asyncpg.connect(named(self._server, self._name), timeout=10)
        try:
            self._schema = await _schema(connection)
            found = await connection.fetch(_EMPTYING)
        finally:
            await connection.close()
        self._emptied = ";".join(["SET session_replication_role = replica", *(row[0] for row in found)])

    async def give_back(self) -> None:
        """Nobody is connected to it any more. It is emptied, or dropped if it is not what it was."""
        assert self._name is not None
        connection = await asyncpg.connect(named(self._server, self._name), timeout=10)
        try:
            await connection.execute(_OTHERS)
            is_same = await _schema(connection) == self._schema
            if is_same:
                await connection.execute(self._emptied)
        finally:
            await connection.close()
        if not is_same:
            await execute(self._server, f"DROP DATABASE {self._name} WITH (FORCE)")
            self._name = None


async def _schema(connection: asyncpg.Connection) -> str | None:
    """None: it has lost what says which version it is of."""
    try:
        return await connection.fetchval(_SCHEMA)
    except asyncpg.UndefinedTableError:
        return None


async def execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        await connection.execute(statement, timeout=30)
    finally:
        await connection.close()


def named(server: str, database: str) -> str:
    """The URL of another database of the same server."""
    return server.replace("/postgres?", f"/{database}?")
