"""Lines of the recording about what comes back, kept until everything at hand is masked and then written at once."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from proxy.postgres.relay.rows.rows import rows_json
from proxy.recording.recorder import Recorder

#: Rows in one record of the recording.
MAX_RECORDED_ROWS = 500

_encode = json.JSONEncoder(separators=(",", ":")).encode


class Lines:
    """To be written before anything of what they tell is handed on."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._lines: list[bytes] = []

    def add(self, kind: str, values: Mapping[str, Any]) -> None:
        """One record, of masked values."""
        self._lines.append(_encode({"t": self._recorder.elapsed(), "type": kind, **values}).encode())

    def rows(self, rows: Sequence[Sequence[str | None]], names: str = "") -> None:
        """`names` are the columns', in JSON, before the first rows of a result."""
        names = names and f'"columns":{names},'
        stamp = self._recorder.stamp()
        for start in range(0, len(rows), MAX_RECORDED_ROWS):
            text = rows_json(rows[start : start + MAX_RECORDED_ROWS])
            self._lines.append(f'{{"t":{stamp},"type":"rows",{names}"rows":{text}}}'.encode())
            names = ""

    def completed(self, payload: bytes) -> None:
        """A CommandComplete."""
        self._lines.append(b'{"t":%s%s' % (self._recorder.stamp().encode(), _completion(payload)))

    def write(self) -> None:
        """Raises RecorderFailed."""
        if self._lines:
            self._recorder.write(b"\n".join(self._lines))
            self._lines.clear()

    def forget(self) -> None:
        self._lines.clear()


@lru_cache(256)
def _completion(payload: bytes) -> bytes:
    """The line of a CommandComplete behind its time: one and the same for most statements."""
    tag = payload.rstrip(b"\0").decode("ascii", "replace")
    return f",{_encode({'type': 'complete', 'tag': tag})[1:]}".encode()
