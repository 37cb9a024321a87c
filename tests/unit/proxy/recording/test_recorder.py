"""Recordings: written when `write` returns, chained, readable after a crash, refused when they cannot be written."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from proxy.errors import RecorderFailed
from proxy.masking.rules import DEFAULT_RULES, Masker
from proxy.recording.recorder import Recorder
from storage.recordings import files
from storage.recordings.files import NO_SEGMENT, RecordingDamaged
from storage.recordings.formats import Format

STARTED = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def recorder_in(root: Path, session: UUID, kind: Format = Format.JSON_LINES, segment_bytes: int = 1 << 20) -> Recorder:
    ticks = iter(range(1_000_000))
    return Recorder(
        root,
        session,
        STARTED,
        kind,
        redact=Masker(DEFAULT_RULES).redact,
        segment_bytes=segment_bytes,
        clock=lambda: float(next(ticks)),
    )


def read(root: Path, session: UUID) -> list[object]:
    found = files.segments(root, files.session_folder(session, STARTED))
    files.check_chain(root, found)
    return list(files.records(root, [segment.path for segment in found]))


def test_a_record_is_on_disk_when_write_returns(tmp_path: Path) -> None:
    session = uuid4()
    recorder = recorder_in(tmp_path, session)
    recorder.write({"t": 1, "type": "complete"})
    assert read(tmp_path, session) == [{"t": 1, "type": "complete"}]


def test_segments_are_chained_by_their_hashes(tmp_path: Path) -> None:
    session = uuid4()
    recorder = recorder_in(tmp_path, session, segment_bytes=300)
    for number in range(20):
        recorder.write({"t": number, "type": "notice", "text": "x" * 50})
    closed = recorder.close()
    assert len(closed) > 3
    found = files.segments(tmp_path, files.session_folder(session, STARTED))
    assert found == closed
    headers = [files.header(tmp_path, segment.path)["gatepass"]["previous"] for segment in found]
    assert headers == [NO_SEGMENT, *[segment.sha256 for segment in found[:-1]]]
    assert len(read(tmp_path, session)) == 20


@pytest.mark.parametrize("victim", [0, 1, 2])
def test_a_changed_or_missing_segment_breaks_the_chain(tmp_path: Path, victim: int) -> None:
    session = uuid4()
    recorder = recorder_in(tmp_path, session, segment_bytes=200)
    for number in range(12):
        recorder.write({"t": number, "type": "notice", "text": "x" * 50})
    path = tmp_path / recorder.close()[victim].path
    path.write_bytes(path.read_bytes().replace(b"xxx", b"xyx", 1))
    with pytest.raises(RecordingDamaged, match="does not follow"):
        read(tmp_path, session)
    path.unlink()
    with pytest.raises(RecordingDamaged, match="is missing"):
        read(tmp_path, session)


def test_the_cut_off_last_line_of_a_killed_process_is_passed_over(tmp_path: Path) -> None:
    session = uuid4()
    recorder = recorder_in(tmp_path, session)
    recorder.write({"t": 1, "type": "complete"})
    path = tmp_path / files.session_folder(session, STARTED) / "00000.jsonl"
    with path.open("ab") as file:
        file.write(b'{"t": 2, "type": "comp')
    assert read(tmp_path, session) == [{"t": 1, "type": "complete"}]


def test_damage_before_the_last_line_is_named(tmp_path: Path) -> None:
    session = uuid4()
    recorder = recorder_in(tmp_path, session)
    recorder.write(b"not json")
    recorder.write({"t": 1, "type": "complete"})
    with pytest.raises(RecordingDamaged, match="damaged at line 2"):
        read(tmp_path, session)


def test_an_asciicast_has_its_header_and_markers(tmp_path: Path) -> None:
    session = uuid4()
    recorder = recorder_in(tmp_path, session, Format.ASCIICAST)
    recorder.describe(width=120, height=40)
    recorder.statement("exec", "ls", "allow")
    recorder.statement("exec", "systemctl restart web", "review")
    (segment,) = recorder.close()
    header = files.header(tmp_path, segment.path)
    assert (header["version"], header["width"], header["height"]) == (2, 120, 40)
    assert header["timestamp"] == int(STARTED.timestamp())
    assert [record[1:] for record in map(_as_list, read(tmp_path, session))] == [
        ["m", "exec: ls"],
        ["m", "exec (review): systemctl restart web"],
    ]


def _as_list(record: object) -> list[object]:
    assert isinstance(record, list)
    return record


def test_nobody_else_can_read_a_recording(tmp_path: Path) -> None:
    recorder = recorder_in(tmp_path, uuid4())
    path = tmp_path / recorder.close()[0].path
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_an_empty_session_still_has_a_segment(tmp_path: Path) -> None:
    recorder = recorder_in(tmp_path, uuid4())
    (segment,) = recorder.close()
    assert json.loads((tmp_path / segment.path).read_text())["gatepass"]["segment"] == 0


def test_a_record_that_cannot_be_written_is_a_fault(tmp_path: Path) -> None:
    recorder = recorder_in(tmp_path, uuid4())
    recorder.write({"t": 1})
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, recorder._file or -1)  # pyright: ignore[reportPrivateUsage]
    os.close(full)
    with pytest.raises(RecorderFailed, match="No space left"):
        recorder.write({"t": 2})


def test_a_segment_is_never_written_over(tmp_path: Path) -> None:
    session = uuid4()
    recorder_in(tmp_path, session).write({"t": 1})
    with pytest.raises(RecorderFailed, match="File exists"):
        recorder_in(tmp_path, session).write({"t": 2})


def test_a_closed_recording_takes_nothing_more(tmp_path: Path) -> None:
    recorder = recorder_in(tmp_path, uuid4())
    recorder.close()
    closed = len(recorder.closed)
    recorder.sync()
    assert len(recorder.closed) == closed
