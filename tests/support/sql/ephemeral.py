"""A server on which roles are made for sessions, as its owner sees it: roles, log, and what Gatepass wrote of them."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import select

from access.context import Access
from proxy.postgres.ephemeral.administrator import administrator
from proxy.postgres.ephemeral.statements import identifier
from proxy.postgres.ephemeral.sweeper import Sweeper
from storage.model import AuditEvent
from support.children import PATIENCE_S
from support.postgres import Target

Found = TypeVar("Found")

ADMIN = "gatepass_roles"
#: What must never be read where columns are denied.
CARD, CODE = "4111111111111111", "737"
DENIED: list[dict[str, Any]] = [
    {"name": "cards", "columns": ["number"], "entity": "pan", "access": "deny"},
    {"name": "codes", "columns": ["*cvv*"], "access": "deny"},
]

#: As docs/postgres.md says that it is set up, but for the rights that the templates themselves have.
SQL = {
    "roles": f"""
        CREATE ROLE app_owner NOLOGIN;
        CREATE ROLE app_read NOLOGIN;
        CREATE ROLE app_write NOLOGIN;
        CREATE ROLE "app ""ödd"" role" NOLOGIN;
        CREATE ROLE app_login LOGIN;
        CREATE ROLE app_maker NOLOGIN CREATEROLE;
        CREATE ROLE app_others NOLOGIN;
        CREATE ROLE mallory NOLOGIN;
        GRANT app_read, app_write, "app ""ödd"" role" TO {ADMIN} WITH ADMIN OPTION;
        ALTER ROLE app_read SET default_transaction_read_only = on;
        ALTER ROLE app_read SET search_path = '$user', public, "Odd ""Schema";
        """,
    "tables": f"""
        SET ROLE app_owner;
        CREATE SCHEMA "Odd ""Schema";
        CREATE TABLE cards (id serial PRIMARY KEY, holder text, number text, cvv text,
            copy text GENERATED ALWAYS AS (cvv) STORED);
        CREATE TABLE notes (id int PRIMARY KEY, body text);
        CREATE TABLE "Odd ""Schema"."Odd "";Täble" (id int, "the ""cvv"" code" text, "plain ""one" text);
        INSERT INTO "Odd ""Schema"."Odd "";Täble" VALUES (1, '737', 'plain');
        CREATE VIEW codes AS SELECT id, cvv AS code FROM cards;
        CREATE VIEW copies AS SELECT id, copy AS other FROM cards;
        CREATE VIEW holders AS SELECT id, holder FROM cards;
        GRANT USAGE, CREATE ON SCHEMA public TO app_write;
        GRANT USAGE ON SCHEMA public, "Odd ""Schema" TO app_read, "app ""ödd"" role";
        GRANT SELECT ON ALL TABLES IN SCHEMA public, "Odd ""Schema" TO app_read, "app ""ödd"" role";
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO app_write;
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO app_write;
        GRANT USAGE ON SCHEMA public, "Odd ""Schema" TO {ADMIN} WITH GRANT OPTION;
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public, "Odd ""Schema" TO {ADMIN}
            WITH GRANT OPTION;
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {ADMIN} WITH GRANT OPTION;
        ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO app_read;
        RESET ROLE;
        """,
}


@dataclass(frozen=True)
class Made:
    """What was made on the server."""

    superuser: asyncpg.Connection
    target: Target
    access: Access
    sweeper: Sweeper

    async def roles(self) -> list[str]:
        """The names of the roles of sessions."""
        rows = await self.superuser.fetch(r"SELECT rolname FROM pg_roles WHERE rolname LIKE 'gp\_%' ORDER BY 1")
        return [row[0] for row in rows]

    async def gone(self) -> None:
        """Wait until no role of a session is there."""

        async def none() -> bool:
            return not await self.roles()

        await until(none)

    async def audited(self, action: str) -> list[dict[str, Any]]:
        """The bodies of that action's audit events."""
        async with self.access.database.transaction() as transaction:
            events = (await transaction.scalars(select(AuditEvent).order_by(AuditEvent.id))).all()  # pyright: ignore[reportArgumentType]
        return [body for body in (json.loads(event.body) for event in events) if body["action"] == action]

    def log(self) -> str:
        """The server's own log."""
        return (self.target.cluster._data / "server.log").read_text(errors="replace")

    async def past_the_gateway(self, name: str, database: str = "payments") -> asyncpg.Connection:
        """A connection as a session's role, which lets nobody in but for a superuser who changes that."""
        await self.superuser.execute(f"ALTER ROLE {identifier(name)} LOGIN CONNECTION LIMIT -1 PASSWORD 'past'")
        return await asyncpg.connect(
            host=self.target.host, port=self.target.port, user=name, password="past", database=database, timeout=20
        )

    async def clear(self) -> None:
        """Drop what a test left, as a session does that it left open."""
        resource = self.access.policies.current.resources["db"]
        for name in await self.roles():
            async with administrator(resource, "payments", "test") as admin:
                await admin.drop(name, None)


async def until(condition: Callable[[], Awaitable[Found | None]]) -> Found:
    """What `condition` returns, once it is true."""
    async with asyncio.timeout(PATIENCE_S):
        while not (found := await condition()):
            await asyncio.sleep(0.02)
        return found
