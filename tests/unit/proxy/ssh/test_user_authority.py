"""The keys that sign users' certificates: made once, closed to others, changed in two steps."""

import stat
from pathlib import Path

import asyncssh
import pytest

from access.key_folders.unusable import KeyUnusable
from proxy.ssh.user_authority import NoNextKey, change_over, prepare_next, public_lines, signing_key


def test_a_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    first = signing_key(tmp_path / "keys", "users")
    assert signing_key(tmp_path / "keys", "users").public_data == first.public_data
    [file] = (tmp_path / "keys").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert signing_key(tmp_path / "keys", "others").public_data != first.public_data


def test_what_hosts_are_to_trust_is_a_line_for_each_key(tmp_path: Path) -> None:
    [line] = public_lines(tmp_path, "users")
    assert asyncssh.import_public_key(line).public_data == signing_key(tmp_path, "users").public_data
    assert line.startswith("ssh-ed25519 AAAA")
    assert line.endswith(" gatepass-users")


def test_the_next_key_is_known_before_it_signs(tmp_path: Path) -> None:
    old = signing_key(tmp_path, "users")
    prepare_next(tmp_path, "users")
    lines = public_lines(tmp_path, "users")
    assert len(lines) == 2
    prepare_next(tmp_path, "users")
    assert public_lines(tmp_path, "users") == lines
    assert signing_key(tmp_path, "users").public_data == old.public_data
    assert change_over(tmp_path, "users").startswith("SHA256:")
    assert public_lines(tmp_path, "users") == lines[1:]


def test_nothing_is_changed_over_to_a_key_that_nobody_knows(tmp_path: Path) -> None:
    signing_key(tmp_path, "users")
    with pytest.raises(NoNextKey, match="gatepass ca ssh users --next"):
        change_over(tmp_path, "users")


def test_another_authority_is_never_the_next_key_of_one(tmp_path: Path) -> None:
    prepare_next(tmp_path, "users")
    assert signing_key(tmp_path, "users.next").export_public_key().split()[1].decode() not in "\n".join(
        public_lines(tmp_path, "users")
    )


def test_a_key_that_others_may_read_is_not_used(tmp_path: Path) -> None:
    signing_key(tmp_path, "users")
    (tmp_path / "ssh_user_ca_users").chmod(0o640)
    with pytest.raises(KeyUnusable, match="chmod 600"):
        signing_key(tmp_path, "users")


@pytest.mark.parametrize("content", ["", "no key"])
def test_what_is_no_key(tmp_path: Path, content: str) -> None:
    (tmp_path / "ssh_user_ca_users").touch(0o600)
    (tmp_path / "ssh_user_ca_users").write_text(content)
    with pytest.raises(KeyUnusable, match="is no private key"):
        signing_key(tmp_path, "users")


def test_a_key_of_another_kind(tmp_path: Path) -> None:
    asyncssh.generate_private_key("ecdsa-sha2-nistp256").write_private_key(tmp_path / "ssh_user_ca_users")
    (tmp_path / "ssh_user_ca_users").chmod(0o600)
    with pytest.raises(KeyUnusable, match="not an Ed25519 key"):
        signing_key(tmp_path, "users")


@pytest.mark.parametrize("name", ["", "../x", "a/b", "A", "users+next", "a\n"])
def test_a_name_stays_in_its_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(KeyUnusable, match="is no name of an authority"):
        signing_key(tmp_path, name)
    assert not list(tmp_path.iterdir())
