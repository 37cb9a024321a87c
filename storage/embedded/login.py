"""The program's own login at the embedded server: no superuser, owner of nothing, with the program's role alone."""

import asyncio
import os
import secrets
from pathlib import Path

import asyncpg

LOGIN = "gatepass"


async def ensure(superuser_dsn: str, password_file: Path, *, role: str) -> None:
    """Make the login with a password of its own in `password_file`, or see that both are there.

    `role` is what it may act as; migrations make that.
    """
    password = await asyncio.to_thread(_password, password_file)
    connection = await asyncpg.connect(superuser_dsn, timeout=10)
    try:
        await connection.execute(_statement(password, role), timeout=30)
    finally:
        await connection.close()


def _password(kept: Path) -> str:
    if not kept.exists():
        draft = kept.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
        draft.replace(kept)
    return kept.read_text()


def _statement(password: str, role: str) -> str:
    """`password` is our own base64url, `role` a name of ours: neither needs quoting, and parameters do not go here."""
    return f"""
        DO $$
        BEGIN
            PERFORM pg_advisory_xact_lock(hashtext('{LOGIN}'));
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{LOGIN}') THEN
                CREATE ROLE {LOGIN} LOGIN;
            END IF;
            ALTER ROLE {LOGIN} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD '{password}';
            GRANT {role} TO {LOGIN};
        END $$
    """
