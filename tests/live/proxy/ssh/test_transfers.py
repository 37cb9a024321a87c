"""Transfers: their bytes are those of the host, or they end with a sentence, by what the role says of files."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from support.ssh import Audited, Client, MakeClient, Pair, Recorded, Sessions, connected

PAN = "4111111111111111"
ADDRESS = "Maintainer: ada@example.com\n"

Copy = Callable[[Client, Path, Path], list[str]]


def _rsync(client: Client, source: Path, target: Path) -> list[str]:
    return ["rsync", "-a", "-e", client.through, f"{client.destination}:{source}/", f"{target}/"]


def _scp(client: Client, source: Path, target: Path) -> list[str]:
    return [
        "scp",
        "-q",
        "-O",
        "-r",
        *client.flags,
        "-P",
        str(client.port),
        f"{client.destination}:{source}",
        str(target),
    ]


def _new_scp(client: Client, source: Path, target: Path) -> list[str]:
    return ["scp", "-q", "-r", *client.flags, "-P", str(client.port), f"{client.destination}:{source}", str(target)]


def _tar(client: Client, source: Path, target: Path) -> list[str]:
    target.mkdir()
    return ["sh", "-c", f"{client.through} {client.destination} 'tar c -C {source} .' | tar x -C {target}"]


COPIES: list[Copy] = [_rsync, _scp, _new_scp, _tar]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder that holds what looks like much, and nothing that must not leave."""
    folder = tmp_path / "source"
    (folder / "deep").mkdir(parents=True)
    (folder / "README").write_text(ADDRESS * 50)
    (folder / "two").write_text("second\n")
    (folder / "empty").touch()
    (folder / "deep" / "random").write_bytes(os.urandom(700_000))
    (folder / "deep" / "lead").write_bytes(b"\x04\xff" * 33_333)
    return folder


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.finding("ssh-F3")
@pytest.mark.parametrize("copy", COPIES, ids=lambda copy: copy.__name__.strip("_"))
async def test_a_copy_is_what_the_host_has(pair: Pair, source: Path, tmp_path: Path, copy: Copy) -> None:
    for number, client in enumerate(await pair("copies")):
        target = tmp_path / f"target-{number}"
        done = await client.finish(copy(client, source, target))
        assert (done.status, done.stderr) == (0, "")
        assert _files(target) == _files(source)


@pytest.mark.finding("ssh-F3")
@pytest.mark.parametrize("copy", COPIES, ids=lambda copy: copy.__name__.strip("_"))
async def test_a_copy_ends_where_something_must_not_leave(
    client: MakeClient, source: Path, tmp_path: Path, copy: Copy, audited: Audited
) -> None:
    (source / "deep" / "cards").write_text(f"x\n{PAN}\n")
    ssh, target = await client("copies"), tmp_path / "target"
    done = await ssh.finish(copy(ssh, source, target))
    assert done.status != 0 or copy is _tar
    assert "web-1 sent something that must not leave (pan)" in done.stderr
    assert not any(PAN.encode() in content for content in _files(target).values())
    for name, content in _files(target).items():
        if name != "deep/cards":
            assert _files(source)[name].startswith(content), "what came is unaltered"
    (event,) = await audited("proxy:transfer:refuse")
    assert (event["actor"], event["detail"]["why"]) == ("human:alice", "pan")


@pytest.mark.finding("ssh-F3")
@pytest.mark.parametrize("copy", COPIES, ids=lambda copy: copy.__name__.strip("_"))
async def test_a_role_may_let_all_files_go(client: MakeClient, source: Path, tmp_path: Path, copy: Copy) -> None:
    (source / "deep" / "cards").write_text(f"x\n{PAN}\n")
    ssh, target = await client("all-files"), tmp_path / "target"
    done = await ssh.finish(copy(ssh, source, target))
    assert done.status == 0, done.stderr
    assert _files(target) == _files(source)


