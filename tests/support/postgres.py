"""The two sides of the PostgreSQL gateway under test: the upstream as its owner reaches it, the port as clients do."""

import asyncio
import contextlib
import os
import ssl
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import psycopg
from sqlalchemy import select

from cli.demo.clients import psql_program
from proxy.postgres.protocol import messages, startup
from proxy.sessions.gateway import Gateway
from storage.embedded.cluster import Cluster
from storage.model import Session
from support.children import PATIENCE_S, Children
from support.proxy import Granted, Grants


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

    def place(self, database: str) -> dict[str, Any]:
        """The upstream of a resource whose database this one is."""
        return {"host": self.host, "port": self.port, "database": database, "tls": "disable"}

    @contextlib.asynccontextmanager
    async def database(self, name: str, schema: str = "", options: str = "") -> AsyncGenerator[asyncpg.Connection]:
        """A database of a test's own, with this in it, around the gateway and as its owner; dropped afterwards."""
        admin = await self.connect("postgres")
        try:
            await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            await admin.execute(f"CREATE DATABASE {name} OWNER app_owner {options}")
            owner = await self.connect(name)
            try:
                await owner.execute(f"SET SESSION AUTHORIZATION app_owner; {schema}")
                yield owner
            finally:
                await owner.close()
                await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        finally:
            await admin.close()


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
        async with asyncio.timeout(PATIENCE_S):
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
    grant: Grants
    children: Children
    tokens: dict[str, Granted] = field(default_factory=dict[str, Granted])
    #: Connections to close after the test, should it have failed to.
    opened: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    async def granted(self, role: str, *, duration_s: int | None = None) -> Granted:
        if duration_s is not None:
            self.tokens[role] = await self.grant("db", role, duration_s=duration_s)
        elif role not in self.tokens:
            self.tokens[role] = await self.grant("db", role)
        return self.tokens[role]

    async def connect(self, role: str = "read", **options: Any) -> asyncpg.Connection:
        """asyncpg through the gateway; results come in binary."""
        held = await self.granted(role)
        given: dict[str, Any] = {"database": "payments", "ssl": "require", "password": held.token, **options}
        made = await asyncpg.connect(host="127.0.0.1", port=self.port, user=f"{role}@db", timeout=20, **given)
        self.opened.callback(made.terminate)
        return made

    async def libpq(self, role: str = "read", **options: Any) -> psycopg.AsyncConnection:
        """psycopg through the gateway, on the libpq that it brings along; the certificate is verified."""
        held = await self.granted(role)
        given: dict[str, Any] = {"dbname": "payments", "sslmode": "verify-full", "password": held.token, **options}
        made = await psycopg.AsyncConnection.connect(
            host="127.0.0.1",
            port=self.port,
            user=f"{role}@db",
            sslrootcert=str(self.ca_file),
            connect_timeout=20,
            autocommit=True,
            **given,
        )
        self.opened.callback(made.pgconn.finish)
        return made

    async def psql(self, role: str, *arguments: str, stdin: str = "", **how: str) -> tuple[int, str, str]:
        child = await self.start_psql(role, *arguments, **how)
        async with asyncio.timeout(PATIENCE_S):
            out, err = await child.communicate(stdin.encode())
        return child.returncode or 0, out.decode(), err.decode()

    async def start_psql(self, role: str, *arguments: str, **how: str) -> asyncio.subprocess.Process:
        """psql through the gateway, its certificate verified; `how` are words of the connection string."""
        held = await self.granted(role)
        password = how.pop("password", held.token)
        words = {"dbname": "payments", "sslmode": "verify-full", "user": f"{role}@db", **how}
        conninfo = " ".join(f"{name}={value}" for name, value in words.items())
        return await self.children.start(
            psql_program(),
            *("-X", "-A", "-t", "--no-password", *arguments),
            f"host=127.0.0.1 port={self.port} sslrootcert={self.ca_file} connect_timeout=20 {conninfo}",
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
        self.opened.callback(writer.close)
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
        async with asyncio.timeout(PATIENCE_S):
            await reader.read()
        writer.close()

    async def ended(self) -> Session:
        """The one session's row, once it has ended: the client may be gone before that is written."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                async with self.gateway.access.database.transaction() as transaction:
                    row = (await transaction.scalars(select(Session))).one()
                if row.end_reason is not None:
                    return row
                await asyncio.sleep(0.02)

    def recorded(self) -> str:
        """Everything that was recorded, of all sessions."""
        return "\n".join(path.read_text() for path in sorted(self.recordings.rglob("*.jsonl")))
