"""Recordings on disks that fail: what was committed to is what lies there, whatever the write came to."""

import errno
import hashlib
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from proxy.errors import RecorderFailed
from proxy.recording.recorder import Recorder
from storage.recordings import files
from storage.recordings.files import SegmentFile
from storage.recordings.formats import Format

STARTED = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
LIMIT = 64 * 1024

#: Records until the file may grow no more, as on a full disk: the kernel takes a part of the last one, then none of it.
FILL = """
import json, resource, sys
from datetime import datetime
from pathlib import Path
from uuid import UUID
from proxy.errors import RecorderFailed
from proxy.recording.recorder import Recorder
from storage.recordings.formats import Format

root, session, started, limit, segment_bytes = sys.argv[1:]
resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
recorder = Recorder(
    Path(root), UUID(session), datetime.fromisoformat(started), Format.JSON_LINES, redact=str,
    segment_bytes=int(segment_bytes), clock=lambda: 1.0,
)
written, why = 0, ""
try:
    while True:
        recorder.statement("select", "x" * 999, "allow")
        written += 1
except RecorderFailed as failed:
    why = str(failed)
try:
    recorder.statement("select", "", "allow")
except RecorderFailed as failed:
    again = str(failed)
else:
    again = "the recorder went on"
closed = [[each.number, each.path, each.sha256, each.size_bytes] for each in recorder.close()]
print(json.dumps([written, why, again, closed]))
"""


def fill(
    root: Path, session: UUID, limit: int, segment_bytes: int = 1 << 30
) -> tuple[int, str, str, list[SegmentFile]]:
    ran = subprocess.run(
        [sys.executable, "-c", FILL, str(root), str(session), STARTED.isoformat(), str(limit), str(segment_bytes)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    written, why, again, closed = json.loads(ran.stdout)
    return written, why, again, [SegmentFile(*each) for each in closed]


def on_disk(root: Path, session: UUID) -> list[SegmentFile]:
    found = files.segments(root, files.session_folder(session, STARTED))
    files.check_chain(root, found)
    return found


@pytest.mark.finding("M10")
def test_after_a_full_disk_the_recording_is_what_was_committed_to(tmp_path: Path) -> None:
    session = uuid4()
    written, why, again, committed = fill(tmp_path, session, LIMIT)
    assert "File too large" in why
    assert again == why
    assert committed == on_disk(tmp_path, session)
    assert len(list(files.records(tmp_path, [segment.path for segment in committed]))) == written > 50


@pytest.mark.finding("M10")
def test_a_segment_of_which_not_even_the_header_fits_is_none(tmp_path: Path) -> None:
    session = uuid4()
    written, why, _, committed = fill(tmp_path, session, 20)
    assert (written, committed) == (0, [])
    assert "File too large" in why
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def recorder_in(root: Path, session: UUID, segment_bytes: int = 1 << 30) -> Recorder:
    return Recorder(
        root,
        session,
        STARTED,
        Format.JSON_LINES,
        redact=str,
        segment_bytes=segment_bytes,
        clock=lambda: 1.0,
    )


@pytest.mark.finding("M10")
def test_what_cannot_be_taken_back_is_committed_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = uuid4()
    recorder = recorder_in(tmp_path, session)
    recorder.statement("select", "whole", "allow")
    real_write = os.write

    def half(file: int, data: memoryview) -> int:
        if len(data) < 40:
            raise OSError(28, "No space left on device")
        return real_write(file, data[: len(data) // 2])

    def refuse(file: int, size: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "write", half)
    monkeypatch.setattr(os, "ftruncate", refuse)
    with pytest.raises(RecorderFailed, match="No space left"):
        recorder.statement("select", "cut off in the middle", "allow")
    monkeypatch.undo()
    committed = recorder.close()
    assert committed == on_disk(tmp_path, session)
    texts = [record["text"] for record in files.records(tmp_path, [segment.path for segment in committed])]
    assert texts == ["whole"]


@pytest.mark.finding("M10")
def test_short_writes_are_written_on_and_hashed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = uuid4()
    real_write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: real_write(file, data[:3]))
    recorder = recorder_in(tmp_path, session)
    recorder.statement("select", "é" * 100, "allow")
    (committed,) = recorder.close()
    content = (tmp_path / committed.path).read_bytes()
    assert (committed.size_bytes, committed.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert next(files.records(tmp_path, [committed.path]))["text"] == "é" * 100


@pytest.mark.finding("M10")
def test_a_disk_that_takes_nothing_and_says_nothing_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = recorder_in(tmp_path, uuid4())
    recorder.statement("select", "1", "allow")
    monkeypatch.setattr(os, "write", lambda file, data: 0)
    with pytest.raises(RecorderFailed, match="Input/output error"):
        recorder.statement("select", "2", "allow")


def test_a_segment_that_is_closed_while_it_is_synced_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The event loop goes on to the next segment while another thread is about to sync the one before."""
    session = uuid4()
    recorder = recorder_in(tmp_path, session, segment_bytes=100)
    recorder.statement("select", "x" * 200, "allow")
    real_sync = os.fsync

    def late(_: int) -> None:
        monkeypatch.setattr(os, "fsync", real_sync)
        recorder.statement("select", "the next segment", "allow")
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))

    monkeypatch.setattr(os, "fsync", late)
    recorder.sync()
    monkeypatch.undo()
    assert recorder.close() == on_disk(tmp_path, session)
