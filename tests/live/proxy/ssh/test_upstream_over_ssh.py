"""The upstream connection: to whom, as whom, what people are told when it cannot be had; and no forwarding."""

import asyncio
import socket
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from support.children import ended, line
from support.ssh import Audited, MakeClient, Sessions, Upstream, connected


def _upstream(policy: dict[str, Any]) -> dict[str, Any]:
    upstream: dict[str, Any] = policy["resources"]["web-1"]["upstream"]
    return upstream


def _role(policy: dict[str, Any]) -> dict[str, Any]:
    role: dict[str, Any] = policy["resources"]["web-1"]["roles"]["deploy"]
    return role


async def _refused(client: MakeClient, sessions: Sessions) -> tuple[str, str]:
    """What the client was told, and how the session ended."""
    ssh = await client()
    done = await ssh.run("echo never")
    assert (done.status, done.stdout) == (69, b"")
    (session,) = await sessions()
    return done.stderr, str(session.end_reason)


class TestAnotherKey:
    @pytest.fixture(autouse=True)
    def _another(self, policy: dict[str, Any]) -> None:
        _upstream(policy)["host_key"] = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()

    async def test_a_changed_host_key_ends_the_session(
        self, client: MakeClient, sessions: Sessions, audited: Audited
    ) -> None:
        told, reason = await _refused(client, sessions)
        assert "gatepass: The host key of web-1 is not the one in the policy, so nothing was sent to it." in told
        assert "It showed SHA256:" in told
        assert reason == "upstream_error"
        assert len(await audited("proxy:session:close")) + len(await audited("proxy:session:end")) == 1


class TestAnotherKindOfKey:
    @pytest.fixture(autouse=True)
    def _another(self, policy: dict[str, Any]) -> None:
        _upstream(policy)["host_key"] = (
            asyncssh.generate_private_key("ecdsa-sha2-nistp256").export_public_key().decode()
        )

    async def test_a_host_key_of_another_kind_ends_the_session(self, client: MakeClient, sessions: Sessions) -> None:
        told, reason = await _refused(client, sessions)
        assert "The host key of web-1 is not the one in the policy" in told
        assert reason == "upstream_error"


class TestNobodyThere:
    @pytest.fixture(autouse=True)
    def _nobody(self, policy: dict[str, Any]) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            _upstream(policy)["port"] = probe.getsockname()[1]

    async def test_an_upstream_that_is_down_is_said_to_be(self, client: MakeClient, sessions: Sessions) -> None:
        told, reason = await _refused(client, sessions)
        assert "gatepass: web-1 cannot be reached" in told
        assert reason == "upstream_error"


class TestWrongKey:
    @pytest.fixture(autouse=True)
    def _wrong(self, policy: dict[str, Any], tmp_path: Path) -> None:
        asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(tmp_path / "wrong"))
        (tmp_path / "wrong").chmod(0o600)
        _role(policy)["private_key"] = f"file:{tmp_path}/wrong"

    async def test_a_credential_that_is_refused_is_not_the_persons_fault(
        self, client: MakeClient, sessions: Sessions
    ) -> None:
        told, reason = await _refused(client, sessions)
        assert "gatepass: web-1 refused Gatepass's own credential" in told
        assert "Your access is fine" in told
        assert reason == "upstream_error"


class TestNoKey:
    @pytest.fixture(autouse=True)
    def _none(self, policy: dict[str, Any], tmp_path: Path) -> None:
        (tmp_path / "no-key").write_text("hunter2")
        (tmp_path / "no-key").chmod(0o600)
        _role(policy)["private_key"] = f"file:{tmp_path}/no-key"

    async def test_a_key_that_is_none_is_not_shown(self, client: MakeClient, sessions: Sessions) -> None:
        told, _ = await _refused(client, sessions)
        assert "cannot be read" in told
        assert "hunter2" not in told


class TestMissingSecret:
    @pytest.fixture(autouse=True)
    def _missing(self, policy: dict[str, Any]) -> None:
        del _role(policy)["private_key"]
        _role(policy)["password"] = "env:GATEPASS_TEST_UNSET"

    async def test_a_secret_that_is_not_set_is_named(self, client: MakeClient, sessions: Sessions) -> None:
        told, _ = await _refused(client, sessions)
        assert "env:GATEPASS_TEST_UNSET is not set" in told


class _PasswordHost(asyncssh.SSHServer):
    """A host that takes one password, and says goodbye without closing what is open."""

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("deployer", "upstream-secret")


