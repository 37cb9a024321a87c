"""Messages of exec and attach on a WebSocket, of either version."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.kubernetes.streams.channels import (
    MAX_MESSAGE_BYTES,
    OF_CLIENT,
    OF_SERVER,
    Channel,
    Closed,
    Message,
    Version,
    Written,
    chosen,
    decode,
    encode,
)
from proxy.kubernetes.streams.violation import StreamViolation

EVERY = frozenset(Channel)


@pytest.mark.parametrize(
    ("offered", "version"),
    [
        (["v5.channel.k8s.io"], Version.V5),
        (["v4.channel.k8s.io", "v5.channel.k8s.io"], Version.V5),
        (["v4.channel.k8s.io", "v3.channel.k8s.io", "channel.k8s.io"], Version.V4),
        (["base64.channel.k8s.io", "v4.channel.k8s.io"], Version.V4),
        (["base64.channel.k8s.io"], None),
        (["v4.base64.channel.k8s.io"], None),
        (["channel.k8s.io", "v3.channel.k8s.io", ""], None),
        (["V5.channel.k8s.io"], None),
        (["SPDY/3.1+portforward.k8s.io"], None),
        ([], None),
    ],
)
def test_versions(offered: list[str], version: Version | None) -> None:
    assert chosen(offered) is version


@pytest.mark.parametrize(
    ("message", "version", "channels", "found"),
    [
        (b"\x00ls\n", Version.V4, OF_CLIENT, Written(Channel.STDIN, b"ls\n")),
        (b"\x00", Version.V5, OF_CLIENT, Written(Channel.STDIN, b"")),
        (b"\x04{}", Version.V5, OF_CLIENT, Written(Channel.RESIZE, b"{}")),
        (b"\x01\x00\xff", Version.V4, OF_SERVER, Written(Channel.STDOUT, b"\x00\xff")),
        (b"\x02x", Version.V5, OF_SERVER, Written(Channel.STDERR, b"x")),
        (b"\x03{}", Version.V5, OF_SERVER, Written(Channel.ERROR, b"{}")),
        (b"\xff\x00", Version.V5, OF_CLIENT, Closed(Channel.STDIN)),
    ],
)
def test_messages(message: bytes, version: Version, channels: frozenset[Channel], found: Message) -> None:
    assert decode(message, version, channels) == found
    assert encode(found, version) == message


@pytest.mark.parametrize(
    ("message", "version", "channels"),
    [
        (b"", Version.V5, OF_CLIENT),
        (b"\x01x", Version.V5, OF_CLIENT),
        (b"\x03x", Version.V5, OF_CLIENT),
        (b"\x00x", Version.V5, OF_SERVER),
        (b"\x04x", Version.V5, OF_SERVER),
        (b"\x05x", Version.V5, EVERY),
        (b"0bHM=", Version.V5, EVERY),
        (b"\xfex", Version.V5, EVERY),
        (b"\xff", Version.V5, EVERY),
        (b"\xff\x00\x00", Version.V5, EVERY),
        (b"\xff\x05", Version.V5, EVERY),
        (b"\xff\xff", Version.V5, EVERY),
        (b"\xff\x01", Version.V5, OF_CLIENT),
        (b"\xff\x00", Version.V4, EVERY),
        (bytes(MAX_MESSAGE_BYTES + 1), Version.V5, EVERY),
    ],
)
def test_what_is_no_message(message: bytes, version: Version, channels: frozenset[Channel]) -> None:
    with pytest.raises(StreamViolation):
        decode(message, version, channels)


def test_the_longest() -> None:
    assert decode(bytes(MAX_MESSAGE_BYTES), Version.V5, EVERY) == Written(Channel.STDIN, bytes(MAX_MESSAGE_BYTES - 1))


def test_version_4_closes_nothing() -> None:
    with pytest.raises(ValueError, match="cannot close"):
        encode(Closed(Channel.STDIN), Version.V4)


@given(st.binary(max_size=20), st.sampled_from(Version))
def test_anything_is_a_message_or_a_violation(message: bytes, version: Version) -> None:
    try:
        found = decode(message, version, EVERY)
    except StreamViolation:
        return
    assert encode(found, version) == message
