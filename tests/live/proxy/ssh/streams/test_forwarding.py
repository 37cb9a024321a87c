"""Forwarded connections by role: what it names goes through, both ways and whole; the rest is refused, on record."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from access.context import Access
from access.grants import grants
from cli.demo.ports import free_port
from proxy.sessions.gateway import Gateway
from support.children import ended, line
from support.ssh import Audited, Client, MakeClient, Recorded, Sessions, Upstream, connected, until


@pytest.fixture
async def echo() -> AsyncIterator[int]:
    """A port that says back what it hears, and goodbye after the end of it."""
    server = await asyncio.start_server(_echo, "127.0.0.1", 0)
    async with server:
        yield int(server.sockets[0].getsockname()[1])


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.write(b"bye")
    writer.close()


async def _say(open_connection: Any, message: bytes) -> bytes:
    """What comes back for a message, to the end: half of the connection is closed behind it."""
    reader, writer = await open_connection
    writer.write(message)
    writer.write_eof()
    said: bytes = await asyncio.wait_for(reader.read(), 60)
    writer.close()
    return said


@pytest.fixture
def tunnel(client: MakeClient) -> Callable[..., Any]:
    """`await tunnel("-L…")`: an ssh that forwards so, up and running."""

    async def start(*flags: str, role: str = "tunnels") -> tuple[Client, asyncio.subprocess.Process]:
        ssh = await client(role)
        process = await ssh.start(ssh.command(*flags, ssh.destination, "echo up; cat"))
        assert await line(process.stdout) == b"up\n"
        return ssh, process

    return start


def _ways(events: list[list[Any]]) -> list[dict[str, Any]]:
    return [json.loads(event[2]) for event in events if event[1] == "w"]


@pytest.mark.finding("ssh-forwarding")
async def test_a_local_port_is_forwarded_and_recorded(
    tunnel: Callable[..., Any], echo: int, recorded: Recorded, sessions: Sessions
) -> None:
    local, message = free_port(), os.urandom(3_000_000)
    _, process = await tunnel(f"-L{local}:127.0.0.1:{echo}")
    said = await asyncio.gather(*(_say(asyncio.open_connection("127.0.0.1", local), message) for _ in range(3)))
    assert all(each == message + b"bye" for each in said)
    await ended(process)
    events = await recorded()
    opened = [event for event in _ways(events) if event["event"] == "open"]
    closed = [event for event in _ways(events) if event["event"] == "close"]
    assert [event["destination"] for event in opened] == [f"127.0.0.1:{echo}"] * 3
    assert {(event["bytes_in"], event["bytes_out"]) for event in closed} == {(3_000_000, 3_000_003)}
    assert all(event["seconds"] >= 0 for event in closed)
    assert sum(event[1] == "m" and event[2] == f"forward (allow): forward 127.0.0.1:{echo}" for event in events) == 0
    assert sum(event[1] == "m" and f"127.0.0.1:{echo}" in event[2] for event in events) == 3
    (session,) = await sessions()
    assert session.statements == {"exec": 1, "forward": 3}


@pytest.mark.finding("ssh-forwarding")
async def test_socks_asks_for_each_destination(tunnel: Callable[..., Any], echo: int, audited: Audited) -> None:
    local = free_port()
    _, process = await tunnel(f"-D{local}")

    async def ask(host: bytes, port: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", local)
        writer.write(b"\5\1\0" + b"\5\1\0\3" + bytes([len(host)]) + host + port.to_bytes(2, "big"))
        # ssh may say yes before it has asked, and hangs up where the answer is no.
        try:
            await reader.readexactly(12)
            writer.write(b"hello")
            writer.write_eof()
            said = await asyncio.wait_for(reader.read(), 60)
        except (ConnectionError, asyncio.IncompleteReadError):
            said = b""
        writer.close()
        return said

    assert await ask(b"127.0.0.1", echo) == b"hellobye"
    assert await ask(b"localhost", echo) == b""
    _, stderr = await ended(process)
    assert b"forwarding is not allowed to localhost" in stderr
    (event,) = await audited("proxy:forwarding:refuse")
    assert event["detail"]["destination"] == f"localhost:{echo}"


@pytest.mark.finding("ssh-forwarding")
async def test_standard_input_and_output_go_to_a_destination_without_a_shell(
    client: MakeClient, sshd: Upstream, sessions: Sessions
) -> None:
    """ssh -W, and with it -J: a whole ssh session runs in the connection that the gateway forwards."""
    ssh = await client("tunnels")
    (ssh.folder / "inner").write_text(f"[127.0.0.1]:{sshd.port} {sshd.host_key}\n")
    proxy = f"ProxyCommand={ssh.through} -W %h:%p {ssh.destination}"
    known = f"-oUserKnownHostsFile={ssh.folder}/inner"
    target = f"{sshd.user}@127.0.0.1"
    inner = ["ssh", "-F", "none", known, "-i", str(sshd.private_key), "-p", str(sshd.port), f"-o{proxy}"]
    done = await ssh.finish([*inner, target, "echo inside; exit 4"])
    assert (done.status, done.stdout) == (4, b"inside\n")
    (session,) = await sessions()
    assert session.statements == {"forward": 1}


@pytest.mark.finding("ssh-forwarding")
async def test_a_socket_is_forwarded_both_ways(tunnel: Callable[..., Any], tmp_path: Path, recorded: Recorded) -> None:
    far, near, back = tmp_path / "far", tmp_path / "near", tmp_path / "back"
    server = await asyncio.start_unix_server(_echo, far)
    async with server:
        _, process = await tunnel(f"-L{near}:{far}")
        assert await _say(asyncio.open_unix_connection(near), b"to the host") == b"to the hostbye"
        await ended(process)
    assert [event["destination"] for event in _ways(await recorded())] == [str(far)] * 2
    assert not back.exists()


@pytest.mark.finding("ssh-forwarding")
async def test_the_host_listens_for_the_client(tunnel: Callable[..., Any], echo: int, recorded: Recorded) -> None:
    remote = free_port()
    _, process = await tunnel(f"-R{remote}:127.0.0.1:{echo}")
    message = os.urandom(500_000)
    assert await _say(asyncio.open_connection("127.0.0.1", remote), message) == message + b"bye"
    await ended(process)
    ways = _ways(await recorded())
    assert [event["destination"] for event in ways] == [f"listen:localhost:{remote}"] * 2
    assert (ways[1]["bytes_in"], ways[1]["bytes_out"]) == (500_003, 500_000)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", remote)


async def test_a_service_that_speaks_and_hangs_up_at_once_is_heard_whole(
    client: MakeClient, recorded: Recorded
) -> None:
    def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 bye")
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    port = int(server.sockets[0].getsockname()[1])
    async with server, connected(await client("tunnels")) as connection:
        for _ in range(150):
            reader, writer = await connection.open_connection("127.0.0.1", port)
            assert await reader.read() == b"220 bye"
            writer.close()
            await writer.wait_closed()
    ways = _ways(await recorded())
    assert [event["event"] for event in ways].count("close") == 150
    assert {event["bytes_out"] for event in ways if event["event"] == "close"} == {7}


async def test_the_host_gives_a_port_where_none_was_named(client: MakeClient, echo: int) -> None:
    async with connected(await client("tunnels")) as connection:
        listener = await connection.forward_remote_port("localhost", 0, "127.0.0.1", echo)
        assert await _say(asyncio.open_connection("127.0.0.1", listener.get_port()), b"x") == b"xbye"
        listener.close()
        await listener.wait_closed()


@pytest.mark.finding("ssh-forwarding")
@pytest.mark.parametrize(
    ("flag", "kind"),
    [
        ("-R0.0.0.0:{port}:127.0.0.1:22", "remote port"),
        ("-R/etc/gatepass.sock:127.0.0.1:22", "remote socket"),
    ],
)
async def test_the_host_listens_nowhere_else(client: MakeClient, audited: Audited, flag: str, kind: str) -> None:
    ssh = await client("tunnels")
    flags = [flag.format(port=free_port()), "-oExitOnForwardFailure=yes"]
    done = await ssh.run("echo never", flags=flags)
    assert (done.status, done.stdout) == (255, b"")
    assert [event["detail"]["forwarding"] for event in await audited("proxy:forwarding:refuse")] == [kind]


@pytest.mark.finding("ssh-forwarding")
async def test_what_the_role_does_not_name_opens_no_session(client: MakeClient, echo: int, sessions: Sessions) -> None:
    ssh = await client("deploy")
    done = await ssh.run(flags=[f"-W127.0.0.1:{echo}"], stdin=b"hello")
    assert (done.status, done.stdout) == (255, b"")
    assert f"port forwarding is not allowed to 127.0.0.1:{echo}" in done.stderr
    assert await sessions() == []


async def test_a_destination_that_is_not_there_says_so(client: MakeClient) -> None:
    ssh = await client("tunnels")
    done = await ssh.run(flags=[f"-W127.0.0.1:{free_port()}"], stdin=b"hello")
    assert done.status == 255
    assert "web-1: Connection refused" in done.stderr


@pytest.mark.finding("ssh-forwarding")
async def test_agents_displays_and_tunnels_are_never_forwarded(client: MakeClient, audited: Audited) -> None:
    ssh = await client("tunnels")
    done = await ssh.run("echo [$SSH_AUTH_SOCK][$DISPLAY]", flags=["-A", "-X"])
    assert done.stdout == b"[][]\n"
    async with connected(ssh) as connection:
        with pytest.raises(asyncssh.ChannelOpenError, match="tunnel forwarding is not allowed"):
            await connection.create_tun(asyncssh.SSHTunTapSession)
    assert {"tunnel"} <= {event["detail"]["forwarding"] for event in await audited("proxy:forwarding:refuse")}


@pytest.mark.finding("ssh-forwarding")
async def test_what_is_forwarded_is_cut_with_the_grant(
    client: MakeClient, echo: int, access: Access, gateway: Gateway, sessions: Sessions, recorded: Recorded
) -> None:
    local = free_port()
    ssh = await client("tunnels")
    process = await ssh.start(ssh.command("-N", f"-L{local}:127.0.0.1:{echo}", ssh.destination))

    async def reached() -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        try:
            return await asyncio.open_connection("127.0.0.1", local)
        except OSError:
            return None

    reader, writer = await until(reached)
    writer.write(b"still here")
    assert await reader.readexactly(10) == b"still here"
    (live,) = gateway.live
    await grants.revoke(access, live.grant.id, None, "The incident is over.")
    assert await asyncio.wait_for(reader.read(), 60) == b""
    await ended(process)
    writer.close()
    assert process.returncode == 255
    (session,) = await sessions()
    assert session.end_reason == "revoked"
    assert [event["event"] for event in _ways(await recorded())] == ["open", "close"]


class TestRules:
    @pytest.fixture(autouse=True)
    def _rules(self, policy: dict[str, Any], echo: int) -> None:
        policy["resources"]["web-1"]["roles"]["tunnels"]["statements"] = [
            {"name": "not-there", "match": [f"forward:127.0.0.1:{echo}"], "verdict": "deny", "message": "Not there."}
        ]

    async def test_a_rule_may_deny_what_the_list_names(self, client: MakeClient, echo: int, audited: Audited) -> None:
        ssh = await client("tunnels")
        done = await ssh.run(flags=[f"-W127.0.0.1:{echo}"], stdin=b"hello")
        assert (done.status, done.stdout) == (255, b"")
        assert "Not there. (rule not-there)" in done.stderr
        assert len(await audited("proxy:statement:deny")) == 1


@pytest.mark.finding("ssh-forwarding")
async def test_an_editor_over_ssh_has_its_script_and_its_forwarded_port(
    tunnel: Callable[..., Any], client: MakeClient, echo: int
) -> None:
    """As VS Code Remote-SSH connects: a shell without a terminal that is fed a script, and -D beside it."""
    local = free_port()
    ssh = await client("tunnels")
    process = await ssh.start(ssh.command("-T", f"-D{local}", ssh.destination, "sh"))
    assert process.stdin is not None
    process.stdin.write(b"echo ready: $((6 * 7))\n")
    assert await line(process.stdout) == b"ready: 42\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", local)
    writer.write(b"\5\1\0" + b"\5\1\0\1\x7f\0\0\1" + echo.to_bytes(2, "big"))
    assert (await reader.readexactly(12))[3:4] == b"\0"
    writer.write(b"GET /")
    assert await reader.readexactly(5) == b"GET /"
    writer.close()
    await process.communicate(b"exit 3\n")
    assert process.returncode == 3


@pytest.mark.finding("ssh-forwarding")
@pytest.mark.parametrize("size", [0, 2_000, 200_000])
async def test_standard_input_and_output_are_forwarded_to_their_end(client: MakeClient, echo: int, size: int) -> None:
    ssh = await client("tunnels")
    message = os.urandom(size)
    process = await ssh.start(ssh.command("-W", f"127.0.0.1:{echo}", ssh.destination))
    said, _ = await asyncio.wait_for(process.communicate(message), 30)
    assert said == message + b"bye"
    assert process.returncode == 0


@pytest.mark.finding("ssh-forwarding")
async def test_what_connects_as_soon_as_the_host_listens_is_heard_whole(client: MakeClient, echo: int) -> None:
    ssh = await client("tunnels")
    port, message = free_port(), os.urandom(200_000)
    process = await ssh.start(ssh.command("-N", f"-R{port}:127.0.0.1:{echo}", ssh.destination))

    async def connection() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while True:
            try:
                return await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0)

    assert await asyncio.wait_for(_say(connection(), message), 60) == message + b"bye"
    process.terminate()
    await ended(process)
