"""A target database of its own on TCP with SCRAM, and a listener in front of it, for real clients."""

import asyncio
import contextlib
import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import yaml
from sqlalchemy import select

from access.context import Access
from access.identity.adoption import adopt
from access.policy.file import PolicyFile
from access.tokens import TokenKeys
from cli.demo.clients import psql_program
from cli.demo.postgres_target import free_port
from proxy.authority import Authority
from proxy.masking.rules import DEFAULT_RULES, Masker
from proxy.postgres.listener import PostgresListener, PostgresSettings
from proxy.postgres.protocol import messages, startup
from proxy.sessions.gateway import Gateway
from storage.database import Database
from storage.embedded.cluster import Cluster
from storage.model import Session

READ_PASSWORD, OWNER_PASSWORD = "read-secret-ü-1", "owner-secret-2"
#: Card number, code, mail: what must never come out.
PAN, CVV, EMAIL = "4111111111111111", "737", "ada@example.com"

_SCHEMA = f"""
CREATE TABLE cards (id serial PRIMARY KEY, holder text, email text, number text, cvv text, number8 int8,
    amount numeric, ratio float8, doc json, docb jsonb, raw bytea, many text[], cvv_code int);
INSERT INTO cards (holder, email, number, cvv, number8, amount, ratio, doc, docb, raw, many, cvv_code) VALUES
    ('Ada Lovelace', '{EMAIL}', '{PAN}', '{CVV}', {PAN}, {PAN}, {PAN}, '{{"pan": {PAN}, "n": 1.50}}',
     '{{"pan": "{PAN}"}}', '{PAN}', ARRAY['x', '{PAN}'], {CVV}),
    ('Grace Hopper', 'grace@example.org', '5555555555554444', '248', 42, 1.5, 0.25, '{{"n": 1}}',
     '{{"n": 1}}', 'abc', ARRAY['y'], NULL);
CREATE VIEW codes AS SELECT id, cvv AS code FROM cards;
CREATE TABLE notes (id int PRIMARY KEY, body text);
INSERT INTO notes SELECT n, 'note ' || n FROM generate_series(1, 1000) n;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO app_read;
"""  # noqa: S608 - constants

RULES: list[dict[str, Any]] = [
    {"name": "no-copy", "match": ["copy_program", "copy_server_file"], "verdict": "deny", "message": "Never here."},
    {"name": "dangerous", "match": ["ddl", "delete_without_where"], "verdict": "review", "reviewers": ["reviewers"]},
]


@dataclass(frozen=True)
class Target:
    """The upstream, as its owner reaches it."""

    host: str
    port: int
    cluster: Cluster

    async def connect(self, database: str = "payments") -> asyncpg.Connection:
        """Around the gateway, as superuser."""
        return await asyncpg.connect(
            host=self.host,
            port=self.port,
            user="postgres",
            password=self.cluster.password(),
            database=database,
            timeout=20,
        )


