"""Signing keys and their retirements as files: whole or not there, for their owner alone."""

import os
import tempfile
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from access import key_files
from access.key_files import KeyUnusable

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def test_a_key_that_was_made_is_loaded_by_its_id(tmp_path: Path) -> None:
    kid = key_files.make(tmp_path)
    assert key_files.thumbprint(key_files.load(tmp_path / f"{kid}.pem").public_key()) == kid
    assert [path.name for path in tmp_path.iterdir()] == [f"{kid}.pem"]


@pytest.mark.finding("M12")
def test_a_retirement_is_noted_once_and_in_utc(tmp_path: Path) -> None:
    assert key_files.retired_at(tmp_path, "k") is None
    key_files.retire(tmp_path, "k", NOW.astimezone(timezone(timedelta(hours=9))))
    key_files.retire(tmp_path, "k", NOW + timedelta(days=1))
    assert key_files.retired_at(tmp_path, "k") == NOW
    assert (tmp_path / "k.retired").read_text() == "2026-11-22T12:00:00+00:00"
    assert (tmp_path / "k.retired").stat().st_mode & 0o077 == 0


def test_what_was_removed_is_gone_with_its_note_and_twice_is_once(tmp_path: Path) -> None:
    kid = key_files.make(tmp_path)
    key_files.retire(tmp_path, kid, NOW)
    for _ in range(2):
        key_files.remove(tmp_path, kid)
        assert list(tmp_path.iterdir()) == []


def test_a_file_whose_writing_fails_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "active").write_bytes(b"old")
    with pytest.raises(OSError, match="stopped"), key_files.whole_file(tmp_path, b"new"):
        raise OSError("stopped")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("active", b"old")]


NOBODY = 65_534
as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root makes files for others")


@as_root
def test_what_root_makes_is_its_folders_owners(tmp_path: Path) -> None:
    os.chown(tmp_path, NOBODY, NOBODY)
    kid = key_files.make(tmp_path)
    key_files.retire(tmp_path, kid, NOW)
    key_files.made(tmp_path / "keys")
    assert {(path.stat().st_uid, path.stat().st_gid) for path in tmp_path.iterdir()} == {(NOBODY, NOBODY)}
    assert {path.stat().st_mode & 0o077 for path in tmp_path.iterdir()} == {0}


def test_a_key_that_the_folders_owner_could_not_read_is_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an account that may write there, and may give nothing away."""
    other, real = os.getuid() + 1, os.fstat

    def fstat(descriptor: int) -> os.stat_result:
        found = list(real(descriptor))
        found[4] = other
        return os.stat_result(found)

    def fchown(*_: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "fstat", fstat)
    monkeypatch.setattr(os, "fchown", fchown)
    with pytest.raises(KeyUnusable, match=r"belongs to .*, who could not read what .* makes there. Do this as "):
        key_files.put(tmp_path / "key", b"new")
    assert list(tmp_path.iterdir()) == []


@as_root
@pytest.mark.parametrize(("mode", "whose"), [(0o755, "it"), (0o700, "/.*/keys")])
def test_a_key_of_somebody_elses_says_whose_it_is(mode: int, whose: str) -> None:
    with tempfile.TemporaryDirectory() as parent:
        Path(parent).chmod(0o755)
        folder = Path(parent) / "keys"
        key_files.made(folder)
        kid = key_files.make(folder)
        folder.chmod(mode)
        os.seteuid(NOBODY)
        try:
            with pytest.raises(KeyUnusable, match=rf"cannot be read: {whose} belongs to root, and this process"):
                key_files.load(folder / f"{kid}.pem")
            if mode == 0o755:
                with pytest.raises(KeyUnusable, match="it belongs to root"):
                    key_files.refuse_shared(folder / f"{kid}.pem")
        finally:
            os.seteuid(0)


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o1777])
def test_a_folder_that_others_may_write_is_refused(tmp_path: Path, mode: int) -> None:
    folder = tmp_path / "keys"
    key_files.made(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(mode)
    for act in (key_files.made, key_files.make, key_files.refuse_writable):
        with pytest.raises(KeyUnusable, match=rf"may write to .* \(mode {mode:04o}\), where keys are: chmod 700 it"):
            act(folder)
    assert list(folder.iterdir()) == []
