"""Migrations make what the models say, once, whoever else is at it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection
from sqlmodel import SQLModel

import storage.model  # noqa: F401 - fills SQLModel.metadata
from storage.database import Database, StorageUnavailable
from storage.migrate import UnknownSchema, migrate, pending

#: What compare_metadata does not look at: every constraint and index, as PostgreSQL understood it.
RULES = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND conrelid <> 0
    UNION ALL
    SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL
    SELECT table_name, column_name, concat_ws(' ', data_type, character_maximum_length, is_nullable, column_default)
    FROM information_schema.columns WHERE table_schema = 'public'
    ORDER BY 1, 2, 3
"""


@pytest.fixture
async def empty_dsn(postgres_dsn: str) -> AsyncIterator[str]:
    """A database in which nothing was made yet."""
    name = f"empty_{uuid4().hex}"
    connection = await asyncpg.connect(postgres_dsn, timeout=10)
    await connection.execute(f"CREATE DATABASE {name}")
    yield postgres_dsn.replace("/postgres?", f"/{name}?")
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


async def fetch(dsn: str, query: str) -> list[tuple[Any, ...]]:
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


async def test_what_is_pending_is_applied_once_by_whoever_comes_first(empty_dsn: str) -> None:
    missing = await pending(empty_dsn)
    assert missing
    applied = await asyncio.gather(*(migrate(empty_dsn) for _ in range(3)))
    assert sorted(applied) == [[], [], missing]
    assert await pending(empty_dsn) == []
    assert await migrate(empty_dsn) == []


async def test_the_migrated_tables_are_those_of_the_models(dsn: str) -> None:
    def differences(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return compare_metadata(context, SQLModel.metadata)

    database = Database(dsn, program_role=None)
    async with database.transaction() as transaction:
        found = await (await transaction.connection()).run_sync(differences)
    await database.close()
    assert found == []


async def test_the_migrated_rules_are_those_of_the_models(dsn: str, empty_dsn: str) -> None:
    database = Database(empty_dsn, program_role=None)
    async with database.transaction() as transaction:
        await (await transaction.connection()).run_sync(SQLModel.metadata.create_all)
    await database.close()
    migrated = [row for row in await fetch(dsn, RULES) if row[0] != "alembic_version"]
    assert migrated == await fetch(empty_dsn, RULES)


async def test_the_program_may_do_what_each_table_is_for(dsn: str) -> None:
    granted = await fetch(
        dsn,
        "SELECT table_name, string_agg(privilege_type, ' ' ORDER BY privilege_type) "
        "FROM information_schema.role_table_grants WHERE grantee = 'gatepass_program' GROUP BY table_name",
    )
    written_once = dict.fromkeys(
        ["audit_checkpoint", "audit_event", "audit_leaf", "policy_version", "recording_segment", "review"],
        "INSERT SELECT",
    )
    expected = dict.fromkeys(SQLModel.metadata.tables, "INSERT SELECT UPDATE") | written_once
    # Of these it may UPDATE some columns: test_rights.
    some_columns = ["access_grant", "session", "security_key", "touch", "ask_draft"]
    some_columns += ["ssh_key"]
    expected |= dict.fromkeys(some_columns, "INSERT SELECT")
    # Codes and credentials that are long over are forgotten.
    expected |= {"sign_in_code": "DELETE INSERT SELECT UPDATE"}
    forgotten = ["issued_credential", "ssh_certificate", "ssh_login", "ssh_key_text", "wanted_touch"]
    expected |= dict.fromkeys(forgotten, "DELETE INSERT SELECT")
    # Who left stays on record; a group and its members go.
    expected |= {"scim_group": "DELETE INSERT SELECT UPDATE", "scim_member": "DELETE INSERT SELECT"}
    # What SAML providers sent counts once, and is forgotten.
    expected |= dict.fromkeys(["saml_answer", "saml_seen"], "DELETE INSERT SELECT")
    assert dict(granted) == expected | {"audit_pending": "DELETE INSERT SELECT", "alembic_version": "SELECT"}


async def test_a_database_of_a_newer_gatepass_is_left_alone(dsn: str) -> None:
    await fetch(dsn, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(UnknownSchema, match="9999"):
        await migrate(dsn)
    with pytest.raises(UnknownSchema, match="newer"):
        await pending(dsn)


async def test_one_that_fails_leaves_nothing_half_done(empty_dsn: str) -> None:
    await fetch(empty_dsn, "CREATE TABLE review ()")
    with pytest.raises(Exception, match="review"):
        await migrate(empty_dsn)
    assert await fetch(empty_dsn, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'") == [("review",)]


async def test_a_login_that_is_no_superuser_can_migrate_and_run_the_program(empty_dsn: str, postgres_dsn: str) -> None:
    """One's own database: its owner makes the tables, and another login is given the program's role."""
    name = empty_dsn.split("/")[3].partition("?")[0]
    owner, program = f"owner_{name}", f"program_{name}"
    await fetch(postgres_dsn, f"CREATE ROLE {owner} LOGIN CREATEROLE PASSWORD 'o'")
    await fetch(postgres_dsn, f"CREATE ROLE {program} LOGIN PASSWORD 'p'")
    await fetch(postgres_dsn, f"GRANT gatepass_program TO {owner} WITH ADMIN OPTION, SET FALSE")
    await fetch(postgres_dsn, f"ALTER DATABASE {name} OWNER TO {owner}")
    host = empty_dsn.partition("?")[2]
    owners, programs = (f"postgresql://{role}:{word}@/{name}?{host}" for role, word in ((owner, "o"), (program, "p")))
    try:
        assert await migrate(owners)
        await _ready(owners)
        with pytest.raises(StorageUnavailable, match="gatepass migrate"):
            await _ready(programs)
        await fetch(owners, f"GRANT gatepass_program TO {program}")
        await _ready(programs)
        assert await pending(programs) == []
    finally:
        await fetch(postgres_dsn, f"ALTER DATABASE {name} OWNER TO postgres")
        await fetch(empty_dsn, f"REASSIGN OWNED BY {owner} TO postgres")
        await fetch(empty_dsn, f"REVOKE gatepass_program FROM {program} GRANTED BY {owner}")
        await fetch(empty_dsn, f"DROP OWNED BY {owner}, {program} CASCADE")
        await fetch(postgres_dsn, f"DROP ROLE {program}")
        await fetch(postgres_dsn, f"DROP ROLE {owner}")


async def _ready(dsn: str) -> None:
    database = Database(dsn)
    try:
        await database.ready()
    finally:
        await database.close()
