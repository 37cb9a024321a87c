"""What one record of either format says."""

import json
from typing import Any

import pytest

from storage.model import Protocol
from storage.recordings.formats import (
    Format,
    NoRecord,
    RecordedStatement,
    format_of,
    read,
    row_count,
    seconds,
    statement,
)

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


@pytest.mark.parametrize(
    "line",
    [
        b'[0, "o", "x"]',
        b'[1.5, "e.12", "\\ud800"]',
        b'[1, "b", "/w=="]',
        b'[1, "c", "{\\"channel\\": 0, \\"event\\": \\"open\\"}"]',
        b'[1, "of another version", "x"]',
    ],
)
def test_an_event_is_a_time_a_code_and_a_text(line: bytes) -> None:
    assert read(CAST, line) == json.loads(line)


@pytest.mark.parametrize(
    "line",
    [
        *(b"{}", b"[]", b"null", b'"x"', b"[1]", b'[1, "o"]', b'[1, "o", "x", 2]', b'[1, 2, "x"]', b'[1, "o", 2]'),
        *(b'["1", "o", "x"]', b'[true, "o", "x"]', b'[-1, "o", "x"]', b'[NaN, "o", "x"]', b'[1e999, "o", "x"]'),
        *(b"[1" + b"0" * 400 + b', "o", "x"]', b"[1" + b"0" * 5000 + b', "o", "x"]', b"[" * 100_000, b"\xff\xfe"),
        *(b'[1, "b", "!!"]', b'[1, "eb.1", "A"]', b'[1, "c", "{"]', b'[1, "c", "[]"]', b'[1, "c", "{}"]'),
    ],
)
def test_whatever_else_stands_in_a_cast_is_no_record(line: bytes) -> None:
    with pytest.raises(NoRecord):
        read(CAST, line)


@pytest.mark.parametrize(
    "line",
    [
        b'{"t": 1, "type": "statement", "kind": "ddl", "text": "drop", "verdict": "deny"}',
        b'{"t": 0.5, "type": "rows", "columns": [], "rows": [[1]]}',
        b'{"t": 0, "type": "of another version"}',
    ],
)
def test_an_object_has_a_time_a_type_and_what_its_type_needs(line: bytes) -> None:
    assert read(LINES, line) == json.loads(line)


@pytest.mark.parametrize(
    "line",
    [
        *(b"[]", b"{}", b"null", b'{"t": 1}', b'{"type": "end"}', b'{"t": "1", "type": "end"}', b'{"t": 1, "type": 2}'),
        *(b'{"t": NaN, "type": "end"}', b'{"t": -1, "type": "end"}', b'{"t": 1, "type": "rows"}', b'{"t": 1, "type":'),
        b'{"t": 1, "type": "rows", "rows": 5}',
        b'{"t": 1, "type": "statement", "kind": "ddl", "verdict": "deny"}',
        b'{"t": 1, "type": "statement", "kind": "ddl", "text": 5, "verdict": "deny"}',
    ],
)
def test_whatever_else_stands_in_json_lines_is_no_record(line: bytes) -> None:
    with pytest.raises(NoRecord):
        read(LINES, line)
