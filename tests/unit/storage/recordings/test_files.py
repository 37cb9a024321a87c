"""Segments as files: their order, their chain, and the last line of a process that was killed."""

import errno
import hashlib
import json
import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import NoReturn
from uuid import UUID

import pytest

from storage.recordings.files import (
    NO_SEGMENT,
    RecordingDamaged,
    check_chain,
    header,
    records,
    segments,
    session_folder,
    shown,
)


def write(root: Path, *bodies: str) -> None:
    """Segments in the folder `s`, each of which names the one before it."""
    (root / "s").mkdir()
    previous = NO_SEGMENT
    for number, body in enumerate(bodies):
        content = (json.dumps({"gatepass": {"previous": previous}}) + "\n" + body).encode()
        (root / "s" / f"{number}.cast").write_bytes(content)
        previous = hashlib.sha256(content).hexdigest()


def test_a_sessions_folder_is_named_by_the_day_in_utc() -> None:
    late = datetime(2026, 11, 22, 1, tzinfo=timezone(timedelta(hours=2)))
    assert session_folder(UUID(int=7), late) == f"2026/11/21/{UUID(int=7)}"
    assert session_folder(UUID(int=7), late.astimezone(UTC)) == session_folder(UUID(int=7), late)


def test_segments_are_the_numbered_files_alone(tmp_path: Path) -> None:
    write(tmp_path, '[1, "o", ""]\n', '[2, "o", ""]\n')
    for other in ("notes.txt", "x.cast"):
        (tmp_path / "s" / other).write_text("{}")
    found = segments(tmp_path, "s")
    assert [(segment.number, segment.path) for segment in found] == [(0, "s/0.cast"), (1, "s/1.cast")]
    assert found[0].sha256 == hashlib.sha256((tmp_path / "s/0.cast").read_bytes()).hexdigest()
    assert segments(tmp_path, "nowhere") == []
    check_chain(tmp_path, found)


def test_records_are_read_without_headers_and_without_a_last_line_cut_short(tmp_path: Path) -> None:
    write(tmp_path, '[1, "o", ""]\n[2, "o", ""]\n', '[3, "o", ""]\n[4, "cut sh')
    assert [record[0] for record in records(tmp_path, ["s/0.cast", "s/1.cast"])] == [1, 2, 3]


def test_damage_is_told_with_the_segment(tmp_path: Path) -> None:
    write(tmp_path, '[1, "o", ""]\nnot json\n[2, "o", ""]\n', '[3, "o", ""]\n')
    with pytest.raises(RecordingDamaged, match=r"0\.cast is damaged at line 3"):
        list(records(tmp_path, ["s/0.cast"]))
    with pytest.raises(RecordingDamaged, match=r"9\.cast cannot be read"):
        list(records(tmp_path, ["s/9.cast"]))
    (tmp_path / "s/1.cast").write_text('[1, "o", ""]\n')
    with pytest.raises(RecordingDamaged, match=r"s/1\.cast has no readable header"):
        header(tmp_path, "s/1.cast")


@pytest.mark.parametrize("line", ["{}", '{"gatepass": 5}', '{"gatepass": []}', "[" * 100_000, "null", "", "\udcff"])
def test_a_header_of_another_shape_is_damage(tmp_path: Path, line: str) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "0.cast").write_bytes(line.encode("utf-8", "surrogateescape") + b"\n")
    with pytest.raises(RecordingDamaged):
        check_chain(tmp_path, segments(tmp_path, "s"))


def test_only_files_of_the_recorders_are_segments(tmp_path: Path) -> None:
    """Neither a link to what somebody else wrote, nor what nobody could read to its end."""
    write(tmp_path, '[1, "o", ""]\n')
    (tmp_path / "s" / "1.cast").symlink_to("/etc/passwd")
    (tmp_path / "s" / "2.cast").symlink_to("2.cast")
    (tmp_path / "s" / "3.cast").mkdir()
    os.mkfifo(tmp_path / "s" / "4.cast")
    (tmp_path / "s" / "\u0665.cast").write_text("{}")
    assert [segment.number for segment in segments(tmp_path, "s")] == [0]


def test_a_folder_that_cannot_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, '[1, "o", ""]\n')

    def refuse(*_: object) -> NoReturn:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(RecordingDamaged, match=r"Recording s cannot be read \(Permission denied\)"):
        segments(tmp_path, "s")


def test_a_segment_that_is_missing_or_changed_breaks_the_chain(tmp_path: Path) -> None:
    write(tmp_path, '[1, "o", ""]\n', '[2, "o", ""]\n', '[3, "o", ""]\n')
    found = segments(tmp_path, "s")
    with pytest.raises(RecordingDamaged, match="Segment 1 is missing"):
        check_chain(tmp_path, [found[0], found[2]])
    (tmp_path / "s/0.cast").write_text((tmp_path / "s/0.cast").read_text() + '[9, "o", ""]\n')
    with pytest.raises(RecordingDamaged, match=r"s/1\.cast does not follow"):
        check_chain(tmp_path, segments(tmp_path, "s"))


@pytest.mark.parametrize(
    ("record", "screen"),
    [
        ([0.1, "o", "é"], "é".encode()),
        ([0.1, "e.2", "x"], b"x"),
        ([0.1, "b", "/w=="], b"\xff"),
        ([0.1, "eb.1", "/w=="], b"\xff"),
        ([0.1, "i", "typed"], b""),
        ([0.1, "r", "80x24"], b""),
    ],
)
def test_only_output_is_shown(record: list[object], screen: bytes) -> None:
    assert shown(record) == screen