class TestPasswordHost:
    """An upstream of asyncssh's, which can misbehave."""

    @pytest.fixture(autouse=True)
    async def host(self, policy: dict[str, Any], monkeypatch: pytest.MonkeyPatch, certified: bool) -> Any:
        async def handle(process: asyncssh.SSHServerProcess[bytes]) -> None:
            if process.command == "die":
                process.channel.get_connection().abort()
                return
            process.stdout.write(b"as asked\n")
            if process.command != "listen":
                process.exit(3)
                return
            for _ in range(2):
                try:
                    await process.stdin.read()
                except asyncssh.SignalReceived as signal:
                    process.stdout.write(f"{signal.signal}\n".encode())
                except asyncssh.BreakReceived as sent:
                    process.stdout.write(f"break {sent.msec}\n".encode())
            process.exit_with_signal("USR2", core_dumped=True)

        key = asyncssh.generate_private_key("ssh-ed25519")
        authority = asyncssh.generate_private_key("ssh-ed25519")
        certificate = authority.generate_host_certificate(key, "web-1", principals=["127.0.0.1"])
        server = await asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=_PasswordHost,
            server_host_keys=[(key, certificate)],
            process_factory=handle,
            encoding=None,
            config=None,
        )
        upstream = _upstream(policy)
        upstream["port"] = server.get_port()
        del upstream["host_key"]
        if certified:
            upstream["host_ca"] = authority.export_public_key().decode()
        else:
            upstream["host_key"] = key.export_public_key().decode()
        monkeypatch.setenv("GATEPASS_TEST_PASSWORD", "upstream-secret")
        policy["resources"]["web-1"]["roles"] = {
            "deploy": {"username": "deployer", "password": "env:GATEPASS_TEST_PASSWORD"}
        }
        yield server
        server.close()
        await server.wait_closed()

    @pytest.fixture(params=[True, False], ids=["host_ca", "host_key"])
    def certified(self, request: pytest.FixtureRequest) -> bool:
        return bool(request.param)

    async def test_a_password_and_either_kind_of_trust(self, client: MakeClient) -> None:
        ssh = await client()
        done = await ssh.run("anything")
        assert (done.status, done.stdout) == (3, b"as asked\n")
        assert "upstream-secret" not in done.stderr

    async def test_signals_and_breaks_reach_the_command_and_its_own_comes_back(self, client: MakeClient) -> None:
        async with connected(await client()) as connection:
            process = await connection.create_process("listen")
            assert await process.stdout.readline() == "as asked\n"
            process.send_signal("USR1")
            assert await process.stdout.readline() == "USR1\n"
            process.send_break(250)
            assert await process.stdout.readline() == "break 250\n"
            ended = await process.wait()
            assert ended.exit_signal is not None
            assert ended.exit_signal[:2] == ("USR2", True)

    async def test_an_upstream_that_dies_ends_the_session(self, client: MakeClient, sessions: Sessions) -> None:
        ssh = await client()
        done = await ssh.run("die")
        assert done.status == 69
        assert "gatepass: " in done.stderr
        (session,) = await sessions()
        assert session.end_reason == "upstream_error"


async def test_no_port_is_forwarded_and_that_is_on_record(client: MakeClient, audited: Audited, sshd: Upstream) -> None:
    ssh = await client()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        local = probe.getsockname()[1]
    tunnel = f"-L{local}:127.0.0.1:{sshd.port}"
    process = await ssh.start(ssh.command(tunnel, ssh.destination, "echo up; cat"))
    assert await line(process.stdout) == b"up\n"
    for _ in range(2):
        reader, writer = await asyncio.open_connection("127.0.0.1", local)
        assert await asyncio.wait_for(reader.read(), 60) == b""
        writer.close()
        await writer.wait_closed()
    _, stderr = await ended(process)
    assert b"port forwarding is not allowed" in stderr
    (event,) = await audited("proxy:forwarding:refuse")
    assert (event["actor"], event["resource"], event["detail"]["forwarding"]) == ("human:alice", "web-1", "port")


async def test_no_remote_port_agent_or_display_is_forwarded(client: MakeClient, audited: Audited) -> None:
    ssh = await client()
    done = await ssh.run("echo [$SSH_AUTH_SOCK]", flags=["-R0:127.0.0.1:22", "-A", "-X", "-oExitOnForwardFailure=no"])
    assert done.stdout == b"[]\n"
    kinds = {event["detail"]["forwarding"] for event in await audited("proxy:forwarding:refuse")}
    assert "remote port" in kinds
