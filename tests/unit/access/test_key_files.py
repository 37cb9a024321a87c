"""Signing keys and their retirements as files: whole or not there, for their owner alone."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from access import key_files
from access.key_folders.folder import Folder, opened

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    with opened(tmp_path) as folder:
        yield folder


def test_a_key_that_was_made_is_loaded_by_its_id(folder: Folder) -> None:
    kid = key_files.make(folder)
    assert key_files.thumbprint(key_files.load_in(folder, f"{kid}.pem").public_key()) == kid
    assert key_files.thumbprint(key_files.load(folder.path / f"{kid}.pem").public_key()) == kid
    assert folder.names() == [f"{kid}.pem"]


@pytest.mark.finding("M12")
def test_a_retirement_is_noted_once_and_in_utc(folder: Folder) -> None:
    assert key_files.retired_at(folder, "k") is None
    key_files.retire(folder, "k", NOW.astimezone(timezone(timedelta(hours=9))))
    key_files.retire(folder, "k", NOW + timedelta(days=1))
    assert key_files.retired_at(folder, "k") == NOW
    assert (folder.path / "k.retired").read_text() == "2026-11-22T12:00:00+00:00"
    assert (folder.path / "k.retired").stat().st_mode & 0o077 == 0


def test_what_was_removed_is_gone_with_its_note_and_twice_is_once(folder: Folder) -> None:
    kid = key_files.make(folder)
    key_files.retire(folder, kid, NOW)
    for _ in range(2):
        key_files.remove(folder, kid)
        assert folder.names() == []
