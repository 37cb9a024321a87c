"""A key of each session's own, certified for minutes: sshd lets it in, and its log names person and session."""

from pathlib import Path
from typing import Any

import asyncssh
import pytest

from proxy.ssh import user_authority
from proxy.ssh.listener import SshListener
from support.ssh import MakeClient, Sessions, Upstream


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """The folder of the gateway's keys."""
    return tmp_path / "ssh-keys"


@pytest.fixture
def certificate() -> dict[str, Any]:
    """As it stands in the policy; tests change it."""
    return {"ca": "users"}


@pytest.fixture
def policy(policy: dict[str, Any], sshd: Upstream, certificate: dict[str, Any]) -> dict[str, Any]:
    roles = policy["resources"]["web-1"]["roles"]
    roles["certified"] = {"username": sshd.user, "certificate": certificate}
    roles["files-only"] = {"username": sshd.user, "certificate": certificate, "allow": ["sftp"]}
    return policy


@pytest.fixture
def trusted(sshd: Upstream, authority: Path) -> None:
    """sshd trusts the gateway's authority from now on; it reads the file at each login."""
    sshd.user_authorities.write_text("\n".join(user_authority.public_lines(authority, "users")) + "\n")


@pytest.mark.usefixtures("trusted")
async def test_sshds_log_names_person_and_session(client: MakeClient, sshd: Upstream, sessions: Sessions) -> None:
    done = await (await client("certified")).run("echo in")
    assert (done.status, done.stdout) == (0, b"in\n")
    [session] = await sessions()
    [line] = [line for line in sshd.logged() if str(session.id) in line and "Accepted publickey" in line]
    assert f"ID gatepass:alice:{session.id} (serial {session.id.int & (2**64 - 1)}) CA ED25519 SHA256:" in line


@pytest.mark.usefixtures("trusted")
async def test_a_terminal_is_given(client: MakeClient) -> None:
    ssh = await client("certified")
    done = await ssh.run("tty", flags=["-tt"])
    assert done.stdout.startswith(b"/dev/")


@pytest.mark.usefixtures("trusted")
async def test_each_session_has_a_key_of_its_own(client: MakeClient, sshd: Upstream, sessions: Sessions) -> None:
    ssh = await client("certified")
    await ssh.run("true")
    await ssh.run("true")
    ids = [str(session.id) for session in await sessions()]
    keys = {
        line.split(" ssh2: ")[1].split(" ")[1]
        for line in sshd.logged()
        if "Accepted publickey" in line and any(each in line for each in ids)
    }
    assert len(keys) == 2


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("certificate", [{"ca": "users", "principal": "somebody-else"}])
async def test_another_principal_is_not_let_in(client: MakeClient) -> None:
    done = await (await client("certified")).run("echo in")
    assert done.status == 69
    assert "refused the certificate of this session" in done.stderr
    assert "TrustedUserCAKeys" in done.stderr


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("certificate", [{"ca": "users", "source_addresses": ["192.0.2.0/24"]}])
async def test_not_from_another_address(client: MakeClient) -> None:
    assert (await (await client("certified")).run("echo in")).status == 69


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("certificate", [{"ca": "users", "source_addresses": ["127.0.0.0/8", "::1"]}])
async def test_from_the_address_that_is_named(client: MakeClient) -> None:
    assert (await (await client("certified")).run("echo in")).status == 0


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("certificate", [{"ca": "strangers"}])
async def test_another_authority_is_not_trusted(client: MakeClient) -> None:
    done = await (await client("certified")).run("echo in")
    assert done.status == 69
    assert "authority strangers" in done.stderr


@pytest.mark.usefixtures("trusted")
async def test_the_key_that_signs_is_changed_in_two_steps(client: MakeClient, sshd: Upstream, authority: Path) -> None:
    ssh = await client("certified")
    user_authority.prepare_next(authority, "users")
    lines = user_authority.public_lines(authority, "users")
    sshd.user_authorities.write_text("\n".join(lines) + "\n")
    assert (await ssh.run("true")).status == 0
    user_authority.change_over(authority, "users")
    assert (await ssh.run("true")).status == 0
    sshd.user_authorities.write_text(lines[1] + "\n")
    assert (await ssh.run("true")).status == 0
    sshd.user_authorities.write_text(lines[0] + "\n")
    assert (await ssh.run("true")).status == 69


async def test_a_key_that_others_may_read_signs_nothing(client: MakeClient, authority: Path) -> None:
    user_authority.signing_key(authority, "users")
    (authority / "ssh_user_ca_users").chmod(0o644)
    done = await (await client("certified")).run("true")
    assert done.status == 69
    assert "The authority users cannot certify a key for this session" in done.stderr
    assert "chmod 600" in done.stderr


@pytest.mark.usefixtures("trusted")
async def test_the_certificate_alone_forwards_nothing(
    listener: SshListener, sshd: Upstream, authority: Path, client: MakeClient
) -> None:
    """Even a gateway that asked for it would be refused by sshd."""
    from time import time
    from uuid import uuid4

    from access.policy.shapes.accounts import Certificate
    from access.policy.shapes.roles import Role
    from proxy.ssh.certificate import Subject, certified

    role = Role(username=sshd.user, certificate=Certificate(ca="users"))
    pair = certified(authority, role, Certificate(ca="users"), Subject("alice", uuid4(), time() + 60))
    async with asyncssh.connect(
        "127.0.0.1", sshd.port, username=sshd.user, client_keys=[pair], known_hosts=None, config=None, agent_path=None
    ) as connection:
        assert (await connection.run("echo in")).stdout == "in\n"
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.open_connection("127.0.0.1", sshd.port)
