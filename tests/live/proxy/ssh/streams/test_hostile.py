"""A client that knows the protocol, and means ill, is refused, or gets its answer: in bounded memory and time."""

import asyncio
from collections.abc import Callable
from typing import Any

import asyncssh
import pytest
from asyncssh.channel import SSHClientChannel
from asyncssh.constants import (
    MSG_CHANNEL_DATA,
    MSG_CHANNEL_REQUEST,
    MSG_IGNORE,
    MSG_REQUEST_FAILURE,
    MSG_USERAUTH_REQUEST,
)
from asyncssh.packet import Boolean, SSHPacket, String, UInt32

from access.context import Access
from proxy.ssh.connection import MAX_NAME_CHARS, MAX_READ_CHARS
from proxy.ssh.flow import WINDOW_BYTES
from proxy.ssh.forwarding.forwarding import MAX_OPEN
from proxy.ssh.pacing import Paced
from proxy.ssh.serving import Serving
from support.children import PATIENCE_S
from support.clients.raw_ssh import connected, send_little, small_limits
from support.ssh import MakeClient, Sessions

MIB = 1024 * 1024


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.01)


async def _opened(connection: Any, *, window: int = MIB) -> Any:
    """A session channel in which nothing was asked for."""
    channel: Any = SSHClientChannel(connection, asyncio.get_running_loop(), "strict", None, "strict", window, 32768)
    (await channel._open(b"session")).check_end()
    channel._session = asyncssh.SSHClientSession[bytes]()
    return channel


def _theirs(paced: Paced) -> Any:
    """The gateway's end of the one channel of a connection."""
    hidden: Any = paced
    (channel,) = hidden._connection._channels.values()
    return channel


async def _answer(connection: Any, name: str, *fields: bytes) -> int:
    """What answers a global request."""
    async with asyncio.timeout(PATIENCE_S):
        kind, _ = await connection._make_global_request(name.encode(), *fields)
    return kind


async def _still_serves(connection: asyncssh.SSHClientConnection) -> None:
    assert (await connection.run("echo still here")).stdout == "still here\n"


# --- global requests ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("cancel-tcpip-forward", (String("127.0.0.1"), UInt32(1))),
        ("cancel-streamlocal-forward@openssh.com", (String("/nobody/listens"),)),
        ("cancel-tcpip-forward", (String(b"\xff"), UInt32(1))),
        ("no-more-sessions@example.org", ()),
    ],
)
async def test_what_cannot_be_given_up_fails_by_itself(
    client: MakeClient, name: str, fields: tuple[bytes, ...]
) -> None:
    async with connected(await client("tunnels")) as connection:
        assert await _answer(connection, name, *fields) == MSG_REQUEST_FAILURE
        await _still_serves(connection)


async def test_many_requests_may_wait_for_one(client: MakeClient, paced: list[Paced]) -> None:
    """They are answered one after the other, and not each inside the one before it."""
    async with connected(await client()) as connection:
        hidden: Any = paced[0]
        theirs = hidden._connection
        theirs._global_request_queue.append((None, SSHPacket(b""), False))
        for _ in range(4000):
            theirs.process_packet(80, 0, SSHPacket(String("keepalive@openssh.com") + Boolean(False)))
        theirs._report_global_response(False)
        await _until(lambda: not theirs._global_request_queue)
        await _still_serves(connection)


async def test_a_request_that_waits_keeps_no_more_than_anybody_asks(client: MakeClient, paced: list[Paced]) -> None:
    async with connected(await client()):
        hidden: Any = paced[0]
        theirs = hidden._connection
        theirs._global_request_queue.append((None, SSHPacket(b""), False))
        for name in ("tcpip-forward", "unknown@example.org"):
            theirs.process_packet(80, 0, SSHPacket(String(name) + Boolean(True) + bytes(200_000)))
        kept = [packet.get_remaining_payload() for _, packet, _ in theirs._global_request_queue]
        assert sum(map(len, kept)) == 0


async def test_the_host_key_is_not_signed_with_as_often_as_it_is_named(client: MakeClient) -> None:
    async with connected(await client()) as connection:
        key = connection.get_server_host_key()
        assert key is not None
        name = "hostkeys-prove-00@openssh.com"
        assert await _answer(connection, name, String(key.public_data) * 4000) == MSG_REQUEST_FAILURE
        await _still_serves(connection)


