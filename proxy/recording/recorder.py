"""One session's recording: append-only segments, each naming the hash of the one before, written before forwarding.

`write` returns when the kernel has the bytes, so a killed process loses nothing that was forwarded; `sync` bounds what
a power cut can lose. A write that fails raises RecorderFailed, which ends the session: nothing goes on unrecorded. What
was written of it is taken back, so that the file is what its hash says.

Three things stand in a recording, and nothing else may: output that was masked before (`write` with a finished line),
statements in the text that was made to be shown (`statement`), and values, whose every string passes the gate
(proxy.recording.gate).

One line a record after a header line, in either format of storage.recordings.formats.
"""

import contextlib
import errno
import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from proxy.errors import RecorderFailed
from proxy.recording.gate import Gate
from storage.recordings.files import NO_SEGMENT, SegmentFile, session_folder
from storage.recordings.formats import Format

#: A segment is closed and hashed at this size, so that long sessions are committed to as they go.
SEGMENT_BYTES = 16 * 1024 * 1024
#: Hashed together: a call for every line costs more than its hashing.
HASHED_BYTES = 32 * 1024
#: Statements of a session that repeat, each with its finished line.
_REMEMBERED = 512


_encode = json.JSONEncoder(separators=(",", ":")).encode


class Recorder:
    """Appends records to the session's current segment."""

    def __init__(
        self,
        root: Path,
        session_id: UUID,
        started_at: datetime,
        recording_format: Format,
        *,
        redact: Callable[[str], str],
        segment_bytes: int = SEGMENT_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`redact` is `Masker.redact`: what it knows of is in no string that was not masked before."""
        self.format = recording_format
        self.closed: list[SegmentFile] = []
        self._root = root
        self._session_id = session_id
        self._started_at = started_at
        self._folder = session_folder(session_id, started_at)
        self._segment_bytes = segment_bytes
        self._clock = clock
        self._start = clock()
        self._header: dict[str, Any] = {"width": 80, "height": 24} if recording_format is Format.ASCIICAST else {}
        self._gate = Gate(redact)
        self._file: int | None = None
        self._failed = ""
        self._hash = hashlib.sha256()
        #: Written, and not in the hash yet.
        self._unhashed: list[bytes] = []
        self._unhashed_bytes = 0
        self._size = 0
        self._unsynced = False
        self._line_of = lru_cache(_REMEMBERED)(self._statement_line)

    def describe(self, **header: Any) -> None:
        """Add to the header of the segments to come, e.g. the terminal's width and height (asciicast)."""
        self._header.update(self.cleaned(header))

    def cleaned(self, value: Any) -> Any:
        """JSON with every string in it masked, bounded and visible, as it may stand in a finished line."""
        return self._gate.value(value)

    def elapsed(self) -> float:
        """Seconds since the session started, as records carry them."""
        return round(self._clock() - self._start, 6)

    def stamp(self) -> str:
        """The same as JSON has it, for a finished line."""
        return f"{self._clock() - self._start:.6f}"

    def begin(self) -> None:
        """Make the session's folder, by which it is known that nothing was recorded yet if it holds no segment.

        Where that fails so does the first record, and whoever asked for something is told.
        """
        with contextlib.suppress(OSError):
            (self._root / self._folder).mkdir(parents=True, exist_ok=True, mode=0o700)

    def write(self, record: bytes | Mapping[str, Any] | Sequence[Any]) -> None:
        """Append one record: a finished line of masked output without its newline, or JSON, whose strings are cleaned.

        Raises RecorderFailed when it is not down in full; nothing is taken after that.
        """
        self._line(record if isinstance(record, bytes) else _encode(self.cleaned(record)).encode())

    def _line(self, line: bytes) -> None:
        if self._failed:
            raise RecorderFailed(self._failed)
        if self._file is None or self._size >= self._segment_bytes:
            self._open_next()
        self._append(line + b"\n")

    def statement(self, kind: str, text: str, verdict: str, parameters: int = 0) -> None:
        """Append one statement: a marker in an asciicast (players show those), an object in JSON lines.

        `text` is what a reviewer would be shown, with its literals redacted, and stays whole: cutting or masking it
        here could hide what ran.
        """
        before, behind = self._line_of(kind, text, verdict, parameters)
        self._line(b"%s%s%s" % (before, self.stamp().encode(), behind))

    def _statement_line(self, kind: str, text: str, verdict: str, parameters: int) -> tuple[bytes, bytes]:
        """What stands before and behind its time."""
        if self.format is Format.ASCIICAST:
            note = f"{kind}: {text}" if verdict == "allow" else f"{kind} ({verdict}): {text}"
            return b"[", f',"m",{_encode(note)}]'.encode()
        values = {"parameters": parameters} if parameters else {}
        rest = _encode({"type": "statement", "kind": kind, "text": text, "verdict": verdict, **values})
        return b'{"t":', f",{rest[1:]}".encode()

    def sync(self) -> None:
        """Force what was written to disk; call it off the event loop."""
        number, file = len(self.closed), self._file
        if self._unsynced and file is not None:
            self._unsynced = False
            try:
                os.fsync(file)
            except OSError as error:
                # A segment that was closed meanwhile was synced then, and its number may be another file's by now.
                if (number, file) == (len(self.closed), self._file):
                    raise RecorderFailed(_sentence(error)) from error

    def close(self) -> list[SegmentFile]:
        """Close the last segment and return all of them; a session that recorded nothing still gets its header."""
        if self._file is None and not self.closed and not self._failed:
            self._open_next()
        self._close_current()
        return self.closed

    def _open_next(self) -> None:
        self._close_current()
        number = len(self.closed)
        path = self._root / self._folder / f"{number:05d}.{self.format}"
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        except OSError as error:
            raise RecorderFailed(_sentence(error)) from error
        self._hash = hashlib.sha256()
        self._size = 0
        try:
            self._append(json.dumps(self._segment_header(number), separators=(",", ":")).encode() + b"\n")
        except RecorderFailed:
            self._discard_if_empty(path)
            raise

    def _discard_if_empty(self, path: Path) -> None:
        """A segment without a header is none: it is not committed to, and not left lying there."""
        if self._file is not None and self._size == 0:
            os.close(self._file)
            self._file = None
            with contextlib.suppress(OSError):
                path.unlink()

    def _segment_header(self, number: int) -> dict[str, Any]:
        previous = self.closed[-1].sha256 if self.closed else NO_SEGMENT
        ours = {"session": str(self._session_id), "segment": number, "previous": previous}
        version = 2 if self.format is Format.ASCIICAST else 1
        return {"version": version, "timestamp": int(self._started_at.timestamp()), **self._header, "gatepass": ours}

    def _append(self, data: bytes) -> None:
        if self._file is None:
            raise RecorderFailed("The recording is closed.")
        written = 0
        try:
            written = _written(self._file, data)
            while written < len(data):
                written += _written(self._file, memoryview(data)[written:])
        except OSError as error:
            self._failed = _sentence(error)
            self._take_back(self._file, data[:written])
            raise RecorderFailed(self._failed) from error
        self._commit_to(data)
        self._unsynced = True

    def _commit_to(self, data: bytes) -> None:
        """Have it in the hash, at the latest when the segment is closed."""
        self._size += len(data)
        self._unhashed.append(data)
        self._unhashed_bytes += len(data)
        if self._unhashed_bytes >= HASHED_BYTES:
            self._hash_now()

    def _hash_now(self) -> None:
        self._hash.update(b"".join(self._unhashed))
        self._unhashed.clear()
        self._unhashed_bytes = 0

    def _take_back(self, file: int, written: bytes) -> None:
        """Cut off what a failed append left; where even that fails, commit to what is there."""
        try:
            os.ftruncate(file, self._size)
        except OSError:
            self._commit_to(written)

    def _close_current(self) -> None:
        if self._file is None:
            return
        file, self._file = self._file, None
        number = len(self.closed)
        path = f"{self._folder}/{number:05d}.{self.format}"
        try:
            os.fsync(file)
        except OSError as error:
            raise RecorderFailed(_sentence(error)) from error
        finally:
            os.close(file)
            self._hash_now()
            self.closed.append(SegmentFile(number, path, self._hash.hexdigest(), self._size))


def _written(file: int, data: bytes | memoryview) -> int:
    """How many bytes the kernel took, at least one. Raises OSError."""
    taken = os.write(file, data)
    if not taken:
        raise OSError(errno.EIO, os.strerror(errno.EIO))
    return taken


def _sentence(error: OSError) -> str:
    return f"The session's recording cannot be written ({error.strerror}); nothing goes on unrecorded."
