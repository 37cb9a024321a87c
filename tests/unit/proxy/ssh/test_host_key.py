"""The gateway's own host key."""

import stat
from pathlib import Path

import asyncssh
import pytest

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
