"""What the program's role may not do to what has ended, and which logins are too mighty for the program."""

from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import asyncpg
import pytest

from storage.database import PROGRAM_ROLE, Database
from storage.embedded.server import Embedded
from storage.migrate import migrate
from storage.rights import excess

ROWS = """
    INSERT INTO policy_version (hash) VALUES ('h');
    INSERT INTO principal (id, kind, name) VALUES ('{id}', 'human', 'alice');
    INSERT INTO proxy_instance (host, pid) VALUES ('here', 1);
    INSERT INTO access_request (id, principal_id, resource, role, duration_s, reason, state, decision, rule,
        policy_hash, quorum, expires_at, decided_at, revision)
    VALUES ('{id}', '{id}', 'db', 'read', 60, '', 'approved', 'automatic', 'r', 'h', 0, now(), now(), 0);
    INSERT INTO access_grant (id, request_id, principal_id, resource, role, not_before, expires_at)
    VALUES ('{id}', '{id}', '{id}', 'db', 'read', now(), now() + interval '1 hour');
    INSERT INTO session (id, grant_id, instance_id, protocol, client_address, client_software, state, held, denied,
        revision)
    VALUES ('{id}', '{id}', (SELECT max(id) FROM proxy_instance), 'ssh', '', '', 'active', 0, 0, 0);
"""
END = "UPDATE session SET state = 'ended', ended_at = now(), end_reason = 'closed', recording_root = 'a'"
REVOKE = "UPDATE access_grant SET revoked_at = now(), revoke_reason = 'done'"


@pytest.fixture
async def program(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection as the program has it, with a grant and a session under it."""
    connection = await asyncpg.connect(dsn, timeout=10, server_settings={"role": PROGRAM_ROLE})
    await connection.execute(ROWS.format(id=uuid4()))
    yield connection
    await connection.close()


@pytest.mark.finding("L3")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE access_grant SET principal_id = principal_id",
        "UPDATE access_grant SET resource = 'payments', role = 'admin'",
        "UPDATE session SET grant_id = grant_id",
        "UPDATE session SET client_address = '10.0.0.1'",
        "UPDATE session SET started_at = now()",
        "DELETE FROM access_grant",
    ],
)
async def test_what_was_granted_is_what_was_granted(program: asyncpg.Connection, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await program.execute(statement)


@pytest.mark.finding("L3")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE access_grant SET revoked_at = NULL, revoke_reason = NULL",
        "UPDATE access_grant SET revoked_at = now() + interval '1 day'",
        "UPDATE access_grant SET revoke_reason = 'another'",
        "UPDATE session SET state = 'active', ended_at = NULL, end_reason = NULL",
        "UPDATE session SET recording_root = 'b'",
        "UPDATE session SET end_reason = 'expired'",
    ],
)
async def test_what_ended_stays_ended(program: asyncpg.Connection, statement: str) -> None:
    await program.execute(END)
    await program.execute(REVOKE)
    with pytest.raises(asyncpg.RaiseError, match="and stays so"):
        await program.execute(statement)
    await program.execute("UPDATE access_grant SET expiry_noted_at = now()")
    await program.execute("UPDATE session SET rows = 1, revision = 2")


@pytest.mark.finding("L3")
async def test_a_grant_ends_no_later_than_was_said(program: asyncpg.Connection) -> None:
    for later in ("now() + interval '10 years'", "expires_at + interval '1 second'", "'infinity'"):
        with pytest.raises(asyncpg.RaiseError, match="or earlier"):
            await program.execute(f"UPDATE access_grant SET expires_at = {later}")  # noqa: S608
    await program.execute("UPDATE access_grant SET expires_at = expires_at - interval '1 second'")


@pytest.mark.finding("L3")
async def test_an_embedded_server_of_its_own_has_no_mighty_login() -> None:
    """The login that the program has there is nobody, also without its role; and it makes no temporary tables."""
    with TemporaryDirectory(prefix="gatepass-") as folder, Embedded(Path(folder)) as embedded:
        await migrate(embedded.dsn)
        await embedded.ensure_login(PROGRAM_ROLE)
        dsn = await embedded.ensure_login(PROGRAM_ROLE)
        assert dsn == embedded.program_dsn != embedded.dsn
        mighty, own = Database(embedded.dsn), Database(dsn)
        try:
            assert "The login postgres is a superuser" in await excess(mighty)
            assert await excess(own) == ""
        finally:
            await mighty.close()
            await own.close()
        connection = await asyncpg.connect(dsn, timeout=10)
        try:
            for forbidden in (
                "SET ROLE postgres",
                "CREATE TEMP TABLE t ()",
                "DELETE FROM audit_event",
                "CREATE ROLE x",
            ):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(forbidden)
        finally:
            await connection.close()


@pytest.mark.finding("L3")
async def test_a_login_that_owns_the_tables_is_named(dsn: str, postgres_dsn: str) -> None:
    name = f"owner_{uuid4().hex}"
    superuser = await asyncpg.connect(dsn, timeout=10)
    try:
        await superuser.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'o'; GRANT {PROGRAM_ROLE} TO {name}")
        owners = Database(f"postgresql://{name}:o@/{dsn.partition('@/')[2]}")
        assert await excess(owners) == ""
        await superuser.execute(f"ALTER TABLE audit_event OWNER TO {name}")
        assert f"The login {name} owns Gatepass's tables" in await excess(owners)
        await owners.close()
    finally:
        await superuser.execute(f"REASSIGN OWNED BY {name} TO postgres; DROP OWNED BY {name}; DROP ROLE {name}")
        await superuser.close()
