"""Sessions that end from outside, and connections that never become one."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from access.context import Access
from access.grants import grants
from proxy.sessions.gateway import Gateway
from proxy.ssh.connection import Limits
from proxy.ssh.listener import SshListener
from storage.model import EndReason, Grant
from support.children import PATIENCE_S, line
from support.proxy import Grants
from support.ssh import Client, MakeClient, Sessions, connected


@contextlib.asynccontextmanager
async def _running(ssh: Client, *flags: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A command that is in the middle of things; it has said so."""
    process = await ssh.start(ssh.command(*flags, ssh.destination, "echo up; sleep 600"))
    assert (await line(process.stdout)).strip() == b"up"
    yield process
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.communicate()


@pytest.mark.parametrize("flags", [[], ["-tt"]])
async def test_a_revoked_grant_cuts_and_says_so(
    client: MakeClient, access: Access, sessions: Sessions, flags: list[str]
) -> None:
    ssh = await client()
    async with _running(ssh, *flags) as process:
        async with access.database.transaction() as transaction:
            (grant,) = (await transaction.scalars(select(Grant))).all()
        await grants.revoke(access, grant.id, None, "The incident is over.")
        stdout, stderr = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 255
        assert b"gatepass: " in stderr + stdout
        assert b"revoked" in stderr + stdout
    (session,) = await sessions()
    assert session.end_reason is EndReason.REVOKED


async def test_the_deadline_cuts_every_channel(client: MakeClient, sessions: Sessions) -> None:
    ssh = await client(duration_s=10)
    async with _running(ssh) as process:
        _, stderr = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 255
        assert b"gatepass: This access ended at" in stderr
    (session,) = await sessions()
    assert session.end_reason is EndReason.EXPIRED


async def test_a_proxy_that_stops_tells_its_clients(client: MakeClient, gateway: Gateway, sessions: Sessions) -> None:
    ssh = await client()
    async with _running(ssh) as process:
        gateway.end_all(EndReason.SHUTDOWN, "Gatepass is being restarted. Connect again in a moment.")
        _, stderr = await asyncio.wait_for(process.communicate(), 60)
        assert b"gatepass: Gatepass is being restarted." in stderr
    (session,) = await sessions()
    assert session.end_reason is EndReason.SHUTDOWN


async def test_a_listener_that_is_closed_leaves_no_session(
    gateway: Gateway, granted: Grants, sessions: Sessions, tmp_path: Path, client: MakeClient, listener: SshListener
) -> None:
    ssh = await client()
    async with _running(ssh) as process:
        await listener.__aexit__(None, None, None)
        await asyncio.wait_for(process.communicate(), 60)
    (session,) = await sessions()
    assert session.end_reason is EndReason.SHUTDOWN


async def test_a_client_that_is_cut_but_reads_nothing_does_not_hold_the_session(
    client: MakeClient, gateway: Gateway, sessions: Sessions
) -> None:
    ssh = await client()
    process = await ssh.start(ssh.command(ssh.destination, "echo up; cat /dev/zero"))
    assert await line(process.stdout) == b"up\n"
    gateway.end_all(EndReason.REVOKED, "Revoked.")
    (session,) = await sessions()
    assert session.end_reason is EndReason.REVOKED
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.communicate()


async def test_a_login_without_a_channel_is_no_session(client: MakeClient, sessions: Sessions) -> None:
    ssh = await client()
    process = await ssh.start(ssh.command("-v", "-N", ssh.destination))
    while b"Entering interactive session" not in await line(process.stderr):
        assert process.returncode is None
    assert await sessions() == []
    process.kill()
    await process.communicate()


class TestImpatient:
    """With limits so short that they are reached."""

    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(login_grace_s=0.3, first_channel_s=0.3)

    async def test_a_silent_client_is_dropped(self, listener: SshListener) -> None:
        reader, writer = await asyncio.open_connection(*listener.address)
        assert await asyncio.wait_for(reader.read(), 60) == b"SSH-2.0-OpenSSH_9.9 Gatepass\r\n"
        writer.close()
        await writer.wait_closed()

    @pytest.mark.parametrize("limits", [Limits(login_grace_s=PATIENCE_S, first_channel_s=0.3)])
    async def test_a_login_that_opens_nothing_is_dropped(self, listener: SshListener, client: MakeClient) -> None:
        async with connected(await client()) as connection:
            await asyncio.wait_for(connection.wait_closed(), 60)


@pytest.mark.parametrize(
    "garbage",
    [b"", b"\x00" * 4096, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"SSH-2.0-x\r\n" + b"\xff" * 64, b"x" * 100_000],
    ids=["nothing", "zeros", "http", "bad packet", "long line"],
)
async def test_garbage_ends_its_own_connection_and_nothing_else(
    client: MakeClient, listener: SshListener, garbage: bytes
) -> None:
    ssh = await client()
    async with _running(ssh):
        with socket.create_connection(listener.address) as stranger:
            stranger.setblocking(False)
            loop = asyncio.get_running_loop()
            with contextlib.suppress(ConnectionError):
                await loop.sock_sendall(stranger, garbage)
                stranger.shutdown(socket.SHUT_WR)
                async with asyncio.timeout(60):
                    while await loop.sock_recv(stranger, 4096):
                        pass
        assert (await ssh.run("echo fine")).stdout == b"fine\n"
