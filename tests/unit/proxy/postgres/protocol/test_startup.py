"""Packets before there are tags: what is one, what is none, and ours as PostgreSQL's documentation draws them."""

import struct

import pytest

from proxy.postgres.protocol import messages, startup
from proxy.postgres.protocol.frames import ProtocolViolation
from proxy.postgres.protocol.startup import GssEncRequest, SslRequest


def test_startup_round_trip() -> None:
    packet = startup.read_packet(startup.startup({"user": "a@b", "database": "x", "_pq_.y": "1"}, startup.PROTOCOL_3_2))
    assert isinstance(packet, startup.Startup)
    assert (packet.version, packet.user, packet.extensions) == (startup.PROTOCOL_3_2, "a@b", ["_pq_.y"])


@pytest.mark.parametrize("secret", [b"1234", b"x" * 32, b"x" * 256])
def test_cancel_round_trip(secret: bytes) -> None:
    assert startup.read_packet(startup.cancel_request(-7, secret)) == startup.CancelRequest(-7, secret)


@pytest.mark.parametrize(
    "packet",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        struct.pack(">II", 8, 2 << 16),
        struct.pack(">II", 9, startup.PROTOCOL_3_0) + b"x",
        struct.pack(">I", 10_001) + b"x" * 20,
        startup.startup({"user": "a"})[:-1],
    ],
)
def test_what_is_no_startup_packet(packet: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        startup.read_packet(packet)


def test_requests_for_encryption() -> None:
    assert startup.read_packet(startup.SSL_REQUEST) == SslRequest()
    assert startup.read_packet(bytes.fromhex("00000008 04d2162f")) == SslRequest()
    assert startup.read_packet(bytes.fromhex("00000008 04d21630")) == GssEncRequest()


@pytest.mark.parametrize(
    "packet",
    [
        startup.SSL_REQUEST[:4] + startup.SSL_REQUEST[4:] + b"x",
        struct.pack(">II", 9, 80877103) + b"x",
        startup.cancel_request(1, b""),
        startup.cancel_request(1, b"x" * 257),
        struct.pack(">II", 9, startup.PROTOCOL_3_0) + b"\0" + b"x",
        struct.pack(">II", 13, startup.PROTOCOL_3_0) + b"user\0",
    ],
)
def test_packets_that_do_not_add_up(packet: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        startup.read_packet(packet)


def test_negotiate_version_names_the_version_and_what_is_unknown() -> None:
    sent = startup.negotiate_version(startup.PROTOCOL_3_2, ["_pq_.a", "_pq_.b"])
    assert sent[5:] == struct.pack(">ii", 0x30002, 2) + b"_pq_.a\0_pq_.b\0"
    assert sent[:5] == b"v" + (len(sent) - 1).to_bytes(4, "big")


def test_answers_to_a_login() -> None:
    assert bytes.fromhex("52 00000008 00000000") == startup.AUTHENTICATION_OK
    assert bytes.fromhex("52 00000008 00000003") == startup.AUTHENTICATION_CLEARTEXT
    assert startup.backend_key_data(7, b"abcd") == messages.message(b"K", b"\0\0\0\x07abcd")
