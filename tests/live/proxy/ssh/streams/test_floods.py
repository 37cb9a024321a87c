"""What a client of its own making sends, or does not read, is bounded: in packets, in memory, in answers."""

import asyncio
import hashlib
from collections.abc import Callable
from typing import Any

import asyncssh
import pytest
from asyncssh.channel import SSHClientChannel
from asyncssh.constants import MSG_CHANNEL_REQUEST
from asyncssh.packet import Boolean, String

from proxy.ssh.channels import session_channel
from proxy.ssh.flow import EARLY_WINDOW_BYTES, SMALLEST_PACKET_BYTES, WINDOW_BYTES
from proxy.ssh.pacing import FULL_BYTES, Paced
from support.children import PATIENCE_S
from support.clients.raw_ssh import connected, send_little, small_limits
from support.ssh import MakeClient

HUGE_WINDOW = (1 << 32) - 1
MIB = 1024 * 1024
OUTPUT = b"".join(b"order %07d is on its way\n" % number for number in range(1_500_000))


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.01)


class Reads(asyncssh.SSHClientSession[bytes]):
    """Notes what comes, and when it is over."""

    def __init__(self) -> None:
        self.got = hashlib.sha256()
        self.length = 0
        self.over = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes, datatype: int | None) -> None:
        self.got.update(data)
        self.length += len(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.over.set_result(exc)


@pytest.mark.finding("pg-F5")
@pytest.mark.parametrize("size", [1, SMALLEST_PACKET_BYTES - 1])
async def test_a_channel_of_tiny_packets_is_refused(client: MakeClient, size: int) -> None:
    async with connected(await client()) as connection:
        with pytest.raises(
            asyncssh.ChannelOpenError, match=r"gatepass: packets of fewer than 4096 bytes are not sent\."
        ):
            await connection.create_session(Reads, "true", encoding=None, max_pktsize=size)
        done = await connection.run("echo still here")
    assert done.stdout == "still here\n"


@pytest.mark.finding("pg-F18")
async def test_a_client_may_send_little_before_its_command_runs(client: MakeClient) -> None:
    async with connected(await client()) as connection:
        loop = asyncio.get_running_loop()
        channel: Any = SSHClientChannel(connection, loop, "strict", None, "strict", MIB, 32768)
        (await channel._open(b"session")).check_end()
        assert channel._send_window == EARLY_WINDOW_BYTES
        channel.send_packet(MSG_CHANNEL_REQUEST, String(b"exec"), Boolean(False), String(b"cat >/dev/null"))
        await _until(lambda: channel._send_window == WINDOW_BYTES)


@pytest.mark.finding("pg-F18")
async def test_output_for_a_client_that_does_not_read_waits_with_the_host(
    client: MakeClient, paced: list[Paced]
) -> None:
    """Its window allows four gigabytes, and all of that would be written for it."""
    ssh = await client()
    (ssh.folder / "sent").write_bytes(OUTPUT)
    async with connected(ssh) as connection:
        reads = Reads()
        hidden: Any = connection
        await connection.create_session(
            lambda: reads, f"cat {ssh.folder}/sent", encoding=None, window=HUGE_WINDOW, max_pktsize=32768
        )
        hidden._transport.pause_reading()
        await _until(lambda: len(paced) == 2)
        clients, hosts = paced
        await _until(lambda: clients.is_full and _held(hosts))
        assert clients._transport.get_write_buffer_size() < FULL_BYTES + 2 * MIB
        assert reads.length < len(OUTPUT)
        hidden._transport.resume_reading()
        async with asyncio.timeout(PATIENCE_S):
            await reads.over
    assert reads.got.digest() == hashlib.sha256(OUTPUT).digest()


async def test_output_that_comes_along_with_the_hosts_word_waits_with_the_host(
    client: MakeClient, paced: list[Paced], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client is full before its channel knows that the command runs, and is not asked again."""
    start = session_channel.started

    async def late(*arguments: Any, **request: Any) -> None:
        await start(*arguments, **request)
        await _until(lambda: _clients(paced)._send_paused)

    monkeypatch.setattr(session_channel, "started", late)
    async with connected(await client()) as connection:
        await connection.create_session(
            Reads, "yes is on its way", encoding=None, window=SMALLEST_PACKET_BYTES, term_type="xterm"
        )
        hidden: Any = connection
        hidden._transport.pause_reading()
        await _until(lambda: len(paced) == 2 and bool(_clients(paced)._send_paused))
        await _until(lambda: _held(paced[1]) or _clients(paced)._send_buf_len > 2 * MIB)
        assert _held(paced[1])


def _clients(paced: list[Paced]) -> Any:
    """The gateway's end of the client's one channel."""
    hidden: Any = paced[0]
    (channel,) = hidden._connection._channels.values()
    return channel


def _held(paced: Paced) -> bool:
    """Whether each of its channels reads nothing more."""
    hidden: Any = paced._connection
    return bool(hidden._channels) and all(channel._recv_paused is True for channel in hidden._channels.values())


@pytest.mark.finding("pg-F18")
async def test_a_client_that_reads_no_answers_is_read_no_more(
    client: MakeClient, paced: list[Paced], monkeypatch: pytest.MonkeyPatch
) -> None:
    small_limits(monkeypatch)
    async with connected(await client()) as connection:
        process = await connection.create_process("cat", encoding=None)
        hidden: Any = connection
        channel: Any = process.channel
        send_little(paced[0])
        hidden._transport.pause_reading()
        while not paced[0]._must_wait():
            _ask(channel, 100)
            await asyncio.sleep(0)
        _ask(channel, 2_000)
        await _until(lambda: paced[0]._paused)
        assert paced[0]._transport.get_write_buffer_size() < MIB // 4
        hidden._transport.resume_reading()
        await _until(lambda: not channel._request_waiters)
        process.stdin.write(b"still here\n")
        assert await process.stdout.readline() == b"still here\n"


def _ask(channel: Any, times: int) -> None:
    """Requests that nobody knows, and that want an answer."""
    for _ in range(times):
        channel.send_packet(MSG_CHANNEL_REQUEST, String(b"?"), Boolean(True))
        channel._request_waiters.append(asyncio.get_running_loop().create_future())
