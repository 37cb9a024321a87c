"""The gateway's own host key."""

import stat
from pathlib import Path

import asyncssh
import pytest

from access.key_folders.unusable import KeyUnusable
from proxy.ssh.host_key import host_key, public_key_file, public_line


def test_the_host_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    first = host_key(tmp_path / "keys")
    assert host_key(tmp_path / "keys").public_data == first.public_data
    path = tmp_path / "keys" / "ssh_host_ed25519_key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {each.name for each in path.parent.iterdir()} == {path.name, "ssh_host_ed25519_key.pub"}


@pytest.mark.finding("use-28")
def test_the_public_half_is_a_file_of_its_own(tmp_path: Path) -> None:
    key = host_key(tmp_path)
    line = public_key_file(tmp_path).read_text()
    assert line == public_line(key) + "\n"
    assert asyncssh.import_public_key(line).public_data == key.public_data
    assert len(line.split()) == 2


def test_a_key_made_before_there_were_public_files_gets_one(tmp_path: Path) -> None:
    key = host_key(tmp_path)
    public_key_file(tmp_path).unlink()
    host_key(tmp_path)
    assert public_key_file(tmp_path).read_text() == public_line(key) + "\n"


@pytest.mark.parametrize("content", [b"", b"garbage", b"\xff\xfe"])
def test_what_is_no_key_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ssh_host_ed25519_key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyUnusable, match=r"ssh_host_ed25519_key is no private key\. Put it back from your backup"):
        host_key(tmp_path)


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    host_key(tmp_path)
    (tmp_path / "ssh_host_ed25519_key").chmod(0o640)
    with pytest.raises(KeyUnusable, match="can be read by others than its owner: chmod 600"):
        host_key(tmp_path)
