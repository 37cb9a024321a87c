"""The first seconds of a connection: TLS, versions, parameters, tokens, and everything that is no PostgreSQL client."""

import asyncio
import contextlib
import ssl
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import select

from access.context import Access
from access.policy.shapes.roles import Role
from access.policy.shapes.upstreams import TlsMode
from proxy.errors import UpstreamFault
from proxy.postgres import upstream
from proxy.postgres.listener import PostgresListener, PostgresSettings
from proxy.postgres.protocol import messages, startup
from proxy.sessions.gateway import Gateway
from storage.model import EndReason, Session
from support.postgres import Door


async def say(door: Door, data: bytes, *, eof: bool = False) -> bytes:
    """Send bytes to the port and return everything that comes back until it closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    try:
        writer.write(data)
        if eof:
            writer.write_eof()
        async with asyncio.timeout(20):
            with contextlib.suppress(ConnectionError):
                return await reader.read()
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\0\0\0\0\0\0\0\0",
        b"\0\0\x27\x11" + b"x" * 100,
        struct.pack(">II", 8, 7 << 16),
        struct.pack(">II", 9, startup.PROTOCOL_3_0) + b"x",
        b"\x16\x03\x01\x00\x05hello",
        startup.SSL_REQUEST + b"too early",
        struct.pack(">II", 8, (1234 << 16) | 5680) * 2,
        startup.cancel_request(1, b"1234"),
        b"",
        b"\0",
        startup.startup({"user": "read@db"})[:20],
    ],
)
@pytest.mark.parametrize("greeting_timeout_s", [3.0])
async def test_what_is_no_client_is_dropped_and_disturbs_nobody(door: Door, data: bytes) -> None:
    """Silent ones after the greeting's time; what they get back is a refusal of TLS at most."""
    assert (await say(door, data))[:1] in {b"", b"N", b"S", b"\x15"}
    connection = await door.connect()
    assert await connection.fetchval("select 1") == 1
    await connection.close()


@pytest.mark.parametrize("greeting_timeout_s", [3.0])
async def test_silent_clients_block_nobody(door: Door) -> None:
    silent = [await asyncio.open_connection("127.0.0.1", door.port) for _ in range(30)]
    connection = await door.connect()
    assert await connection.fetchval("select 1") == 1
    await connection.close()
    for reader, writer in silent:
        async with asyncio.timeout(20):
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
        writer.close()


async def test_plain_text_is_refused_with_what_to_do(door: Door) -> None:
    status, _, err = await door.psql("read", "-c", "select 1", sslmode="disable")
    assert status == 2
    assert "Connect with sslmode=require" in err
    assert door.recorded() == ""


async def test_gss_encryption_is_declined_and_tls_follows(door: Door) -> None:
    client = await door.raw(before=struct.pack(">II", 8, (1234 << 16) | 5680))
    client.send(messages.query("select 1"))
    assert await client.tags() == "TDCZ"
    await client.close()


async def test_direct_tls_needs_its_alpn(door: Door) -> None:
    context = ssl.create_default_context(cafile=str(door.ca_file))
    with contextlib.suppress(ConnectionError):
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port, ssl=context)
        assert await reader.read() == b""
        writer.close()
    connection = await door.connect(ssl=context, direct_tls=False)
    assert await connection.fetchval("select 1") == 1
    await connection.close()
    client = await door.raw(direct=True)
    client.send(messages.query("select 1"))
    assert await client.tags() == "TDCZ"
    await client.close()


@pytest.mark.parametrize(
    ("version", "parameters", "answer"),
    [
        (startup.PROTOCOL_3_0, {}, None),
        (startup.PROTOCOL_3_2, {}, None),
        ((3 << 16) | 9999, {}, struct.pack(">ii", startup.PROTOCOL_3_2, 0)),
        (startup.PROTOCOL_3_2, {"_pq_.x": "1"}, struct.pack(">ii", startup.PROTOCOL_3_2, 1) + b"_pq_.x\0"),
    ],
)
async def test_versions_are_negotiated(
    door: Door, version: int, parameters: dict[str, str], answer: bytes | None
) -> None:
    client = await door.raw(version=version, parameters=parameters)
    assert client.negotiated == answer
    client.send(messages.query("select 1"))
    assert await client.tags() == "TDCZ"
    await client.close()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"dbname": "postgres"}, "opens the database payments alone"),
        ({"options": "-csearch_path=x"}, "options"),
        ({"replication": "database"}, "replication"),
        ({"user": "read"}, "role@resource"),
        ({"user": "owner@db"}, "not owner@db"),
        ({"user": "read@elsewhere"}, "not read@elsewhere"),
        ({"password": "wrong"}, "token"),
        ({"client_encoding": "SJIS"}, "client_encoding"),
    ],
)
async def test_refusals_say_why(door: Door, words: dict[str, str], says: str) -> None:
    status, _, err = await door.psql("read", "-c", "select 1", **words)
    assert status == 2
    assert "FATAL" in err
    assert says in err


