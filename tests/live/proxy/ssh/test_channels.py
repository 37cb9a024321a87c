"""Channels as the host grants them, and how soon a terminal answers."""

import asyncio
import re
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from asyncssh.constants import OPEN_CONNECT_FAILED

from support.children import PATIENCE_S, ended, line
from support.ssh import Client, MakeClient, Pair, Sessions, Upstream, connected


class TestSparingHost:
    @pytest.fixture(autouse=True)
    def _sparing(self, policy: dict[str, Any], sparing_sshd: Upstream) -> None:
        upstream = policy["resources"]["web-1"]["upstream"]
        upstream["port"], upstream["host_key"] = sparing_sshd.port, sparing_sshd.host_key
        for role in policy["resources"]["web-1"]["roles"].values():
            role["private_key"] = f"file:{sparing_sshd.private_key}"

    @pytest.mark.finding("ssh-F8")
    async def test_a_channel_that_the_host_refuses_is_refused_so_that_ssh_connects_anew(
        self, client: MakeClient, sessions: Sessions
    ) -> None:
        ssh = await client()
        control = ssh.folder / "control"
        master = await ssh.start(ssh.command("-M", "-N", "-S", str(control), ssh.destination))

        async def shared(number: int) -> tuple[int, bytes]:
            done = await ssh.run(f"sleep 1; echo {number}", flags=[f"-oControlPath={control}", "-oControlMaster=no"])
            return done.status, done.stdout

        async with asyncio.timeout(PATIENCE_S):
            while not control.exists():
                await asyncio.sleep(0.02)
        done = await asyncio.gather(*map(shared, range(8)))
        assert done == [(0, f"{number}\n".encode()) for number in range(8)]
        master.terminate()
        await master.communicate()
        assert len(await sessions()) > 1, "what did not fit went by connections of its own"

    @pytest.mark.finding("ssh-F8")
    async def test_the_refusal_is_the_host_s_own(self, client: MakeClient) -> None:
        async with connected(await client()) as connection:
            first = [await connection.create_process("cat") for _ in range(2)]
            with pytest.raises(asyncssh.ChannelOpenError, match="web-1: open failed") as refused:
                await connection.create_process("cat")
            assert refused.value.code == OPEN_CONNECT_FAILED
            first[0].stdin.write("still here\n")
            assert await first[0].stdout.readline() == "still here\n"


@pytest.mark.finding("ssh-F10")
async def test_a_nul_in_a_command_is_refused_and_the_others_live(client: MakeClient) -> None:
    """sshd hangs up on one, with all that is open."""
    async with connected(await client()) as connection:
        sibling = await connection.create_process("cat; echo end")
        refused = await connection.run("echo a\0b")
        assert refused.exit_status == 126
        assert "NUL" in str(refused.stderr)
        sibling.stdin.write_eof()
        assert (await sibling.wait()).stdout == "end\n"


async def test_a_terminal_is_asked_for_before_the_command_or_not_at_all(client: MakeClient) -> None:
    async with connected(await client()) as connection:
        channel, _ = await connection.create_session(asyncssh.SSHClientSession, "test -t 1; echo $?; cat")
        name = b"xterm"
        request = len(name).to_bytes(4, "big") + name + bytes(16) + bytes(4)
        assert await channel._make_request(b"pty-req", request) is False
        channel.close()


async def test_channels_that_ask_for_nothing_leave_nothing_behind(client: MakeClient, sessions: Sessions) -> None:
    async with connected(await client()) as connection:
        for _ in range(3):
            idle: list[Any] = []
            for _ in range(20):
                channel: Any = asyncssh.SSHClientChannel(
                    connection, asyncio.get_running_loop(), "strict", None, "strict", 65_536, 32_768
                )
                await channel._open(b"session")
                idle.append(channel)
            for channel in idle:
                channel.close()
        assert (await connection.run("echo alive")).stdout == "alive\n"
    (session,) = await sessions()
    assert (session.end_reason, session.statements) == ("closed", {"exec": 1})


class TestHostThatHangsUp:
    @pytest.fixture(autouse=True)
    async def _host(self, policy: dict[str, Any]) -> Any:
        class Host(asyncssh.SSHServer):
            def begin_auth(self, username: str) -> bool:
                return False

            def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
                self._conn = conn

            def session_requested(self) -> Any:
                conn = self._conn

                class Hanging(asyncssh.SSHServerSession[bytes]):
                    def exec_requested(self, command: str) -> bool:
                        conn.abort()
                        return True

                return Hanging()

        key = asyncssh.generate_private_key("ssh-ed25519")
        server = await asyncssh.listen("127.0.0.1", 0, server_factory=Host, server_host_keys=[key], config=None)
        upstream = policy["resources"]["web-1"]["upstream"]
        upstream["port"], upstream["host_key"] = server.get_port(), key.export_public_key().decode()
        yield
        server.close()
        await server.wait_closed()

    @pytest.mark.finding("ssh-F10")
    async def test_a_host_that_breaks_off_while_a_channel_is_opened_is_named(
        self, client: MakeClient, sessions: Sessions
    ) -> None:
        ssh = await client()
        done = await ssh.run("echo never")
        assert done.status == 69
        assert "gatepass: web-1 broke off the connection." in done.stderr
        assert "Gatepass failed" not in done.stderr
        (session,) = await sessions()
        assert session.end_reason == "upstream_error"


#: Writes to its terminal without end, counting into a file, until Ctrl-C; then says how much it was.
_FLOOD = """
import os, signal, sys
signal.signal(signal.SIGINT, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
block, count = b"x" * 4095 + b"\\n", 0
progress = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
print("begins", flush=True)
try:
    while count < 64 * 1024 * 1024:
        os.write(1, block)
        count += len(block)
        os.pwrite(progress, b"%d" % count, 0)
except KeyboardInterrupt:
    os.write(1, b"\\nanswered\\n")
"""


@pytest.mark.finding("ssh-F7")
@pytest.mark.timeout(240)
async def test_what_is_under_way_when_ctrl_c_is_typed_is_about_what_it_is_directly(pair: Pair, tmp_path: Path) -> None:
    """In bytes, and at the worst: the client has read nothing, so that everything between is full."""
    (tmp_path / "flood.py").write_text(_FLOOD)
    direct, through = [await _after_ctrl_c(client, tmp_path, number) for number, client in enumerate(await pair())]
    assert through <= direct + 512 * 1024, (direct, through)


async def _after_ctrl_c(client: Client, folder: Path, number: int) -> int:
    progress = folder / f"progress-{number}"
    process = await client.start(
        client.command("-tt", client.destination, f"python3 {folder}/flood.py {progress}"),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert (await line(process.stdout)).strip() == b"begins"
    transport: Any = process._transport.get_pipe_transport(1)  # pyright: ignore[reportAttributeAccessIssue]
    transport.pause_reading()
    # Full, when nothing has moved for a while: too early makes the test easier to pass, and never fails it.
    seen, still = -1, 0
    while still < 10:
        await asyncio.sleep(0.05)
        written = int(progress.read_bytes() or b"0") if progress.exists() else 0
        seen, still = written, still + 1 if written == seen else 0
    process.stdin.write(b"\x03")
    transport.resume_reading()
    stdout, _ = await ended(process)
    assert re.search(rb"answered\r?\n", stdout)
    return len(stdout)
