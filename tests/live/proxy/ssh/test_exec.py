"""Commands through the gateway, by a real ssh to a real sshd."""

import asyncio
import hashlib
import os
import random
import shutil
import subprocess
from pathlib import Path

import asyncssh
import pytest

from proxy.ssh.listener import SshListener
from support.children import ended, line
from support.ssh import MakeClient, Sessions, connected

MEBIBYTE = 1024 * 1024


async def test_a_command_runs_with_its_output_apart_and_its_status(client: MakeClient) -> None:
    ssh = await client()
    done = await ssh.run("echo out; echo err >&2; exit 7")
    assert (done.status, done.stdout) == (7, b"out\n")
    assert "err\n" in done.stderr


async def test_a_command_that_reads_nothing_ends(client: MakeClient) -> None:
    ssh = await client()
    assert (await ssh.run("exit 0", stdin=None)).status == 0
    assert (await ssh.run("true", stdin=None, flags=["-n"])).status == 0


async def test_end_of_input_reaches_the_command_and_its_output_comes_back(client: MakeClient) -> None:
    ssh = await client()
    done = await ssh.run("sort; echo done", stdin=b"b\na\n")
    assert (done.status, done.stdout) == (0, b"a\nb\ndone\n")


async def test_a_signal_that_ends_the_command_is_told(client: MakeClient) -> None:
    ssh = await client()
    done = await ssh.run("kill -TERM $$")
    # ssh has no status for it; asyncssh shows that the signal itself comes through.
    assert done.status == 255
    async with connected(ssh) as connection:
        ended = await connection.run("kill -TERM $$")
    assert ended.exit_signal is not None
    assert ended.exit_signal[0] == "TERM"


async def test_an_empty_command_and_spaces_do_nothing(client: MakeClient) -> None:
    ssh = await client()
    assert (await ssh.run(" ")).status == 0


async def test_only_harmless_environment_goes_along(client: MakeClient) -> None:
    ssh = await client()
    done = await ssh.run("echo $LC_ALL; echo $GATEPASS_TOKEN", flags=["-oSendEnv=LC_* GATEPASS_*"])
    assert done.stdout == b"C.UTF-8\n\n"


async def test_no_word_of_a_command_is_chosen_by_its_client(client: MakeClient) -> None:
    """What a reviewer reads as `$TERM` is not what its client made it, on a terminal and without one."""
    ssh = await client("guarded")
    ssh.options += ["SetEnv=LC_TERMINAL_VERSION=17 TERM=backups"]
    done = await ssh.run("echo [$LC_TERMINAL_VERSION]")
    assert done.stdout == b"[]\n"
    done = await ssh.run("echo [$TERM]", flags=["-tt"])
    assert b"backups" not in done.stdout
    assert b"[" in done.stdout


async def test_a_role_without_rules_has_its_clients_terminal(client: MakeClient) -> None:
    ssh = await client()
    ssh.options += ["SetEnv=TERM=xterm-direct"]
    assert b"[xterm-direct]" in (await ssh.run("echo [$TERM]", flags=["-tt"])).stdout


async def test_large_output_arrives_byte_for_byte(client: MakeClient, tmp_path: Path) -> None:
    ssh = await client()
    large = tmp_path / "large"
    large.write_bytes(random.Random(7).randbytes(50 * MEBIBYTE))
    done = await ssh.run(f"cat {large}")
    assert done.status == 0
    assert hashlib.sha256(done.stdout).digest() == hashlib.sha256(large.read_bytes()).digest()


async def test_keys_are_exchanged_anew_in_the_middle(client: MakeClient, tmp_path: Path) -> None:
    ssh = await client()
    large = tmp_path / "large"
    large.write_bytes(random.Random(6).randbytes(8 * MEBIBYTE))
    done = await ssh.run(f"cat {large}", flags=["-oRekeyLimit=1M"])
    assert (done.status, done.stdout == large.read_bytes()) == (0, True)


async def test_large_input_arrives_byte_for_byte(client: MakeClient, tmp_path: Path) -> None:
    ssh = await client()
    large = random.Random(8).randbytes(50 * MEBIBYTE)
    done = await ssh.run("sha256sum", stdin=large)
    assert done.stdout.split()[0].decode() == hashlib.sha256(large).hexdigest()


