"""Recordings as files: where a session's segments lie, what they hash to, and what they say. Reads only.

A segment is a header line followed by one record a line. The header names the hash of the segment before it, so that a
folder of segments is a chain; the last line of a killed process's last segment may be cut short and is passed over.
"""

import base64
import hashlib
import json
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from storage.recordings import formats
from storage.recordings.formats import Format, NoRecord

#: What the first segment names as the one before it.
NO_SEGMENT = "0" * 64

_CHUNK_BYTES = 1024 * 1024

#: Whatever else lies in a session's folder is no part of its recording.
_SUFFIXES = tuple(f".{known}" for known in Format)


@dataclass(frozen=True)
class SegmentFile:
    """One segment; `path` is relative to the recordings' root, `sha256` is hex over the whole file."""

    number: int
    path: str
    sha256: str
    size_bytes: int


class RecordingDamaged(Exception):
    """A recording that is not what was written: the message names the segment."""


def session_folder(session_id: UUID, started_at: datetime) -> str:
    """Where a session's segments lie below the recordings' root; made of nothing a person typed."""
    return f"{started_at.astimezone(UTC):%Y/%m/%d}/{session_id}"


def segments(root: Path, folder: str) -> list[SegmentFile]:
    """The segments of a session in order, hashed as they are on disk; none if the folder does not exist.

    A link or a folder is none, whatever its name. Raises RecordingDamaged for what cannot be read.
    """
    try:
        found = (root / folder).iterdir() if (root / folder).is_dir() else ()
        files = sorted(file for file in found if _is_segment(file))
        return [
            SegmentFile(int(file.stem), f"{folder}/{file.name}", _sha256(file), file.stat().st_size) for file in files
        ]
    except OSError as error:
        raise RecordingDamaged(f"Recording {folder} cannot be read ({error.strerror}).") from error


def _is_segment(file: Path) -> bool:
    named = file.suffix in _SUFFIXES and file.stem.isascii() and file.stem.isdecimal()
    return named and stat.S_ISREG(file.lstat().st_mode)


def records(root: Path, paths: list[str]) -> Iterator[Any]:
    """Every record of these segments, headers left out, in order.

    Raises RecordingDamaged when a line before the last is no record, or a segment is missing.
    """
    for path in paths:
        yield from _records_of(root / path)


def header(root: Path, path: str) -> dict[str, Any]:
    """A segment's header line. Raises RecordingDamaged."""
    try:
        with (root / path).open("rb") as file:
            found: Any = json.loads(file.readline())
    except (OSError, ValueError, RecursionError) as error:
        raise RecordingDamaged(f"Segment {path} has no readable header.") from error
    if not isinstance(found, dict):
        raise RecordingDamaged(f"Segment {path} has no readable header.")
    return cast("dict[str, Any]", found)


def shown(record: list[Any]) -> bytes:
    """What an asciicast record puts on the screen: output of either stream, as it was; nothing for other records.

    Codes beside asciicast's own: "e" is standard error, "b" output that is no UTF-8, as base64 ("eb": of standard
    error). A channel's number may follow after a dot.
    """
    code, _, _ = str(record[1]).partition(".")
    if code in ("o", "e"):
        return str(record[2]).encode("utf-8", "surrogatepass")
    return base64.b64decode(record[2]) if code in ("b", "eb") else b""


def check_chain(root: Path, found: list[SegmentFile]) -> None:
    """Raise RecordingDamaged unless each segment names the one before it and none is missing."""
    previous = NO_SEGMENT
    for expected, segment in enumerate(found):
        if segment.number != expected:
            raise RecordingDamaged(f"Segment {expected} is missing before {segment.path}.")
        ours: Any = header(root, segment.path).get("gatepass")
        if not isinstance(ours, dict) or cast("dict[str, Any]", ours).get("previous") != previous:
            raise RecordingDamaged(f"Segment {segment.path} does not follow the segment before it.")
        previous = segment.sha256


def _records_of(file: Path) -> Iterator[Any]:
    recording_format = Format(file.suffix[1:])
    try:
        lines = file.open("rb")
    except OSError as error:
        raise RecordingDamaged(f"Segment {file.name} cannot be read ({error.strerror}).") from error
    with lines:
        next(lines, None)
        for number, line in enumerate(lines, start=2):
            if not line.endswith(b"\n"):
                return  # The process was killed while it wrote this record, so it was never forwarded.
            try:
                record = formats.read(recording_format, line)
            except NoRecord as error:
                raise RecordingDamaged(f"Segment {file.name} is damaged at line {number}.") from error
            yield record


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as data:
        while chunk := data.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
