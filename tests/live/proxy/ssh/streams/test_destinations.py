"""Where connections go: what is judged is what the host dials, and what is given up counts no more."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from asyncssh.constants import OPEN_CONNECT_FAILED

from proxy.ssh.forwarding.forwarding import MAX_LISTENING, MAX_OPEN
from support.ssh import Audited, MakeClient, Recorded, connected, until

#: What getaddrinfo of a host reads as its loopback.
SPELLINGS = [
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "0x7f000001",
    "0X7F.1",
    "2130706433",
    "0177.0.0.1",
    "::ffff:127.0.0.1",
    "0:0:0:0:0:ffff:7f00:1",
    "0.0.0.0",  # noqa: S104 - nothing listens here
    "0",
]


@pytest.fixture
async def greeter() -> AsyncIterator[int]:
    """A port on the loopback that says hello and goodbye."""

    def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server:
        yield int(server.sockets[0].getsockname()[1])


def _rule(policy: dict[str, Any], role: str, *match: str, verdict: str = "deny") -> None:
    made = policy["resources"]["web-1"]["roles"][role]
    made["statements"] = [{"name": "no-loopback", "match": list(match), "verdict": verdict}]


async def _heard(connection: asyncssh.SSHClientConnection, host: str, port: int) -> bytes:
    reader, writer = await connection.open_connection(host, port)
    heard: bytes = await reader.read()
    writer.close()
    await writer.wait_closed()
    return heard


@pytest.mark.finding("ssh-forwarding")
async def test_every_spelling_of_an_address_is_the_address(
    client: MakeClient, greeter: int, recorded: Recorded
) -> None:
    async with connected(await client("tunnels")) as connection:
        for spelling in SPELLINGS:
            assert await _heard(connection, spelling, greeter) == b"hello", spelling
    events = [event for event in await recorded() if event[1] == "w"]
    assert len(events) == 2 * len(SPELLINGS)
    assert all(f"127.0.0.1:{greeter}" in event[2] for event in events)


class TestDenied:
    @pytest.fixture(autouse=True)
    def _rules(self, policy: dict[str, Any], greeter: int) -> None:
        policy["resources"]["web-1"]["roles"]["tunnels"]["forward"] = ["*:*", "listen:*"]
        _rule(policy, "tunnels", "forward:127.0.0.1:*", "forward:[::1]:*", "forward:localhost:*")

    @pytest.mark.finding("ssh-forwarding")
    async def test_no_spelling_goes_past_a_rule(self, client: MakeClient, greeter: int, audited: Audited) -> None:
        others = ["localhost", "LOCALHOST.", "::1", "0:0::1", "::", "::1%lo"]
        async with connected(await client("tunnels")) as connection:
            for spelling in [*SPELLINGS, *others]:
                with pytest.raises(asyncssh.ChannelOpenError, match="rule no-loopback"):
                    await _heard(connection, spelling, greeter)
            # What this gateway's reading of an address and another's may differ about is no destination.
            for spelling in (
                "127.0.0.08",
                "0b1111111",
                "127.0.0.1 ",
                "fe80::1%lo",
                "/run/x",
                "",
                "localhost..",
                "127.0.0.1..",
            ):
                with pytest.raises(asyncssh.ChannelOpenError, match="forwarding is not allowed"):
                    await _heard(connection, spelling, greeter)
        assert len(await audited("proxy:statement:deny")) == len([*SPELLINGS, *others])


class TestGlobs:
    @pytest.fixture(autouse=True)
    def _rules(self, policy: dict[str, Any]) -> None:
        policy["resources"]["web-1"]["roles"]["tunnels"]["forward"] = ["127.0.*:*"]

    @pytest.mark.finding("ssh-forwarding")
    async def test_a_glob_over_addresses_names_no_name(self, client: MakeClient, greeter: int) -> None:
        async with connected(await client("tunnels")) as connection:
            assert await _heard(connection, "127.0.1", greeter) == b"hello"
            with pytest.raises(asyncssh.ChannelOpenError, match="forwarding is not allowed"):
                await _heard(connection, "127.0.evil.example", greeter)


@pytest.mark.finding("ssh-forwarding")
async def test_a_path_is_no_host_and_a_host_no_path(client: MakeClient, tmp_path: Path) -> None:
    path = str(tmp_path / "app.sock")
    server = await asyncio.start_unix_server(lambda _reader, writer: writer.close(), path)
    async with server, connected(await client("tunnels")) as connection:
        for port in (0, 22):
            with pytest.raises(asyncssh.ChannelOpenError, match="forwarding is not allowed"):
                await connection.open_connection(path, port)
        with pytest.raises(asyncssh.ChannelOpenError, match="forwarding is not allowed"):
            await connection.open_unix_connection("127.0.0.1")
        with pytest.raises(asyncssh.ChannelListenError):
            await connection.start_unix_server(lambda: None, "localhost")
        reader, writer = await connection.open_unix_connection(path)
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()


def _no_one(_host: str, _port: int) -> None:
    raise asyncssh.ChannelOpenError(OPEN_CONNECT_FAILED, "nobody")


@pytest.mark.finding("ssh-forwarding")
async def test_what_is_no_longer_listened_on_counts_no_more(client: MakeClient) -> None:
    async with connected(await client("tunnels")) as connection:
        listening = [await connection.create_server(_no_one, "localhost", 0) for _ in range(MAX_LISTENING)]
        for _ in range(MAX_LISTENING + 1):
            with pytest.raises(asyncssh.ChannelListenError):
                await connection.create_server(_no_one, "localhost", 0)
            gone = listening.pop(0)
            gone.close()
            await gone.wait_closed()
            listening.append(await connection.create_server(_no_one, "localhost", 0))
        # The same port again, as soon as it was given up; and not twice.
        port = listening[0].get_port()
        with pytest.raises(asyncssh.ChannelListenError):
            await connection.create_server(_no_one, "localhost", port)
        for listener in listening:
            listener.close()
            await listener.wait_closed()
        again = await connection.create_server(_no_one, "localhost", port)
        again.close()
        await again.wait_closed()


@pytest.mark.finding("ssh-forwarding")
async def test_what_the_host_cannot_listen_on_counts_not(client: MakeClient) -> None:
    async with connected(await client("tunnels")) as connection:
        with socket.create_server(("127.0.0.1", 0)) as taken, contextlib.ExitStack() as stack:
            port = int(taken.getsockname()[1])
            with contextlib.suppress(OSError):
                stack.enter_context(socket.create_server(("::1", port), family=socket.AF_INET6))
            for _ in range(MAX_LISTENING + 1):
                with pytest.raises(asyncssh.ChannelListenError):
                    await connection.create_server(_no_one, "localhost", port)
        listener = await connection.create_server(_no_one, "localhost", 0)
        listener.close()
        await listener.wait_closed()


@pytest.mark.finding("ssh-forwarding")
async def test_connections_to_where_the_host_listens_are_counted_while_they_are_open(client: MakeClient) -> None:
    class Echo(asyncssh.SSHTCPSession[bytes]):
        def connection_made(self, chan: asyncssh.SSHTCPChannel[bytes]) -> None:
            self._channel = chan

        def data_received(self, data: bytes, datatype: int | None) -> None:
            self._channel.write(data)

    async def said(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(b"x")
        return await reader.read(1)

    async with connected(await client("tunnels")) as connection:
        listener = await connection.create_server(lambda _host, _port: Echo(), "localhost", 0, encoding=None)
        ways = [await asyncio.open_connection("127.0.0.1", listener.get_port()) for _ in range(MAX_OPEN)]
        assert [await said(*way) for way in ways] == [b"x"] * MAX_OPEN
        beyond = await asyncio.open_connection("127.0.0.1", listener.get_port())
        assert await beyond[0].read() == b""
        for _reader, writer in ways:
            writer.write_eof()
        assert [await reader.read() for reader, _writer in ways] == [b""] * MAX_OPEN
        for _reader, writer in [*ways, beyond]:
            writer.close()
            await writer.wait_closed()

        async def another() -> bool:
            # The gateway may still be hearing of the ends.
            reader, writer = await asyncio.open_connection("127.0.0.1", listener.get_port())
            with contextlib.suppress(ConnectionError):
                heard = await said(reader, writer)
                writer.close()
                await writer.wait_closed()
                return heard == b"x"
            return False

        await until(another)
        listener.close()
        await listener.wait_closed()
