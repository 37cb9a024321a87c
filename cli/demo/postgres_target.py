"""The demo's database: a PostgreSQL of its own on loopback, `payments`, with customers and test card numbers.

It stands in for the production database of one's own: password sign-in, a role that reads and one that may do anything,
and one that is a template: each session has a role of its own, which the server's log names.
"""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from pydantic import SecretStr

from cli.demo.ports import free_port
from storage.embedded.cluster import Cluster

#: Test numbers that card schemes publish for this purpose; none belongs to anybody.
CUSTOMERS = (
    ("Ada Lovelace", "ada@example.com", "4111111111111111", "737", 129900),
    ("Grace Hopper", "grace@example.org", "5555555555554444", "248", 4999),
    ("Alan Turing", "alan@example.net", "378282246310005", "9041", 75000),
    ("Edsger Dijkstra", "edsger@example.com", "6011111111111117", "365", 1250),
    ("Barbara Liskov", "barbara@example.org", "2223003122003222", "582", 88000),
    ("Donald Knuth", "don@example.net", "3566002020360505", "619", 31415),
)

_SCHEMA = """
CREATE TABLE customers (id serial PRIMARY KEY, name text NOT NULL, email text NOT NULL);
CREATE TABLE cards (
    id serial PRIMARY KEY, customer_id int NOT NULL REFERENCES customers, number text NOT NULL, cvv text NOT NULL
);
CREATE TABLE payments (
    id serial PRIMARY KEY, card_id int NOT NULL REFERENCES cards, cents int NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE stale_sessions (id serial PRIMARY KEY, started_at timestamptz NOT NULL DEFAULT now());
"""


@dataclass(frozen=True)
class PostgresTarget:
    """Where the database listens and the passwords of its roles, which only the gateway is told."""

    host: str
    port: int
    database: str
    read_password: SecretStr
    admin_password: SecretStr
    #: Of the account that makes the roles of sessions.
    roles_password: SecretStr
    #: The server's own log.
    log: Path


@contextlib.asynccontextmanager
async def postgres_target(folder: Path) -> AsyncGenerator[PostgresTarget]:
    """Make the database anew in `folder` and serve it for as long as the block lasts."""
    port = free_port()
    logging = ("-c log_connections=on", "-c log_line_prefix=[%u/%a]")
    cluster = Cluster(folder, options=(f"-p {port}", "-c listen_addresses=127.0.0.1", "-c fsync=off", *logging))
    await asyncio.to_thread(_start, cluster)
    try:
        read, admin, roles = (SecretStr(secrets.token_urlsafe(18)) for _ in range(3))
        target = PostgresTarget("127.0.0.1", port, "payments", read, admin, roles, folder / "data" / "server.log")
        await _fill(cluster, target)
        yield target
    finally:
        await asyncio.to_thread(cluster.stop)


def _start(cluster: Cluster) -> None:
    cluster.prepare()
    if not cluster.exists():
        cluster.create()
    if cluster.runs():
        cluster.stop()
    cluster.start()


async def _fill(cluster: Cluster, target: PostgresTarget) -> None:
    admin = await _connect(target, "postgres", "postgres", SecretStr(cluster.password()))
    try:
        await admin.execute(f"DROP DATABASE IF EXISTS {target.database}")
        await admin.execute("DROP ROLE IF EXISTS app_read")
        await admin.execute("DROP ROLE IF EXISTS app_owner")
        await _drop_roles_of_sessions(admin)
        await admin.execute("DROP ROLE IF EXISTS app_support, gatepass_roles")
        await admin.execute(f"CREATE ROLE app_read LOGIN PASSWORD '{target.read_password.get_secret_value()}'")
        await admin.execute(f"CREATE ROLE app_owner LOGIN PASSWORD '{target.admin_password.get_secret_value()}'")
        password = target.roles_password.get_secret_value()
        await admin.execute(f"CREATE ROLE gatepass_roles LOGIN CREATEROLE PASSWORD '{password}'")
        await admin.execute("CREATE ROLE app_support NOLOGIN")
        await admin.execute("GRANT app_support TO gatepass_roles WITH ADMIN OPTION")
        await admin.execute(f"CREATE DATABASE {target.database} OWNER app_owner")
    finally:
        await admin.close()
    payments = await _connect(target, target.database, "app_owner", target.admin_password)
    try:
        await payments.execute(_SCHEMA)
        for name, email, number, cvv, cents in CUSTOMERS:
            customer = await payments.fetchval(
                "INSERT INTO customers (name, email) VALUES ($1, $2) RETURNING id", name, email
            )
            card = await payments.fetchval(
                "INSERT INTO cards (customer_id, number, cvv) VALUES ($1, $2, $3) RETURNING id", customer, number, cvv
            )
            await payments.execute("INSERT INTO payments (card_id, cents) VALUES ($1, $2)", card, cents)
        await payments.execute("INSERT INTO stale_sessions SELECT FROM generate_series(1, 3)")
        await payments.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO app_read, app_support")
    finally:
        await payments.close()


async def _drop_roles_of_sessions(admin: asyncpg.Connection) -> None:
    """What sessions of a demo that was killed have left; what they owned is gone with the database."""
    for (name,) in await admin.fetch(r"SELECT quote_ident(rolname) FROM pg_roles WHERE rolname LIKE 'gp\_%'"):
        await admin.execute(f"DROP ROLE {name}")


async def _connect(target: PostgresTarget, database: str, user: str, password: SecretStr) -> asyncpg.Connection:
    return await asyncpg.connect(
        host=target.host, port=target.port, user=user, password=password.get_secret_value(), database=database
    )
