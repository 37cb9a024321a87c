"""The gateway's own host key."""

import stat
from pathlib import Path

from proxy.ssh.listener import host_key


def test_the_host_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    first = host_key(tmp_path / "keys")
    assert host_key(tmp_path / "keys").public_data == first.public_data
    path = tmp_path / "keys" / "ssh_host_ed25519_key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == [path.name]
