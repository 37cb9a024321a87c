"""stderr is for people: masked whatever the channel carries, and no way around `files: deny`."""

from pathlib import Path

import pytest

from support.ssh import Audited, MakeClient

PAN = "4111111111111111"


@pytest.fixture
def blob(tmp_path: Path) -> Path:
    path = tmp_path / "blob"
    path.write_bytes(b"\x7fELF\x00\x01\x02\xff" * 50_000)
    return path


@pytest.mark.finding("ssh-F3")
@pytest.mark.parametrize(
    "command", ["cat {} 1>&2", "cat {} >/dev/stderr", "dd if={} 2>&1 >&2", "sh -c 'exec 1>&2; cat {}'", "cat {} >&2 &"]
)
async def test_a_role_that_moves_no_files_moves_none_by_stderr(
    client: MakeClient, blob: Path, audited: Audited, command: str
) -> None:
    ssh = await client("no-files")
    done = await ssh.run(command.format(blob))
    assert done.status == 126
    assert done.stdout == b""
    assert "moves no files" in done.stderr
    assert "ELF" not in done.stderr
    assert len(await audited("proxy:transfer:refuse")) + len(await audited("proxy:statement:deny")) == 1


async def test_what_is_written_to_both_is_ended_once(client: MakeClient, blob: Path, audited: Audited) -> None:
    ssh = await client("no-files")
    done = await ssh.run(f"cat {blob}; cat {blob} >&2")
    assert done.status == 126
    assert done.stderr.count("gatepass:") == 1
    assert "ELF" not in done.stderr
    assert len(await audited("proxy:transfer:refuse")) == 1


async def test_words_on_stderr_pass_on_every_role(client: MakeClient) -> None:
    ssh = await client("no-files")
    done = await ssh.run("printf 'caf\\303\\251 \\033[1mbold\\033[0m %s\\n' " + PAN + " >&2; exit 3")
    assert done.status == 3
    assert PAN not in done.stderr
    assert "************1111" in done.stderr


@pytest.mark.parametrize("role", ["deploy", "all-files"])
async def test_stderr_is_masked_elsewhere_whatever_it_is(client: MakeClient, role: str) -> None:
    ssh = await client(role)
    done = await ssh.run(f"printf 'a\\0b {PAN}\\0' >&2")
    assert done.status == 0
    assert PAN not in done.stderr
    assert "************1111" in done.stderr
