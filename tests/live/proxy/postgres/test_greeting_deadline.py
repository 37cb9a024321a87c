"""One deadline over every way in: who has given no password by then holds no descriptor of the gateway's any more."""

import asyncio
import contextlib
import os
import socket
import ssl
import struct
from collections.abc import Callable

import pytest
import uvloop

from proxy.postgres.protocol import startup
from support.children import PATIENCE_S
from support.postgres import Door

_GSS_REQUEST = struct.pack(">II", 8, (1234 << 16) | 5680)
_STARTUP = startup.startup({"user": "read@db", "database": "payments"})
#: The head of a TLS record that holds a ClientHello, and nothing of it.
_HALF_A_HELLO = b"\x16\x03\x01\x02\x00\x01"

Way = Callable[[socket.socket, ssl.SSLContext], socket.socket]


def _answered(client: socket.socket, request: bytes, answer: bytes) -> socket.socket:
    client.sendall(request)
    assert client.recv(1) == answer
    return client


def silent(client: socket.socket, _: ssl.SSLContext) -> socket.socket:
    return client


def half_a_packet(client: socket.socket, _: ssl.SSLContext) -> socket.socket:
    client.sendall(_STARTUP[:6])
    return client


def gss(client: socket.socket, _: ssl.SSLContext) -> socket.socket:
    return _answered(client, _GSS_REQUEST, b"N")


def asked_for_tls(client: socket.socket, _: ssl.SSLContext) -> socket.socket:
    return _answered(client, startup.SSL_REQUEST, b"S")


def endless_handshake(client: socket.socket, context: ssl.SSLContext) -> socket.socket:
    asked_for_tls(client, context).sendall(_HALF_A_HELLO)
    return client


def tls(client: socket.socket, context: ssl.SSLContext) -> socket.socket:
    return context.wrap_socket(asked_for_tls(client, context), server_hostname="127.0.0.1")


def gss_then_tls(client: socket.socket, context: ssl.SSLContext) -> socket.socket:
    return tls(gss(client, context), context)


def no_password(client: socket.socket, context: ssl.SSLContext) -> socket.socket:
    return _answered(tls(client, context), _STARTUP, b"R")


def direct_endless_handshake(client: socket.socket, _: ssl.SSLContext) -> socket.socket:
    client.sendall(_HALF_A_HELLO)
    return client


def direct(client: socket.socket, context: ssl.SSLContext) -> socket.socket:
    return context.wrap_socket(client, server_hostname="127.0.0.1")


def direct_no_password(client: socket.socket, context: ssl.SSLContext) -> socket.socket:
    return _answered(direct(client, context), _STARTUP, b"R")


def direct_without_alpn(client: socket.socket, context: ssl.SSLContext) -> socket.socket:
    other = ssl.create_default_context()
    other.check_hostname, other.verify_mode = False, ssl.CERT_NONE
    return direct(client, other)


WAYS: list[Way] = [
    *(silent, half_a_packet, gss, asked_for_tls, endless_handshake, tls, gss_then_tls, no_password),
    *(direct_endless_handshake, direct, direct_no_password, direct_without_alpn),
]


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def connect(door: Door, way: Way) -> socket.socket:
    context = ssl.create_default_context(cafile=str(door.ca_file))
    context.set_alpn_protocols(["postgresql"])
    return way(socket.create_connection(("127.0.0.1", door.port), PATIENCE_S), context)


def closed(client: socket.socket) -> bool:
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while client.recv(4096):
            pass
    return True


@pytest.mark.finding("pg-F2")
@pytest.mark.finding("pg-F3")
@pytest.mark.parametrize("greeting_timeout_s", [3.0])
@pytest.mark.parametrize("ways", [[direct] * 30, WAYS * 3], ids=["thirty by direct TLS", "every way in"])
async def test_nothing_is_held_past_the_deadline(door: Door, ways: list[Way]) -> None:
    await (await door.connect()).close()
    before = descriptors()
    clients = await asyncio.gather(*(asyncio.to_thread(connect, door, way) for way in ways))
    try:
        async with asyncio.timeout(PATIENCE_S):
            for client, way in zip(clients, ways, strict=True):
                assert await asyncio.to_thread(closed, client), way
            # What is left is the clients' own.
            while descriptors() > before + len(clients):
                await asyncio.sleep(0.02)
    finally:
        for client in clients:
            client.close()
    connection = await door.connect()
    assert await connection.fetchval("select 1") == 1
    await connection.close()


@pytest.mark.finding("pg-F2")
async def test_libpq_by_direct_tls(door: Door) -> None:
    """On the loop that `gatepass serve` runs on, as everything here."""
    assert isinstance(asyncio.get_running_loop(), uvloop.Loop)
    connection = await door.libpq(sslnegotiation="direct")
    assert connection.pgconn.ssl_in_use
    assert await (await connection.execute("select 1")).fetchone() == (1,)
    await connection.close()
