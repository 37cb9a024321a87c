"""Who gets in with a token, and what those are told who do not."""

import pytest

from support.ssh import Audited, MakeClient, Upstream


@pytest.mark.parametrize("method", ["password", "keyboard-interactive"])
async def test_a_token_is_taken_by_either_prompt(client: MakeClient, method: str) -> None:
    ssh = await client()
    ssh.options.append(f"PreferredAuthentications={method}")
    assert (await ssh.run("echo in")).stdout == b"in\n"


@pytest.mark.parametrize("method", ["password", "keyboard-interactive"])
async def test_a_refused_token_is_explained(client: MakeClient, audited: Audited, method: str) -> None:
    ssh = await client()
    ssh.options.append(f"PreferredAuthentications={method}")
    ssh.door = "guarded@web-1"
    done = await ssh.run("echo in")
    assert (done.status, done.stdout) == (255, b"")
    assert "gatepass: This token opens deploy@web-1, not guarded@web-1." in done.stderr
    assert "Permission denied" in done.stderr
    assert len(await audited("proxy:session:refuse")) == 1


async def test_guessing_ends_after_three_tries(client: MakeClient) -> None:
    ssh = await client()
    ssh.token, ssh.prompts = "guess", 9
    done = await ssh.run("echo in")
    assert done.status == 255
    assert done.stderr.count("gatepass: ") == 3


async def test_a_public_key_is_not_asked_for(client: MakeClient, sshd: Upstream) -> None:
    ssh = await client()
    done = await ssh.run("true", flags=["-oPreferredAuthentications=publickey", f"-oIdentityFile={sshd.private_key}"])
    assert done.status == 255
    assert "Permission denied (keyboard-interactive,password)" in done.stderr or "Permission denied" in done.stderr


async def test_the_token_is_in_no_log(client: MakeClient, capfd: pytest.CaptureFixture[str]) -> None:
    ssh = await client()
    await ssh.run("echo $SECRET")
    printed = capfd.readouterr()
    assert ssh.token not in printed.out + printed.err
    assert "$SECRET" not in printed.out + printed.err


async def test_openssh_gets_the_fastest_cipher(client: MakeClient) -> None:
    ssh = await client()
    done = await ssh.run("true", flags=["-v"])
    assert "server->client cipher: aes128-gcm@openssh.com" in done.stderr
