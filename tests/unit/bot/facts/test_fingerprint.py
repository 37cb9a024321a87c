"""The fingerprint is the one that ssh shows, or none at all."""

from pathlib import Path

import asyncssh
import pytest

from bot.facts.fingerprint import fingerprint
from proxy.ssh.host_key import host_key, public_key_file


@pytest.mark.finding("use-28")
def test_it_is_the_one_of_the_key_that_the_ssh_port_shows(tmp_path: Path) -> None:
    key = host_key(tmp_path)
    assert fingerprint(public_key_file(tmp_path)) == key.get_fingerprint()


def test_a_key_as_openssh_writes_it_may_have_a_comment(tmp_path: Path) -> None:
    key = asyncssh.generate_private_key("ecdsa-sha2-nistp256", comment="root@gate way")
    (tmp_path / "key.pub").write_bytes(key.export_public_key())
    assert fingerprint(tmp_path / "key.pub") == key.get_fingerprint()


@pytest.mark.parametrize("content", [b"", b"ssh-ed25519", b"ssh-ed25519 ????", b"\xff\xfe", None])
def test_nothing_is_claimed_of_what_is_no_key(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "key.pub"
    if content is not None:
        path.write_bytes(content)
    assert fingerprint(path) is None
    assert fingerprint(None) is None
