"""Lines of the recording wait until all at hand is masked, and are written as one."""

import json
from typing import Any

from proxy.postgres.relay.rows.lines import MAX_RECORDED_ROWS, Lines


class Recorder:
    """As much of a recorder: a clock that stands, and what was written."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def elapsed(self) -> float:
        return 1.5

    def stamp(self) -> str:
        return "1.500000"

    def write(self, record: bytes) -> None:
        self.written.append(record)


def test_all_that_waits_is_written_at_once() -> None:
    recorder: Any = Recorder()
    lines = Lines(recorder)
    lines.rows([["a", None]], '["x","y"]')
    lines.completed(b"SELECT 1\0")
    lines.add("error", {"code": "22012"})
    assert recorder.written == []
    lines.write()
    lines.write()
    [written] = recorder.written
    assert [json.loads(line) for line in written.split(b"\n")] == [
        {"t": 1.5, "type": "rows", "columns": ["x", "y"], "rows": [["a", None]]},
        {"t": 1.5, "type": "complete", "tag": "SELECT 1"},
        {"t": 1.5, "type": "error", "code": "22012"},
    ]


def test_many_rows_are_several_records_and_only_the_first_names_columns() -> None:
    recorder: Any = Recorder()
    lines = Lines(recorder)
    lines.rows([["a"]] * (MAX_RECORDED_ROWS + 1), '["x"]')
    lines.write()
    first, second = (json.loads(line) for line in recorder.written[0].split(b"\n"))
    assert ("columns" in first, "columns" in second) == (True, False)
    assert (len(first["rows"]), len(second["rows"])) == (MAX_RECORDED_ROWS, 1)


def test_what_is_forgotten_is_never_written() -> None:
    recorder: Any = Recorder()
    lines = Lines(recorder)
    lines.add("notice", {})
    lines.forget()
    lines.write()
    assert recorder.written == []