@pytest.fixture(scope="session")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A real PostgreSQL with SCRAM on a free port, filled once."""
    port = free_port()
    options = (f"-p {port}", "-c listen_addresses=127.0.0.1", "-c fsync=off")
    cluster = Cluster(tmp_path_factory.mktemp("target"), options=options)
    cluster.prepare()
    cluster.create()
    cluster.start()
    made = Target("127.0.0.1", port, cluster)
    try:
        asyncio.run(_fill(made))
        yield made
    finally:
        cluster.stop()


async def _fill(target: Target) -> None:
    admin = await target.connect("postgres")
    await admin.execute(f"CREATE ROLE app_read LOGIN PASSWORD '{READ_PASSWORD}'")
    await admin.execute(f"CREATE ROLE app_owner LOGIN PASSWORD '{OWNER_PASSWORD}'")
    await admin.execute("CREATE DATABASE payments OWNER app_owner")
    await admin.close()
    owner = await target.connect()
    await owner.execute("SET ROLE app_owner")
    await owner.execute(_SCHEMA)
    await owner.close()


@pytest.fixture
def place(target: Target) -> dict[str, Any]:
    """The upstream in the policy; tests change it to make it wrong."""
    return {"host": target.host, "port": target.port, "database": "payments", "tls": "disable"}


@pytest.fixture
async def access(database: Database, tmp_path: Path, place: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Access:
    """The rules, with a role that may do anything and one whose statements are checked."""
    monkeypatch.setenv("READ_PASSWORD", READ_PASSWORD)
    monkeypatch.setenv("OWNER_PASSWORD", OWNER_PASSWORD)
    monkeypatch.setenv("WRONG_PASSWORD", "wrong-secret")
    roles = {
        "read": {"username": "app_read", "password": "env:READ_PASSWORD"},
        "owner": {"username": "app_owner", "password": "env:OWNER_PASSWORD"},
        "checked": {"username": "app_owner", "password": "env:OWNER_PASSWORD", "statements": RULES},
        "broken": {"username": "app_read", "password": "env:WRONG_PASSWORD"},
    }
    everything = {"name": "everything", "who": ["alice"], "resources": ["*"], "roles": ["*"]}
    policy = {
        "version": 1,
        "resources": {"db": {"type": "postgres", "upstream": place, "roles": roles}},
        "people": {"alice": {"slack": "U0ALICE"}, "bob": {"slack": "U0BOB"}},
        "groups": {"reviewers": ["bob"]},
        "policy": [{**everything, "decision": "reviewed", "reviewers": ["reviewers"], "channel": "C0INCIDENTS"}],
    }
    path = tmp_path / "gatepass.yml"
    path.write_text(yaml.safe_dump(policy))
    made = Access(
        database=database,
        policies=PolicyFile(path),
        redact=Masker(DEFAULT_RULES).redact,
        keys=TokenKeys(tmp_path / "keys"),
    )
    await adopt(made)
    return made


class Raw:
    """A client that sends and reads single messages, in any order that a driver would never use."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.key: tuple[int, bytes] = (0, b"")
        #: The payload of NegotiateProtocolVersion, if there was one.
        self.negotiated: bytes | None = None

    def send(self, *parts: bytes) -> None:
        self._writer.write(b"".join(parts))

    async def message(self) -> tuple[bytes, bytes]:
        """Tag and payload; raises IncompleteReadError at the end."""
        async with asyncio.timeout(20):
            header = await self._reader.readexactly(5)
            return header[:1], await self._reader.readexactly(int.from_bytes(header[1:], "big") - 4)

    async def until(self, tag: bytes, times: int = 1) -> list[tuple[bytes, bytes]]:
        """All messages up to the nth of this tag."""
        seen: list[tuple[bytes, bytes]] = []
        while times:
            seen.append(await self.message())
            times -= seen[-1][0] == tag
        return seen

    async def tags(self, tag: bytes = b"Z", times: int = 1) -> str:
        return b"".join(each for each, _ in await self.until(tag, times)).decode()

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


