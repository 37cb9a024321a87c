"""What the SSH port offers, read from its KEXINIT as a client gets it; and who agrees with it."""

import asyncio
import struct

import pytest

from proxy.ssh.algorithms import ENCRYPTION, KEY_EXCHANGE, MACS
from proxy.ssh.listener import SshListener
from support.children import PATIENCE_S
from support.ssh import MakeClient, connected

#: Name lists of a KEXINIT in their order (RFC 4253, 7.1), after 16 bytes of cookie.
_LISTS = (
    "kex",
    "host_key",
    "encryption_in",
    "encryption_out",
    "mac_in",
    "mac_out",
    "compression_in",
    "compression_out",
)
#: Not algorithms: what the server can do beside (RFC 8308; OpenSSH PROTOCOL, 1.10).
_MARKS = {"ext-info-s", "kex-strict-s-v00@openssh.com"}


async def offered(listener: SshListener) -> dict[str, list[str]]:
    """The server's KEXINIT to a client of no known name."""
    reader, writer = await asyncio.open_connection(*listener.address)
    writer.write(b"SSH-2.0-tests\r\n")
    async with asyncio.timeout(PATIENCE_S):
        await reader.readline()
        length, padding = struct.unpack(">IB", await reader.readexactly(5))
        packet = (await reader.readexactly(length - 1))[:-padding]
    writer.close()
    found: dict[str, list[str]] = {}
    at = 17
    for name in _LISTS:
        (size,) = struct.unpack_from(">I", packet, at)
        found[name] = packet[at + 4 : at + 4 + size].decode().split(",")
        at += 4 + size
    return found


@pytest.mark.finding("L7")
@pytest.mark.finding("ssh-F14")
async def test_what_is_offered_is_what_is_named_and_nothing_else(listener: SshListener) -> None:
    lists = await offered(listener)
    assert [name for name in lists["kex"] if name not in _MARKS] == list(KEY_EXCHANGE)
    assert set(lists["kex"]) >= _MARKS
    assert lists["host_key"] == ["ssh-ed25519"]
    assert lists["encryption_in"] == lists["encryption_out"] == list(ENCRYPTION)
    assert lists["mac_in"] == lists["mac_out"] == list(MACS)
    assert lists["compression_in"] == lists["compression_out"] == ["none"]


@pytest.mark.finding("L7")
# Of finite-field groups the library says that they will go some day; the oldest clients have nothing else.
@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@pytest.mark.parametrize(
    ("option", "gets_in"),
    [
        ("KexAlgorithms=curve25519-sha256", True),
        ("KexAlgorithms=diffie-hellman-group14-sha256", True),
        ("KexAlgorithms=diffie-hellman-group14-sha1", False),
        ("KexAlgorithms=diffie-hellman-group-exchange-sha256", False),
    ],
)
async def test_who_knows_only_weak_ones_gets_no_connection(client: MakeClient, option: str, gets_in: bool) -> None:
    ssh = await client()
    ssh.options.append(option)
    finished = await ssh.run("echo in")
    assert (finished.stdout == b"in\n") is gets_in
    assert gets_in or "no matching" in finished.stderr


async def test_a_client_by_an_old_libssh2_gets_in(client: MakeClient) -> None:
    """Before 1.11 it knows CTR alone, and no MAC that follows it."""
    ssh = await client()
    macs, ciphers = ["hmac-sha2-256", "hmac-sha2-512"], ["aes256-ctr", "aes192-ctr", "aes128-ctr"]
    async with connected(ssh, encryption_algs=ciphers, mac_algs=macs) as connection:
        assert (await connection.run("echo in")).stdout == "in\n"
