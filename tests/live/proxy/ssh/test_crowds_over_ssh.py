"""Connections that never log in: one source's crowd keeps nobody else out, and silence is not borne for long."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import asyncssh
import pytest

from proxy.doors.lobby import LobbyLimits
from proxy.ssh.connection import LOBBY, Limits
from proxy.ssh.listener import SshListener
from support.children import PATIENCE_S
from support.ssh import MakeClient

BANNER = b"SSH-2.0-OpenSSH_9.9 Gatepass\r\n"


@contextlib.asynccontextmanager
async def crowd(
    listener: SshListener, count: int, *, sources: int = 1, says: bytes = b""
) -> AsyncIterator[list[asyncio.StreamReader]]:
    """So many connections that get no further than their first words, from 127.0.0.2 and so on."""
    async with contextlib.AsyncExitStack() as stack:
        readers: list[asyncio.StreamReader] = []
        for number in range(count):
            local = (f"127.0.0.{2 + number % sources}", 0)
            reader, writer = await asyncio.open_connection(*listener.address, local_addr=local)
            stack.callback(writer.close)
            writer.write(says)
            readers.append(reader)
        yield readers


async def read_all(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(PATIENCE_S):
        with contextlib.suppress(ConnectionError):
            return await reader.read()
    return b""


@pytest.mark.finding("M3")
@pytest.mark.finding("ssh-F6")
@pytest.mark.parametrize(
    ("count", "sources", "says"),
    [
        (100, 1, b""),
        (100, 1, b"S"),
        (100, 1, b"SSH-2.0-x\r\n"),
        (LOBBY.in_all + 50, 10, b""),
        (LOBBY.in_all + 50, 10, b"SSH-2.0-x\r\n"),
    ],
    ids=["silent", "one byte", "version only", "silent, ten sources", "version only, ten sources"],
)
async def test_a_crowd_from_elsewhere_keeps_nobody_out(
    listener: SshListener, client: MakeClient, count: int, sources: int, says: bytes
) -> None:
    ssh = await client()
    async with crowd(listener, count, sources=sources, says=says):
        for _ in range(2):
            assert (await ssh.run("echo in")).stdout == b"in\n"


class TestSmall:
    """With room for three from one source."""

    @pytest.fixture
    def limits(self) -> Limits:
        room = LobbyLimits(per_source=3, in_all=100)
        return Limits(login_grace_s=PATIENCE_S, first_channel_s=PATIENCE_S, first_words_s=PATIENCE_S, lobby=room)

    @pytest.mark.finding("ssh-F6")
    async def test_even_from_the_same_address_the_silent_make_room(
        self, listener: SshListener, client: MakeClient
    ) -> None:
        ssh = await client()
        silent = [await asyncio.open_connection(*listener.address) for _ in range(3)]
        assert (await ssh.run("echo in")).stdout == b"in\n"
        assert await read_all(silent[0][0]) == BANNER, "the oldest one went"
        for _, writer in silent:
            writer.close()

    @pytest.mark.finding("L9")
    async def test_a_login_that_opens_no_session_keeps_its_place(
        self, listener: SshListener, client: MakeClient
    ) -> None:
        ssh = await client()
        how = {"known_hosts": None, "config": None, "agent_path": None, "client_keys": None}
        idle = [
            await asyncssh.connect("127.0.0.1", ssh.port, username=ssh.door, password=ssh.token, **how)
            for _ in range(3)
        ]
        with pytest.raises((OSError, asyncssh.Error)):
            await asyncssh.connect("127.0.0.1", ssh.port, username=ssh.door, password=ssh.token, **how)
        for connection in idle:
            connection.abort()


class TestImpatient:
    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(login_grace_s=PATIENCE_S, first_channel_s=PATIENCE_S, first_words_s=0.2)

    @pytest.mark.finding("M3")
    @pytest.mark.parametrize("says", [b"", b"SSH-2.0-almost"], ids=["nothing", "half a line"])
    async def test_who_does_not_say_its_version_is_dropped_soon(self, listener: SshListener, says: bytes) -> None:
        async with crowd(listener, 1, says=says) as (reader,):
            assert await read_all(reader) == BANNER
