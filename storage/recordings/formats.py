"""The two formats of recordings: which protocol has which, and what one record of either says. Pure.

- asciicast v2 (docs.asciinema.org) for terminals and commands: a record is `[seconds, code, text]`, and a statement is
  a marker, `m`, with "kind: text" or "kind (verdict): text";
- JSON lines for SQL: a record is an object with `t` (seconds since the start) and `type`.
"""

import binascii
import json
from base64 import b64decode
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, assert_never, cast

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


class NoRecord(ValueError):
    """A line that no recorder wrote."""


#: No session lasts so long, in seconds; what is beyond is no time that was measured.
_LONGEST_S = 1e9
#: Asciicast's codes of output that stands as base64.
_BASE64_CODES = ("b", "eb")
_EVENT_MEMBERS = 3


def read(recording_format: Format, line: bytes) -> Any:
    """The record that a line is, with all the members that are read of its kind. Raises NoRecord."""
    try:
        record: Any = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise NoRecord from error
    match recording_format:
        case Format.ASCIICAST:
            known = _is_event(record)
        case Format.JSON_LINES:
            known = _is_object(record)
        case _:
            assert_never(recording_format)
    if not known:
        raise NoRecord
    return record


def _is_event(record: Any) -> bool:
    """Of an asciicast: a time, a code, and a text that is what the code says."""
    if not isinstance(record, list) or len(record := cast("list[Any]", record)) != _EVENT_MEMBERS:
        return False
    at, kind, text = record
    if not _is_time(at) or not isinstance(kind, str) or not isinstance(text, str):
        return False
    code = kind.partition(".")[0]
    if code in _BASE64_CODES:
        return _is_base64(text)
    return code != "c" or channel_event(text) is not None


def _is_object(record: Any) -> bool:
    """Of JSON lines: a time, a type, and what is read of a record of that type."""
    if not isinstance(record, dict):
        return False
    members = cast("dict[str, Any]", record)
    if not _is_time(members.get("t")) or not isinstance(members.get("type"), str):
        return False
    if members["type"] == "statement":
        return all(isinstance(members.get(name), str) for name in ("kind", "text", "verdict"))
    return members["type"] != "rows" or isinstance(members.get("rows"), list)


def _is_time(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _LONGEST_S


def _is_base64(text: str) -> bool:
    try:
        b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def channel_event(text: str) -> dict[str, Any] | None:
    """What an asciicast's `c` says of a channel, with the channel's number; None for what says nothing of one."""
    try:
        event: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict) or not isinstance(cast("dict[str, Any]", event).get("channel"), int):
        return None
    return cast("dict[str, Any]", event)


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
