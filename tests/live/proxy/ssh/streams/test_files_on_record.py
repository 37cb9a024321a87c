"""What sftp and scp do to files of a real host, each on record as it was done, or refused in SFTP's own words."""

import asyncio
import hashlib
import json
import os
import pwd
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from proxy.ssh.files.sftp_packets import Kind
from support.ssh import MakeClient, Pair, Recorded, connected
from support.wire.sftp import packet

_SFTP_SERVER = "/usr/lib/openssh/sftp-server"


async def _moved(recorded: Recorded) -> list[dict[str, Any]]:
    return [json.loads(event[2]) for event in await recorded() if event[1] == "f"]


@pytest.mark.finding("ssh-F3")
async def test_an_upload_that_the_host_cannot_keep_is_not_done(
    client: MakeClient, recorded: Recorded, tmp_path: Path
) -> None:
    (tmp_path / "data").write_bytes(b"x" * 100_000)
    ssh = await client("copies")
    to = f"{ssh.destination}:/dev/full"
    done = await ssh.finish(["scp", "-O", *ssh.flags, "-P", str(ssh.port), str(tmp_path / "data"), to])
    assert done.status != 0
    assert "No space left" in done.stderr
    done = await ssh.finish(["scp", *ssh.flags, "-P", str(ssh.port), str(tmp_path / "data"), to])
    assert done.status != 0
    uploads = {event["path"]: event for event in await _moved(recorded) if event["operation"] == "upload"}
    # sftp is told where, scp only what the sender calls it.
    by_sftp, by_scp = uploads["/dev/full"], uploads["data"]
    assert (by_scp["done"], by_scp["bytes"]) == (False, 100_000)
    assert by_sftp["done"] is False
    assert "sha256" not in by_sftp


@pytest.mark.finding("ssh-F3")
async def test_whatever_is_done_to_a_file_is_on_record(client: MakeClient, recorded: Recorded, tmp_path: Path) -> None:
    file = tmp_path / "file"
    async with connected(await client("copies")) as connection, connection.start_sftp_client() as sftp:
        async with sftp.open(str(file), "wb") as handle:
            await handle.write(b"hello")
            await handle.setstat(asyncssh.SFTPAttrs(permissions=0o600))
        async with sftp.open(str(file), "ab") as handle:
            await handle.write(b" world")
        async with sftp.open(str(file), "r+b") as handle:
            await handle.seek(6)
            await handle.write(b"W")
        await sftp.truncate(str(file), 3)
        await sftp.chmod(str(file), 0o4755)
        await sftp.utime(str(file), (1, 2))
        await sftp.symlink("file", str(tmp_path / "link"))
        await sftp.setstat(str(tmp_path / "link"), asyncssh.SFTPAttrs(atime=1, mtime=2), follow_symlinks=False)
        await sftp.link(str(file), str(tmp_path / "hard"))
        await sftp.posix_rename(str(tmp_path / "hard"), str(tmp_path / "name"))
        await sftp.statvfs(str(tmp_path))
        assert await sftp.realpath(".") == pwd.getpwuid(os.getuid()).pw_dir
        async with sftp.open(str(file), "rb") as handle:
            assert await handle.read(10, 100) == b""
        async with sftp.open(str(tmp_path / "empty"), "wb"):
            pass
        with pytest.raises(asyncssh.SFTPError):
            await sftp.chmod(str(tmp_path / "not there"), 0o600)
        link = os.readlink(tmp_path / "link")
    assert link == "file"
    events = [{key: value for key, value in event.items() if key != "channel"} for event in await _moved(recorded)]
    path = str(file)

    def sha256(data: bytes) -> str:
        return hashlib.sha256(data).hexdigest()

    assert events == [
        {"operation": "attributes", "path": path, "attributes": {"mode": "0600"}},
        {"operation": "upload", "path": path, "bytes": 5, "sha256": sha256(b"hello")},
        {"operation": "upload", "path": path, "bytes": 6, "sha256": sha256(b" world"), "appended": True},
        {"operation": "upload", "path": path, "bytes": 1, "offset": 6, "sha256": sha256(b"W")},
        {"operation": "attributes", "path": path, "attributes": {"size": 3}},
        {"operation": "attributes", "path": path, "attributes": {"mode": "4755"}},
        {"operation": "attributes", "path": path, "attributes": {"times": "1:2"}},
        {"operation": "link", "path": "file", "to": str(tmp_path / "link")},
        {"operation": "attributes", "path": str(tmp_path / "link"), "attributes": {"times": "1:2"}},
        {"operation": "link", "path": path, "to": str(tmp_path / "hard")},
        {"operation": "rename", "path": str(tmp_path / "hard"), "to": str(tmp_path / "name")},
        {"operation": "download", "path": path},
        {"operation": "upload", "path": str(tmp_path / "empty"), "sha256": sha256(b"")},
    ]


@pytest.mark.finding("ssh-F3")
async def test_openssh_copies_on_the_host(client: MakeClient, recorded: Recorded, tmp_path: Path) -> None:
    """`cp` of sftp is copy-data, which reads and writes without either passing by."""
    (tmp_path / "one").write_text("first\n")
    batch = tmp_path / "batch"
    batch.write_text(f"cp {tmp_path}/one {tmp_path}/two\nls -n {tmp_path}\n")
    ssh = await client("copies")
    sftp = ["sftp", "-oBatchMode=no", "-b", str(batch), *ssh.flags, "-P", str(ssh.port), ssh.destination]
    done = await ssh.finish(sftp)
    assert done.status == 0, done.stderr
    assert (tmp_path / "two").read_text() == "first\n"
    events = await _moved(recorded)
    copied = [event for event in events if event["operation"] == "copy"]
    assert [(event["path"], event["to"]) for event in copied] == [(str(tmp_path / "one"), str(tmp_path / "two"))]
    assert not any("sha256" in event for event in events if event["operation"] == "download")


