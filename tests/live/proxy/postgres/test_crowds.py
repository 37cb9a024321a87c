"""Connections that never log in: one source's crowd keeps nobody else out, and silence is not borne for long."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from proxy.doors.lobby import LobbyLimits
from proxy.postgres.listener import LOBBY, PostgresListener, PostgresSettings
from proxy.postgres.protocol import startup
from proxy.sessions.gateway import Gateway
from support.children import PATIENCE_S
from support.postgres import Door


@contextlib.asynccontextmanager
async def crowd(
    port: int, count: int, *, sources: int = 1, says: bytes = b""
) -> AsyncIterator[list[asyncio.StreamReader]]:
    """So many connections that get no further than their first words, from 127.0.0.2 and so on."""
    async with contextlib.AsyncExitStack() as stack:
        readers: list[asyncio.StreamReader] = []
        for number in range(count):
            local = (f"127.0.0.{2 + number % sources}", 0)
            reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=local)
            stack.callback(writer.close)
            writer.write(says)
            readers.append(reader)
        yield readers


async def read_all(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(PATIENCE_S):
        with contextlib.suppress(ConnectionError):
            return await reader.read()
    return b""


async def get_in(door: Door) -> None:
    connection = await door.connect()
    assert await connection.fetchval("select 1") == 1
    await connection.close()


@pytest.mark.finding("M3")
@pytest.mark.parametrize("greeting_timeout_s", [PATIENCE_S])
@pytest.mark.parametrize(
    ("count", "sources", "says"),
    [
        (LOBBY.in_all + 50, 1, b""),
        (LOBBY.in_all + 50, 10, b""),
        (LOBBY.in_all + 50, 10, startup.SSL_REQUEST),
        (LOBBY.in_all + 50, 10, b"\x16"),
    ],
    ids=["silent", "silent, ten sources", "asking for TLS, ten sources", "one byte of TLS, ten sources"],
)
async def test_a_crowd_from_elsewhere_keeps_nobody_out(door: Door, count: int, sources: int, says: bytes) -> None:
    async with crowd(door.port, count, sources=sources, says=says):
        for _ in range(3):
            await get_in(door)


@pytest.mark.finding("M3")
@pytest.mark.parametrize("says", [b"", b"\0\0", b"\x16"], ids=["nothing", "half a packet", "the begin of TLS"])
async def test_who_sends_no_first_packet_is_dropped_soon(
    gateway: Gateway, tls: tuple[ssl.SSLContext, Path], says: bytes
) -> None:
    settings = PostgresSettings(("127.0.0.1", 0), tls[0], greeting_timeout_s=PATIENCE_S, first_words_s=0.2)
    async with PostgresListener(gateway, settings) as listener, crowd(listener.address[1], 1, says=says) as (reader,):
        assert await read_all(reader) == b""


@pytest.mark.finding("M3")
async def test_even_from_the_same_address_the_silent_make_room(
    door: Door, gateway: Gateway, tls: tuple[ssl.SSLContext, Path]
) -> None:
    settings = PostgresSettings(
        ("127.0.0.1", 0),
        tls[0],
        greeting_timeout_s=PATIENCE_S,
        first_words_s=PATIENCE_S,
        lobby=LobbyLimits(per_source=3, in_all=100),
    )
    async with PostgresListener(gateway, settings) as listener:
        door.port = listener.address[1]
        silent = [await asyncio.open_connection("127.0.0.1", door.port) for _ in range(3)]
        await get_in(door)
        assert await read_all(silent[0][0]) == b"", "the oldest one went"
        for _, writer in silent:
            writer.close()