@dataclass
class Door:
    """The listener as clients see it."""

    port: int
    ca_file: Path
    recordings: Path
    gateway: Gateway
    grant: Callable[..., Awaitable[Any]]
    tokens: dict[str, Any] = field(default_factory=dict[str, Any])

    async def granted(self, role: str, **how: Any) -> Any:
        if role not in self.tokens or how:
            self.tokens[role] = await self.grant("db", role, **how)
        return self.tokens[role]

    async def connect(self, role: str = "read", **options: Any) -> asyncpg.Connection:
        """asyncpg through the gateway; results come in binary."""
        held = await self.granted(role)
        given: dict[str, Any] = {"database": "payments", "ssl": "require", "password": held.token, **options}
        return await asyncpg.connect(host="127.0.0.1", port=self.port, user=f"{role}@db", timeout=20, **given)

    async def psql(self, role: str, *arguments: str, stdin: str = "", **how: str) -> tuple[int, str, str]:
        child = await self.start_psql(role, *arguments, **how)
        async with asyncio.timeout(60):
            out, err = await child.communicate(stdin.encode())
        return child.returncode or 0, out.decode(), err.decode()

    async def start_psql(self, role: str, *arguments: str, **how: str) -> asyncio.subprocess.Process:
        """psql through the gateway, its certificate verified; `how` are words of the connection string."""
        held = await self.granted(role)
        password = how.pop("password", held.token)
        words = {"dbname": "payments", "sslmode": "verify-full", "user": f"{role}@db", **how}
        conninfo = " ".join(f"{name}={value}" for name, value in words.items())
        return await asyncio.create_subprocess_exec(
            psql_program(),
            *("-X", "-A", "-t", "--no-password", *arguments),
            f"host=127.0.0.1 port={self.port} sslrootcert={self.ca_file} connect_timeout=20 {conninfo}",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "HOME": "/nonexistent", "PGPASSWORD": password},
        )

    async def raw(
        self,
        role: str = "read",
        *,
        version: int = startup.PROTOCOL_3_0,
        parameters: dict[str, str] | None = None,
        before: bytes = b"",
        direct: bool = False,
    ) -> Raw:
        """A client that speaks messages, logged in."""
        held = await self.granted(role)
        context = ssl.create_default_context(cafile=str(self.ca_file))
        context.set_alpn_protocols(["postgresql"])
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=context if direct else None)
        if before:
            writer.write(before)
            assert await reader.readexactly(1) == b"N"
        if not direct:
            writer.write(startup.SSL_REQUEST)
            assert await reader.readexactly(1) == b"S"
            await writer.start_tls(context, server_hostname="127.0.0.1")
        client = Raw(reader, writer)
        client.send(startup.startup({"user": f"{role}@db", "database": "payments", **(parameters or {})}, version))
        first = await client.message()
        if first[0] == b"v":
            client.negotiated = first[1]
            first = await client.message()
        assert first == (b"R", b"\0\0\0\3")
        client.send(messages.message(b"p", held.token.encode() + b"\0"))
        for tag, payload in await client.until(b"Z"):
            if tag == b"K":
                client.key = (int.from_bytes(payload[:4], "big"), payload[4:])
        return client

    async def cancel(self, process: int, secret: bytes) -> None:
        """A CancelRequest; returns when the gateway has dealt with it."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(startup.cancel_request(process, secret))
        async with asyncio.timeout(20):
            await reader.read()
        writer.close()

    async def ended(self) -> Session:
        """The one session's row, once it has ended: the client may be gone before that is written."""
        async with asyncio.timeout(20):
            while True:
                async with self.gateway.access.database.transaction() as transaction:
                    row = (await transaction.scalars(select(Session))).one()
                if row.end_reason is not None:
                    return row
                await asyncio.sleep(0.02)

    def recorded(self) -> str:
        """Everything that was recorded, of all sessions."""
        return "\n".join(path.read_text() for path in sorted(self.recordings.rglob("*.jsonl")))


@pytest.fixture
def tls(tmp_path: Path) -> tuple[ssl.SSLContext, Path]:
    authority = Authority(tmp_path / "ca")
    return authority.server_context(["127.0.0.1", "localhost"]), authority.certificate_file


@pytest.fixture
async def door(
    gateway: Gateway, granted: Callable[..., Awaitable[Any]], tls: tuple[ssl.SSLContext, Path], tmp_path: Path
) -> AsyncIterator[Door]:
    """A listener on a free port."""
    context, ca_file = tls
    settings = PostgresSettings(("127.0.0.1", 0), context, greeting_timeout_s=1.5)
    async with PostgresListener(gateway, settings) as listener:
        yield Door(listener.address[1], ca_file, tmp_path / "recordings", gateway, granted)