@pytest.mark.finding("ssh-F3")
async def test_a_home_is_expanded_as_by_the_host(pair: Pair, tmp_path: Path) -> None:
    """`~` in scp's paths is expand-path, which is answered by a name."""
    said: list[str] = []
    for ssh in await pair("copies"):
        at = f"{ssh.destination}:~/gatepass-is-not-there"
        done = await ssh.finish(["scp", "-q", *ssh.flags, "-P", str(ssh.port), at, str(tmp_path / "to")])
        assert done.status == 1
        said.append(done.stderr)
    assert said[0] == said[1]
    assert "No such file" in said[0]


async def test_attributes_that_the_host_set_before_it_failed_are_on_record(
    client: MakeClient, recorded: Recorded, tmp_path: Path
) -> None:
    """sftp-server goes on with mode, times and owner when the size failed, and then answers by a failure."""
    file = tmp_path / "file"
    file.write_bytes(b"x")
    file.chmod(0o600)
    too_long = asyncssh.SFTPAttrs(size=2**63 - 1, permissions=0o4777)
    async with connected(await client("copies")) as connection, connection.start_sftp_client() as sftp:
        with pytest.raises(asyncssh.SFTPError):
            await sftp.setstat(str(file), too_long)
    assert file.stat().st_mode & 0o7777 == 0o4777
    (event,) = await _moved(recorded)
    assert (event["path"], event["attributes"]["mode"], event["done"]) == (str(file), "4777", False)


async def test_a_client_may_ask_for_all_of_a_large_file_at_once(client: MakeClient, tmp_path: Path) -> None:
    """As paramiko's get() does, whatever the size: 4,097 pieces of 32 KiB are 128 MiB."""
    file = tmp_path / "file"
    file.write_bytes(bytes(32 * 1024))
    asked = 6_000
    async with (
        connected(await client("all-files")) as connection,
        connection.start_sftp_client() as sftp,
        sftp.open(str(file), "rb") as handle,
    ):
        hidden: Any = handle
        reading = (hidden._handler.read(hidden._handle, 0, 32 * 1024) for _ in range(asked))
        read = await asyncio.gather(*reading, return_exceptions=True)
    assert [error for error in read if isinstance(error, BaseException)] == []


async def test_a_read_that_comes_behind_the_close_fails_by_itself(client: MakeClient, tmp_path: Path) -> None:
    """paramiko's prefetch() goes on asking, in a thread, for a file that was closed before it was read to its end."""
    file = tmp_path / "file"
    file.write_bytes(b"hello")
    async with connected(await client("all-files")) as connection, connection.start_sftp_client() as sftp:
        opened: Any = await sftp.open(str(file), "rb")
        handler, handle = opened._handler, opened._handle
        _, late = await asyncio.gather(handler.close(handle), handler.read(handle, 0, 5), return_exceptions=True)
        assert isinstance(late, asyncssh.SFTPFailure | asyncssh.SFTPInvalidHandle)
        assert await sftp.getsize(str(file)) == 5


async def test_an_scp_that_waits_for_no_answer_is_heard_to_its_end(
    client: MakeClient, recorded: Recorded, tmp_path: Path
) -> None:
    """What comes before the host's answers is kept for it, and so is the end of the input behind it."""
    said = b"".join(b"C0600 5 file-%d\nhello\0" % number for number in range(50))
    async with connected(await client("copies")) as connection:
        done = await connection.run(f"scp -t {tmp_path}", input=said, encoding=None)
    assert (done.exit_status, done.stdout) == (0, b"\0" * 101)
    assert [(tmp_path / f"file-{number}").read_bytes() for number in range(50)] == [b"hello"] * 50
    assert [event["path"] for event in await _moved(recorded)] == [f"file-{number}" for number in range(50)]


async def _answers(reader: Any, count: int) -> list[bytes]:
    return [await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big")) for _ in range(count)]


async def test_what_is_asked_right_behind_the_offer_is_answered_as_by_the_host(
    client: MakeClient, tmp_path: Path
) -> None:
    """sftp-server takes requests that did not wait for its version."""
    folder = tmp_path / "new"
    asked = [packet(Kind.INIT, 3), *(packet(Kind.RMDIR, number, bytes(folder)) for number in (1, 2))]
    folder.mkdir()
    alone = await asyncio.create_subprocess_exec(
        _SFTP_SERVER, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert alone.stdin is not None
    alone.stdin.write(b"".join(asked))
    directly = await _answers(alone.stdout, len(asked))
    await alone.communicate(b"")
    assert not folder.exists()
    folder.mkdir()
    async with connected(await client("copies")) as connection:
        channel = await connection.create_process(subsystem="sftp", encoding=None)
        channel.stdin.write(b"".join(asked))
        try:
            async with asyncio.timeout(30):
                assert await _answers(channel.stdout, len(asked)) == directly
        finally:
            channel.close()
    assert not folder.exists()
