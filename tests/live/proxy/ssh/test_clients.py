"""Clients that are not OpenSSH's ssh, and what works beside it: they are answered as a host answers them."""

import asyncio
import json
import shutil
import sys
from pathlib import Path

import asyncssh
import pytest

from proxy.ssh.listener import SshListener
from proxy.ssh.login.browser import PROMPT, PROMPT_OR_BROWSER
from proxy.ssh.transport import EOW, on_request
from support.ssh import MakeClient, connected


def _needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


@pytest.mark.finding("ssh-F9")
@_needs("dbclient")
async def test_dropbear_connects_and_gets_its_status(client: MakeClient) -> None:
    """It sends its first key exchange packet on a guess."""
    ssh = await client()
    command = ["dbclient", "-y", "-y", "-p", str(ssh.port), "-l", ssh.door, "127.0.0.1", "echo in; exit 6"]
    done = await ssh.finish(["env", f"DROPBEAR_PASSWORD={ssh.token}", *command])
    assert (done.status, done.stdout) == (6, b"in\n"), done.stderr


@pytest.mark.finding("ssh-F5")
@_needs("sshpass")
async def test_sshpass_sees_that_it_is_asked(client: MakeClient) -> None:
    ssh = await client()
    (ssh.folder / "token").write_text(ssh.token)
    command = ["sshpass", "-f", str(ssh.folder / "token"), *ssh.command(ssh.destination, "echo in; exit 5")]
    done = await ssh.finish(["env", "-u", "SSH_ASKPASS", "-u", "SSH_ASKPASS_REQUIRE", *command])
    assert (done.status, done.stdout) == (5, b"in\n"), done.stderr


@pytest.mark.finding("ssh-F5")
@pytest.mark.parametrize("prompt", [PROMPT, PROMPT_OR_BROWSER])
async def test_the_prompt_says_what_is_asked_for_and_how(prompt: str) -> None:
    assert "assword" in prompt
    assert "Gatepass token" in prompt


@pytest.mark.finding("ssh-F4")
async def test_a_client_that_is_not_openssh_gets_no_request_of_openssh_s_own(client: MakeClient) -> None:
    """The host's shell closes its input, on which sshd says eow@openssh.com; some libraries break off at that."""
    ssh = await client()
    seen: list[bytes] = []

    class Watching(asyncssh.SSHClientSession[bytes]):
        def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
            def heard(_packet: object) -> bool:
                seen.append(b"eow")
                return True

            on_request(chan, EOW, lambda: heard(None))

    async with connected(ssh) as connection:
        for _ in range(2):
            channel, _session = await connection.create_session(Watching, "exec <&-; sleep 0.2; exit 3", encoding=None)
            channel.write(b"x" * 10)
            await channel.wait_closed()
            assert channel.get_exit_status() == 3
    assert seen == []


@pytest.mark.finding("ssh-F14")
@pytest.mark.finding("L7")
async def test_an_audit_of_the_port_finds_nothing_that_fails(listener: SshListener) -> None:
    host, port = listener.address
    audit = Path(sys.executable).with_name("ssh-audit")
    process = await asyncio.create_subprocess_exec(
        str(audit), "--skip-rate-test", "-j", "-p", str(port), host, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    found = json.loads(said)
    failed = [
        (kind, each["algorithm"], each["notes"]["fail"])
        for kind in ("kex", "key", "enc", "mac")
        for each in found[kind]
        if "fail" in each.get("notes", {})
    ]
    assert failed == []
    assert found["cves"] == []
    assert {each["algorithm"] for each in found["kex"]} >= {"curve25519-sha256", "mlkem768x25519-sha256"}
    assert process.returncode in {0, 2}, "2: warnings, such as of groups without elliptic curves"


@pytest.mark.finding("ssh-F20")
async def test_a_terminal_that_cannot_be_read_is_refused_and_the_connection_lives(client: MakeClient) -> None:
    async with connected(await client()) as connection:
        channel, _ = await connection.create_session(asyncssh.SSHClientSession, "sleep 60")
        name = b"caf\xe9"
        asked = len(name).to_bytes(4, "big") + name + bytes(16) + bytes(4)
        for request in (asked, b"\0\0\0\1"):
            assert await channel._make_request(b"pty-req", request) is False
        assert (await connection.run("echo alive")).stdout == "alive\n"
        channel.close()