# --- channels -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [b"channel", b"nobody@example.org", b""])
async def test_a_channel_of_no_known_type_is_refused(client: MakeClient, kind: bytes) -> None:
    async with connected(await client()) as connection:
        channel: Any = SSHClientChannel(connection, asyncio.get_running_loop(), "strict", None, "strict", MIB, 32768)
        with pytest.raises(asyncssh.ChannelOpenError, match="Unknown channel type"):
            await channel._open(kind)
        await _still_serves(connection)


async def test_the_environment_that_is_kept_is_small(client: MakeClient, paced: list[Paced]) -> None:
    async with connected(await client()) as connection:
        channel = await _opened(connection)
        for number in range(1000):
            for name, value in ((f"LC_{number}", "x"), (f"LC_LONG_{number}", "x" * 4096), (f"OTHER_{number}", "x")):
                channel.send_packet(MSG_CHANNEL_REQUEST, String("env"), Boolean(False), String(name), String(value))
        assert await channel._make_request(b"env", String("LANG"), String("C")) is True
        kept = _theirs(paced[0])._env
        assert len(kept) <= 128
        assert max(map(len, kept.values())) <= 256


async def test_no_more_modes_than_there_are_are_read(client: MakeClient) -> None:
    async with connected(await client()) as connection:
        channel = await _opened(connection)
        wanted = (String("xterm"), *(UInt32(80) for _ in range(4)))
        assert await channel._make_request(b"pty-req", *wanted, String(b"\x35\0\0\0\1" * 40_000)) is False
        assert await channel._make_request(b"pty-req", *wanted, String(b"\x35\0\0\0\1" * 150 + b"\0")) is True


async def test_tiny_packets_wait_for_the_host_in_large_pieces(client: MakeClient, paced: list[Paced]) -> None:
    """Each by itself costs a hundred bytes, and all of them are sent in one turn once the host reads."""
    async with connected(await client()) as connection:
        channel = await _opened(connection)
        assert await channel._make_request(b"exec", String("sleep 600"))
        await _until(lambda: channel._send_window == WINDOW_BYTES)
        for _ in range(96):
            channel.send_packet(MSG_CHANNEL_DATA, String(bytes(32 * 1024)))
        await _until(lambda: len(paced) == 2 and _theirs(paced[1])._send_buf_len > 0)
        before = _theirs(paced[1])._send_buf_len
        for _ in range(5000):
            channel.send_packet(MSG_CHANNEL_DATA, String(b"x"))
        assert await channel._make_request(b"?") is False
        theirs, hosts = _theirs(paced[0]), _theirs(paced[1])
        assert hosts._send_buf_len + sum(len(data) for data, _ in theirs._recv_buf) >= before + 5000
        assert len(hosts._send_buf) < 200


async def test_answers_of_gatepass_wait_only_so_far_for_a_client_that_takes_none(
    client: MakeClient, paced: list[Paced]
) -> None:
    """Its window is shut, so that no answer goes; each question that the host has not is answered here."""
    async with connected(await client("copies")) as connection:
        channel = await _opened(connection, window=0)
        assert await channel._make_request(b"subsystem", String("sftp"))
        await _until(lambda: channel._send_window == WINDOW_BYTES)
        channel.send_packet(MSG_CHANNEL_DATA, String(String(b"\x01" + UInt32(3))))
        theirs = _theirs(paced[0])
        await _until(lambda: theirs._send_buf_len > 0)
        for batch in range(60):
            asked = (b"\xc8" + UInt32(batch * 1000 + number) + String("nobody@example.org") for number in range(1000))
            channel.send_packet(MSG_CHANNEL_DATA, String(b"".join(map(String, asked))))
        await _until(lambda: theirs.is_closing() or theirs._send_buf_len > 6 * MIB)
        assert theirs.is_closing()
        await _still_serves(connection)