@pytest.mark.finding("ssh-F3")
@pytest.mark.parametrize("copy", [_rsync, _scp, _tar], ids=lambda copy: copy.__name__.strip("_"))
async def test_a_role_may_move_no_files(
    client: MakeClient, source: Path, tmp_path: Path, copy: Copy, audited: Audited
) -> None:
    ssh, target = await client("no-files"), tmp_path / "target"
    done = await ssh.finish(copy(ssh, source, target))
    assert "This role moves no files" in done.stderr
    assert not target.exists() or not _files(target)
    assert len(await audited("proxy:statement:deny")) == 1


@pytest.mark.finding("ssh-F3")
@pytest.mark.parametrize("flags", [[], ["-O"]], ids=["sftp", "scp"])
async def test_what_is_uploaded_arrives_as_it_is(
    client: MakeClient, source: Path, tmp_path: Path, recorded: Recorded, flags: list[str]
) -> None:
    (source / "cards").write_text(f"x\n{PAN}\n")
    ssh, target = await client("copies"), tmp_path / "target"
    done = await ssh.finish(
        ["scp", *flags, "-rp", *ssh.flags, "-P", str(ssh.port), str(source), f"{ssh.destination}:{target}"]
    )
    assert done.status == 0, done.stderr
    assert _files(target) == _files(source)
    events = [json.loads(event[2]) for event in await recorded() if event[1] == "f"]
    uploads = {Path(event["path"]).name: event for event in events if event["operation"] == "upload"}
    assert set(uploads) == {"README", "two", "empty", "random", "lead", "cards"}
    for path in (path for path in source.rglob("*") if path.is_file()):
        event = uploads[path.name]
        digest = subprocess.run(["sha256sum", path], check=True, capture_output=True, text=True).stdout.split()[0]
        assert (event.get("bytes", 0), event["sha256"]) == (path.stat().st_size, digest)


@pytest.mark.finding("ssh-F3")
@pytest.mark.parametrize("flags", [[], ["-O"]], ids=["sftp", "scp"])
async def test_each_file_that_leaves_is_on_record(
    client: MakeClient, source: Path, tmp_path: Path, recorded: Recorded, sessions: Sessions, flags: list[str]
) -> None:
    ssh = await client("copies")
    copy = ["scp", *flags, "-r", *ssh.flags, "-P", str(ssh.port), f"{ssh.destination}:{source}", str(tmp_path / "t")]
    assert (await ssh.finish(copy)).status == 0
    events = [json.loads(event[2]) for event in await recorded() if event[1] == "f"]
    random = next(event for event in events if event["path"].endswith("random"))
    digest = subprocess.run(["sha256sum", source / "deep" / "random"], check=True, capture_output=True, text=True)
    assert random == {
        "channel": 0,
        "operation": "download",
        "path": random["path"],
        "bytes": 700_000,
        "sha256": digest.stdout.split()[0],
    }
    assert len(events) == 5
    written = b"".join(path.read_bytes() for path in (tmp_path / "recordings").rglob("*.cast"))
    assert b"Maintainer" not in written
    (session,) = await sessions()
    assert session.bytes_out > 700_000


async def test_a_stream_of_bytes_has_its_hash_on_record(client: MakeClient, source: Path, recorded: Recorded) -> None:
    ssh = await client()
    done = await ssh.run(f"cat {source}/deep/random")
    assert done.stdout == (source / "deep" / "random").read_bytes()
    (event,) = [json.loads(event[2]) for event in await recorded() if event[1] == "f"]
    assert (event["operation"], event["bytes"]) == ("download", 700_000)