@pytest.mark.parametrize("dbname", ["payments", "db", "read@db"])
async def test_the_databases_names(door: Door, dbname: str) -> None:
    status, out, err = await door.psql("read", "-c", "select current_database()", dbname=dbname)
    assert (status, out) == (0, "payments\n"), err


async def test_settings_reach_the_upstream_but_not_all(door: Door, access: Access) -> None:
    settings = {"application_name": "my-app", "timezone": "Asia/Tokyo", "extra_float_digits": "1"}
    connection = await door.connect(server_settings=settings)
    session: Session = next(iter(door.gateway.live)).row
    assert await connection.fetchval("show application_name") == f"gatepass:alice:{session.id}"
    assert session.client_software == "my-app"
    assert await connection.fetchval("show timezone") == "Asia/Tokyo"
    assert connection.get_settings().TimeZone == "Asia/Tokyo"
    await connection.close()
    for name in ("role", "session_replication_role", "standard_conforming_strings"):
        with pytest.raises(asyncpg.InvalidPasswordError, match="startup parameter"):
            await door.connect(server_settings={name: "on"})
    async with access.database.transaction() as transaction:
        assert [row.client_software for row in (await transaction.scalars(select(Session))).all()] == ["my-app"]


async def test_a_wrong_upstream_password_is_the_operators_to_mend(door: Door) -> None:
    status, _, err = await door.psql("broken", "-c", "select 1")
    assert status == 2
    assert "The database behind db refused us" in err
    assert "wrong-secret" not in err
    assert (await door.ended()).end_reason is EndReason.UPSTREAM_ERROR


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"port": 1}, "cannot be reached"),
        ({"tls": "verify-full"}, "offers no TLS"),
    ],
)
class TestWrongPlaces:
    @pytest.fixture
    def place(self, place: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
        return {**place, **change}

    async def test_an_upstream_that_cannot_be_used(self, door: Door, change: dict[str, Any], says: str) -> None:
        status, _, err = await door.psql("read", "-c", "select 1")
        assert status == 2
        assert says in err


@pytest.fixture
def inner(door: Door, access: Access, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Awaitable[upstream.Upstream]]:
    """Connect to the gateway as if it were the upstream: TLS, and a password inside it."""
    front = access.policies.current.resources["db"]

    async def connect(**change: Any) -> upstream.Upstream:
        monkeypatch.setenv("TOKEN_AS_PASSWORD", (await door.granted("read")).token)
        role = Role(username="read@db", password="env:TOKEN_AS_PASSWORD")
        how = {"tls": TlsMode.VERIFY_FULL, "ca_file": str(door.ca_file), "port": door.port, **change}
        place = front.upstream.model_copy(update=how)
        resource = front.model_copy(update={"upstream": place})
        return await upstream.connect(resource, role, {"database": "payments"})

    return connect


async def test_an_upstream_in_verified_tls(inner: Callable[..., Awaitable[upstream.Upstream]]) -> None:
    connection = await inner()
    assert await connection.fetch("select cvv as x, id from cards order by id") == [["***", "1"], ["***", "2"]]
    with pytest.raises(UpstreamFault, match="masked data"):
        await connection.fetch("select cvv || '' from cards")
    await connection.transport.close()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"ca_file": None}, "not trusted"),
        ({"server_name": "elsewhere"}, "not trusted"),
        # The certificate is by the right CA, but any host of it could ask for the password.
        ({"server_name": "elsewhere", "tls": TlsMode.VERIFY_CA}, "weak form"),
        ({"tls": TlsMode.DISABLE}, "Connect with sslmode=require"),
    ],
)
async def test_an_upstream_that_cannot_be_trusted(
    inner: Callable[..., Awaitable[upstream.Upstream]], change: dict[str, Any], says: str
) -> None:
    with pytest.raises(UpstreamFault, match=says):
        await inner(**change)


async def test_closing_the_listener_ends_its_sessions(
    door: Door, gateway: Gateway, tls: tuple[ssl.SSLContext, Path]
) -> None:
    context, _ = tls
    async with PostgresListener(gateway, PostgresSettings(("127.0.0.1", 0), context)) as other:
        door.port = other.address[1]
        client = await door.raw()
    with pytest.raises(asyncio.IncompleteReadError):
        await client.until(b"Z")
    await client.close()
