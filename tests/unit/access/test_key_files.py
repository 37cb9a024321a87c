"""Signing keys and their retirements as files: whole or not there, for their owner alone."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from access import key_files

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