@pytest.mark.finding("ssh-F3")
async def test_what_turns_out_to_be_no_text_obeys_the_same_word(
    client: MakeClient, tmp_path: Path, audited: Audited
) -> None:
    blob = tmp_path / "blob"
    blob.write_bytes(b"\x00\x01\x02" * 100 + f" {PAN} ".encode() + b"\x00")
    ssh = await client()
    done = await ssh.run(f"cat {blob}")
    assert (done.status, PAN.encode() in done.stdout) == (126, False)
    assert "must not leave (pan)" in done.stderr
    ssh = await client("no-files")
    done = await ssh.run(f"cat {blob}")
    assert (done.status, done.stdout) == (126, b"")
    assert "moves no files" in done.stderr
    ssh = await client("all-files")
    done = await ssh.run(f"cat {blob}")
    assert (done.status, done.stdout) == (0, blob.read_bytes())
    assert [event["detail"]["why"] for event in await audited("proxy:transfer:refuse")] == ["pan", "no text"]


async def test_text_that_was_masked_before_it_is_none_is_not_passed_off_as_whole(client: MakeClient) -> None:
    ssh = await client("all-files")
    done = await ssh.run(f"echo {PAN}; sleep 0.2; printf 'a\\000b'")
    assert (done.status, done.stdout) == (126, b"************1111\n")
    assert "Copy it with scp or rsync" in done.stderr


async def test_a_terminal_is_masked_whatever_it_shows(client: MakeClient) -> None:
    ssh = await client("all-files")
    done = await ssh.run(f"printf 'a\\000b {PAN}\\n'; : tar c x", flags=["-tt"])
    assert done.status == 0
    assert PAN.encode() not in done.stdout
    assert b"************1111" in done.stdout


@pytest.mark.finding("ssh-F1")
@pytest.mark.parametrize("message", [b"ping", b"\x01\x02\x03\xc0", b"ok\xe2\x82", b"\xf4", b"\xff", b"1\xc3"])
async def test_a_conversation_of_bytes_never_stands_still(client: MakeClient, message: bytes) -> None:
    """`ssh host cat` as a server that answers at once: each answer comes without anything behind it."""
    ssh = await client()
    echo = await ssh.start(ssh.command("-T", ssh.destination, "cat"))
    assert echo.stdin is not None
    assert echo.stdout is not None
    for _ in range(3):
        echo.stdin.write(message)
        assert await echo.stdout.readexactly(len(message)) == message
    echo.stdin.close()
    await echo.wait()


@pytest.mark.finding("ssh-F1")
async def test_digits_at_the_end_of_a_message_hold_no_transfer_up(client: MakeClient) -> None:
    ssh = await client()
    echo = await ssh.start(ssh.command("-T", ssh.destination, "cat"))
    assert echo.stdin is not None
    assert echo.stdout is not None
    for message in (b"\x00 begins", b"41111111111", b"4111111111111\xff"):
        echo.stdin.write(message)
        assert await echo.stdout.readexactly(len(message)) == message
    echo.stdin.close()
    await echo.wait()


@pytest.mark.finding("ssh-F1")
@pytest.mark.skipif(shutil.which("borg") is None, reason="borg is not installed")
@pytest.mark.timeout(300)
async def test_borg_makes_and_checks_an_archive(client: MakeClient, source: Path, tmp_path: Path) -> None:
    ssh = await client()
    settings = [
        f"BORG_RSH={ssh.through}",
        f"BORG_BASE_DIR={tmp_path}/borg",
        "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes",
        f"BORG_REPO=ssh://{ssh.destination}:{ssh.port}{tmp_path}/repo",
    ]
    for words in (["init", "-e", "none"], ["create", "::one", str(source)], ["check", "--verify-data"]):
        done = await ssh.finish(["env", *settings, "borg", *words])
        assert done.status == 0, done.stderr
    (tmp_path / "out").mkdir()
    done = await ssh.finish(["env", "-C", str(tmp_path / "out"), *settings, "borg", "extract", "::one"])
    assert done.status == 0, done.stderr
    assert set(_files(source).values()) == set(_files(tmp_path / "out").values())


