"""The two formats of recordings: which protocol has which, and what one record of either says. Pure.

- asciicast v2 (docs.asciinema.org) for terminals and commands: a record is `[seconds, code, text]`, and a statement is
  a marker, `m`, with "kind: text" or "kind (verdict): text";
- JSON lines for SQL: a record is an object with `t` (seconds since the start) and `type`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, assert_never

from storage.model import Protocol


class Format(StrEnum):
    """A format, by the suffix of its files."""

    ASCIICAST = "cast"
    JSON_LINES = "jsonl"


@dataclass(frozen=True)
class RecordedStatement:
    """A statement as it was recorded; `verdict` is allow, deny or review, or what became of a review."""

    kind: str
    verdict: str


def format_of(protocol: Protocol) -> Format:
    """The format in which sessions of this protocol are recorded."""
    match protocol:
        case Protocol.SSH | Protocol.KUBERNETES:
            return Format.ASCIICAST
        case Protocol.POSTGRES:
            return Format.JSON_LINES
        case _:
            assert_never(protocol)


def seconds(recording_format: Format, record: Any) -> float:
    """When the record was written, in seconds since the session's start."""
    match recording_format:
        case Format.ASCIICAST:
            return float(record[0])
        case Format.JSON_LINES:
            return float(record["t"])
        case _:
            assert_never(recording_format)


def statement(recording_format: Format, record: Any) -> RecordedStatement | None:
    """The statement that the record is; None for any other record."""
    match recording_format:
        case Format.ASCIICAST:
            return _marker(str(record[2])) if record[1] == "m" else None
        case Format.JSON_LINES:
            if record.get("type") != "statement":
                return None
            return RecordedStatement(str(record["kind"]), str(record["verdict"]))
        case _:
            assert_never(recording_format)


def row_count(recording_format: Format, record: Any) -> int:
    """How many rows of a result the record holds."""
    match recording_format:
        case Format.ASCIICAST:
            return 0
        case Format.JSON_LINES:
            return len(record.get("rows", ())) if record.get("type") == "rows" else 0
        case _:
            assert_never(recording_format)


def _marker(note: str) -> RecordedStatement:
    kind, _, verdict = note.partition(":")[0].partition(" (")
    return RecordedStatement(kind, verdict.rstrip(")") or "allow")