async def test_connections_that_wait_for_the_session_are_counted(
    client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(_: Serving) -> Any:
        await asyncio.get_running_loop().create_future()

    monkeypatch.setattr(Serving, "forwarding", never)
    async with connected(await client("tunnels")) as connection:
        opening = {asyncio.ensure_future(connection.open_connection("127.0.0.1", 9)) for _ in range(MAX_OPEN + 10)}
        refused = 0
        async with asyncio.timeout(PATIENCE_S):
            while refused < 10:
                done, opening = await asyncio.wait(opening, return_when=asyncio.FIRST_COMPLETED)
                refused += sum("are open already" in str(task.exception()) for task in done)
        assert len(opening) == MAX_OPEN
        for task in opening:
            task.cancel()
        await asyncio.gather(*opening, return_exceptions=True)


def _ask(channel: Any, times: int) -> None:
    """Requests that nobody knows, and that want an answer."""
    for _ in range(times):
        channel.send_packet(MSG_CHANNEL_REQUEST, String(b"?"), Boolean(True))


# --- the connection -------------------------------------------------------------------------------------------------


async def test_a_client_that_reads_nothing_and_leaves_has_left(
    client: MakeClient, paced: list[Paced], monkeypatch: pytest.MonkeyPatch, sessions: Sessions
) -> None:
    small_limits(monkeypatch)
    async with connected(await client()) as connection:
        process = await connection.create_process("cat", encoding=None)
        hidden: Any = connection
        theirs: Any = paced[0]
        send_little(theirs)
        hidden._transport.pause_reading()
        while not theirs._must_wait():
            _ask(process.channel, 100)
            await asyncio.sleep(0)
        _ask(process.channel, 2_000)
        await _until(lambda: bool(theirs._waiting) and theirs._must_wait())
        hidden._transport.abort()
        async with asyncio.timeout(PATIENCE_S):
            assert len(await sessions()) == 1


async def test_who_is_not_logged_in_sends_only_so_much(client: MakeClient) -> None:
    ssh = await client()

    class Floods(asyncssh.SSHClient):
        def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
            self._conn: Any = conn

        async def password_auth_requested(self) -> str | None:
            send: Callable[..., None] = self._conn.send_packet
            for _ in range(100):
                send(MSG_IGNORE, String(bytes(16 * 1024)))
            await asyncio.get_running_loop().create_future()
            return None

    with pytest.raises((asyncssh.Error, OSError), match=r"before its login|lost|reset"):
        await _login(Floods, ssh.port, ssh.door, str(ssh.folder / "known_hosts"))


async def test_who_is_not_logged_in_tries_only_so_often(client: MakeClient) -> None:
    ssh = await client()

    class Asks(asyncssh.SSHClient):
        def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
            self._conn: Any = conn

        async def password_auth_requested(self) -> str | None:
            packets: Callable[..., Any] = self._conn.process_packet
            self._conn.process_packet = lambda kind, *rest: packets(kind, *rest) if kind == 1 else True
            fields = (String(ssh.door), String("ssh-connection"), String("none"))
            for _ in range(200):
                self._conn.send_packet(MSG_USERAUTH_REQUEST, *fields)
            await asyncio.get_running_loop().create_future()
            return None

    with pytest.raises(asyncssh.Error, match="Too many"):
        await _login(Asks, ssh.port, ssh.door, str(ssh.folder / "known_hosts"))


async def _login(client: Callable[[], asyncssh.SSHClient], port: int, door: str, known_hosts: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        connection, _ = await asyncssh.create_connection(
            client,
            "127.0.0.1",
            port,
            username=door,
            known_hosts=known_hosts,
            config=None,
            client_keys=None,
            agent_path=None,
            login_timeout=0,
            preferred_auth="password",
        )
    connection.abort()


async def test_little_of_a_long_destination_that_is_refused_is_read_or_kept(
    client: MakeClient, access: Access, paced: list[Paced], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each character takes time that others wait for, and eighty thousand of them a second."""
    read: list[int] = []

    def noted(text: str) -> str:
        read.append(len(text))
        return text

    ssh = await client()
    monkeypatch.setitem(vars(access), "redact", noted)
    async with connected(ssh) as connection:
        for number in range(4):
            with pytest.raises(asyncssh.ChannelOpenError, match="not allowed") as refused:
                await connection.open_connection(f"{number}" + "4\u00ad" * 80_000, 1)
            assert len(refused.value.reason) < 2 * MAX_NAME_CHARS
        hidden: Any = paced[0]
        kept = hidden._connection._owner._refused
        assert len(kept) == 4
        assert max(len(name) for _, name in kept) <= MAX_NAME_CHARS
    assert len(read) >= 4
    assert max(read) <= MAX_READ_CHARS