async def test_git_pushes_and_fetches_what_holds_addresses(client: MakeClient, tmp_path: Path) -> None:
    ssh = await client()
    quiet = ["git", "-c", "user.name=a", "-c", "user.email=ada@example.com", "-c", "safe.directory=*"]
    repository, work = tmp_path / "repository.git", tmp_path / "work"
    subprocess.run([*quiet, "init", "-q", "--bare", "-b", "main", repository], check=True)
    subprocess.run([*quiet, "clone", "-q", repository, work], check=True, capture_output=True)
    (work / "AUTHORS").write_text(ADDRESS)
    subprocess.run([*quiet, "-C", work, "add", "."], check=True)
    subprocess.run([*quiet, "-C", work, "commit", "-q", "-m", "x"], check=True)
    origin = f"{ssh.destination}:{repository}"
    for words in (["-C", str(work), "push", "-q", origin, "HEAD:main"], ["clone", "-q", origin, str(tmp_path / "c")]):
        done = await ssh.finish(["env", f"GIT_SSH_COMMAND={ssh.through}", *quiet, *words])
        assert done.status == 0, done.stderr
    archive = await ssh.run(f"git -c safe.directory='*' -C {work} archive HEAD | tar xO AUTHORS")
    assert archive.stdout.decode() == ADDRESS
    assert (tmp_path / "c" / "AUTHORS").read_text() == ADDRESS


async def test_what_sftp_does_is_done_and_on_record(
    client: MakeClient, source: Path, tmp_path: Path, recorded: Recorded
) -> None:
    """The interactive client's commands, fed as a batch; a resumed file says from where."""
    ssh = await client("copies")
    whole = (source / "deep" / "random").read_bytes()
    (tmp_path / "partial").write_bytes(whole[:100_000])
    commands = [
        f"cd {source}",
        f"put {source}/two three",
        "rename three four",
        "ln -s four link",
        "ln two hard",
        "chmod 600 four",
        "mkdir new",
        "rmdir new",
        "rm link",
        "ls -l",
        "df",
        f"reget deep/random {tmp_path}/partial",
    ]
    batch = tmp_path / "batch"
    batch.write_text("\n".join(commands) + "\n")
    sftp = ["sftp", "-oBatchMode=no", "-b", str(batch), *ssh.flags, "-P", str(ssh.port), ssh.destination]
    done = await ssh.finish(sftp)
    assert done.status == 0, done.stderr
    assert (tmp_path / "partial").read_bytes() == whole
    events = [json.loads(event[2]) for event in await recorded() if event[1] == "f"]
    said = [(event["operation"], Path(event["path"]).name, Path(event.get("to", "")).name) for event in events]
    assert ("upload", "three", "") in said
    assert ("rename", "three", "four") in said
    assert ("link", "two", "hard") in said
    assert {("mkdir", "new", ""), ("rmdir", "new", ""), ("remove", "link", "")} <= set(said)
    assert {event["operation"] for event in events} >= {"attributes"}
    resumed = events[-1]
    assert (resumed["offset"], resumed["bytes"]) == (100_000, len(whole) - 100_000)


async def test_scp_between_two_hosts_goes_through(client: MakeClient, source: Path, tmp_path: Path) -> None:
    ssh = await client("copies")
    ends = [f"{ssh.destination}:{path}" for path in (source / "two", tmp_path / "copied")]
    done = await ssh.finish(["scp", "-3", *ssh.flags, "-P", str(ssh.port), *ends])
    assert done.status == 0, done.stderr
    assert (tmp_path / "copied").read_text() == "second\n"


async def test_many_small_binary_answers_arrive_whole(client: MakeClient) -> None:
    """A program that says a few bytes and ends at once: what turns out to be no text is not lost with the end."""
    async with connected(await client("all-files")) as connection:
        for number in range(40):
            answer = bytes([0, number, 255])
            done = await connection.run(f"printf '\\0\\{number:03o}\\377'", encoding=None)
            assert (done.stdout, done.exit_status) == (answer, 0)
