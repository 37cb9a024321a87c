"""What one record of either format says."""

from typing import Any

import pytest

from storage.model import Protocol
from storage.recordings.formats import Format, RecordedStatement, format_of, row_count, seconds, statement

CAST, LINES = Format.ASCIICAST, Format.JSON_LINES


@pytest.mark.parametrize("protocol", Protocol)
def test_every_protocol_has_a_format(protocol: Protocol) -> None:
    assert format_of(protocol) is (LINES if protocol is Protocol.POSTGRES else CAST)


@pytest.mark.parametrize(
    ("recording_format", "record", "said"),
    [
        (CAST, [1.5, "m", "exec: ls -l"], RecordedStatement("exec", "allow")),
        (CAST, [1.5, "m", "exec (review): rm x"], RecordedStatement("exec", "review")),
        (CAST, [1.5, "m", "exec (denied): a: (b)"], RecordedStatement("exec", "denied")),
        (CAST, [1.5, "o", "m"], None),
        (
            LINES,
            {"t": 1, "type": "statement", "kind": "select", "verdict": "deny"},
            RecordedStatement("select", "deny"),
        ),
        (LINES, {"t": 1, "type": "rows", "rows": [[1]]}, None),
    ],
)
def test_a_statement_is_told_from_other_records(
    recording_format: Format, record: Any, said: RecordedStatement | None
) -> None:
    assert statement(recording_format, record) == said


def test_when_and_how_many_rows() -> None:
    assert (seconds(CAST, [1.5, "o", "x"]), seconds(LINES, {"t": 2, "type": "end"})) == (1.5, 2.0)
    assert row_count(LINES, {"t": 2, "type": "rows", "rows": [[1], [2]]}) == 2
    assert row_count(LINES, {"t": 2, "type": "statement"}) == 0
    assert row_count(CAST, [1.5, "o", "rows"]) == 0
