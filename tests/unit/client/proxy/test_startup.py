"""The packets before a login."""

import struct

import pytest

from client.proxy import startup
from client.proxy.startup import NotSpoken
from proxy.postgres.protocol import startup as gateways


def packet(**parameters: str) -> bytes:
    body = b"".join(f"{name}\0{value}\0".encode() for name, value in parameters.items()) + b"\0"
    return struct.pack("!II", len(body) + 8, 3 << 16) + body


def made(bound: str | None, **parameters: str) -> dict[str, str]:
    read = gateways.read_packet(startup.made(startup.read(packet(**parameters)), "read@db", bound))
    assert isinstance(read, gateways.Startup)
    return dict(read.parameters)


def test_the_gateway_is_told_whom_the_access_is_for() -> None:
    assert made("payments", user="x", database="other", application_name="DBeaver") == {
        "user": "read@db",
        "database": "payments",
        "application_name": "DBeaver",
    }
    assert made(None, user="x", database="other")["database"] == "other"
    # libpq fills the user's name in where no database was given.
    assert "database" not in made(None, user="x", database="x")
    assert "database" not in made(None, user="x")


def test_what_asks_for_encryption_or_a_cancel() -> None:
    ssl_request, cancel = startup.SSL_REQUEST, struct.pack("!IIII", 16, 80877102, 1, 2)
    assert (startup.is_encryption_request(ssl_request), startup.is_cancel(ssl_request)) == (True, False)
    assert (startup.is_encryption_request(cancel), startup.is_cancel(cancel)) == (False, True)


@pytest.mark.parametrize("header", [b"\x16\x03\x01\x02", b"GET ", struct.pack("!I", 7), struct.pack("!I", 10_001)])
def test_other_protocols_are_told(header: bytes) -> None:
    with pytest.raises(NotSpoken, match="sslmode=disable"):
        startup.length(header)


@pytest.mark.parametrize(
    "data",
    [
        struct.pack("!II", 9, 2 << 16) + b"\0",
        struct.pack("!II", 8, 3 << 16),
        struct.pack("!II", 15, 3 << 16) + b"user\0x\0",
        struct.pack("!II", 14, 3 << 16) + b"user\0\0",
    ],
)
def test_what_is_no_startup(data: bytes) -> None:
    with pytest.raises(NotSpoken):
        startup.read(data)


def test_messages_are_well_formed() -> None:
    assert startup.password("t") == b"p\x00\x00\x00\x06t\x00"
    error = startup.error("why")
    assert (error[:1], int.from_bytes(error[1:5], "big"), error[-2:]) == (b"E", len(error) - 1, b"\0\0")
    assert b"Mgatepass: why\0" in error