async def test_a_client_that_reads_nothing_stops_the_command_not_the_gateway(
    client: MakeClient, tmp_path: Path
) -> None:
    ssh = await client()
    mark = tmp_path / "done"
    slow = await ssh.start(ssh.command(ssh.destination, f"head -c {64 * MEBIBYTE} /dev/zero; touch {mark}"))
    # Another command of another connection is not disturbed by the one that is stuck.
    assert (await ssh.run("echo fine")).stdout == b"fine\n"
    assert not mark.exists()
    stdout, _ = await slow.communicate()
    assert len(stdout) == 64 * MEBIBYTE
    assert mark.exists()


async def test_a_client_that_closes_its_pipe_stops_an_endless_command(client: MakeClient) -> None:
    """`ssh host yes | head`: OpenSSH says so with eow@openssh.com, and the upstream's program gets SIGPIPE."""
    ssh = await client()
    pipeline = " ".join(f"'{word}'" for word in ssh.command(ssh.destination, "yes; echo $? >&2")) + " | head -1"
    done = await ssh.finish(["sh", "-c", pipeline])
    assert done.stdout == b"y\n"


async def test_several_channels_share_one_connection_and_one_session(client: MakeClient, sessions: Sessions) -> None:
    ssh = await client()
    control = ssh.folder / "control"
    master = await ssh.start(ssh.command("-M", "-S", str(control), ssh.destination, "echo up; cat"))
    assert await line(master.stdout) == b"up\n"
    shared = [f"-oControlPath={control}", "-oControlMaster=no", "-oProxyCommand=false"]
    done = await asyncio.gather(*(ssh.run(f"echo {n}; exit {n}", flags=shared) for n in range(8)))
    assert [each.status for each in done] == list(range(8))
    assert [each.stdout for each in done] == [f"{n}\n".encode() for n in range(8)]
    await ended(master)
    (session,) = await sessions()
    assert session.statements == {"exec": 9}
    assert session.end_reason == "closed"


async def test_too_many_channels_are_refused_and_the_others_stay(client: MakeClient, listener: SshListener) -> None:
    ssh = await client()
    async with connected(ssh) as connection:
        opened = [await connection.create_process("cat") for _ in range(32)]
        with pytest.raises(asyncssh.ChannelOpenError, match="32 channels"):
            await connection.create_process("cat")
        opened[0].stdin.write("still here\n")
        assert await opened[0].stdout.readline() == "still here\n"


@pytest.mark.parametrize("direction", ["up", "down"])
async def test_old_scp_copies_both_ways(client: MakeClient, tmp_path: Path, direction: str) -> None:
    ssh = await client()
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(random.Random(9).randbytes(3 * MEBIBYTE))
    remote = f"{ssh.destination}:{target if direction == 'up' else source}"
    ends = [str(source), remote] if direction == "up" else [remote, str(target)]
    done = await ssh.finish(["scp", "-O", *ssh.flags, "-P", str(ssh.port), *ends])
    assert (done.status, target.read_bytes() == source.read_bytes()) == (0, True), done.stderr


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
async def test_git_clones_through_exec(client: MakeClient, tmp_path: Path) -> None:
    ssh = await client()
    origin = tmp_path / "origin"
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *identity, "init", "-q", origin], check=True)
    (origin / "file").write_text("content\n")
    subprocess.run(["git", "-C", origin, "add", "file"], check=True)
    subprocess.run(["git", "-C", origin, *identity, "commit", "-q", "-m", "x"], check=True)
    through = " ".join(["ssh", *ssh.flags, "-p", str(ssh.port)])
    clone = ["git", "-c", "safe.directory=*", "clone", "-q", f"{ssh.destination}:{origin}", str(tmp_path / "clone")]
    done = await ssh.finish(["env", f"GIT_SSH_COMMAND={through}", *clone])
    assert done.status == 0, done.stderr
    assert (tmp_path / "clone" / "file").read_text() == "content\n"


async def test_rsync_copies_through_exec(client: MakeClient, tmp_path: Path) -> None:
    ssh = await client()
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    (source / "file").write_bytes(os.urandom(MEBIBYTE))
    through = " ".join(["ssh", *ssh.flags, "-p", str(ssh.port)])
    done = await ssh.finish(["rsync", "-a", "-e", through, f"{source}/", f"{ssh.destination}:{target}/"])
    assert done.status == 0, done.stderr
    assert (target / "file").read_bytes() == (source / "file").read_bytes()
