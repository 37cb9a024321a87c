"""Recordings played again: each record when it is due, as text that does nothing to the terminal but draw on it."""

import json
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any, assert_never, cast

from access.visible import visible, visible_line
from storage.recordings import files, formats
from storage.recordings.formats import Format
from storage.recordings.screen import Screen

#: Pauses longer than this are cut short in a replay.
LONGEST_PAUSE_S = 2.0
#: However slowly it is played.
LONGEST_WAIT_S = 3600.0


class Player:
    """How the records of one format are written; `end` is written last, whatever happens before."""

    end = b""

    def __init__(self, recording_format: Format, shown: Callable[[Any], bytes]) -> None:
        self.format = recording_format
        self.shown = shown


class _CastPlayer(Player):
    """An asciicast: what ran in a terminal is drawn, what ran without one is printed."""

    def __init__(self) -> None:
        super().__init__(Format.ASCIICAST, self._shown)
        #: By channel; those without a terminal have none.
        self._screens: dict[str, Screen] = {}

    @property
    def end(self) -> bytes:
        """Leave the terminal as it was."""
        return b"".join(screen.reset.encode() for screen in self._screens.values())

    def _shown(self, record: list[Any]) -> bytes:
        code, _, channel = str(record[1]).partition(".")
        if code == "c":
            self._opened(str(record[2]))
        if code in _BESIDE:
            # What was asked for, and files and connections beside it; a drawn screen is left as it is.
            return b"" if self._screens else f"# {visible_line(_BESIDE[code](str(record[2])))}\n".encode()
        text = files.shown(record).decode("utf-8", "replace")
        screen = self._screens.get(channel or "0")
        return (_printed(text) if screen is None else screen.feed(text)).encode()

    def _opened(self, event: str) -> None:
        facts = formats.channel_event(event)
        if facts is not None and facts.get("event") == "open" and facts.get("terminal"):
            self._screens[str(facts["channel"])] = Screen()


def _moved(event: str) -> str:
    """`download /etc/motd, 286 bytes, SHA-256 …`, from what is on record of a file."""
    facts = _facts(event)
    words = [f"{facts.get('operation', 'file')} {facts.get('path') or '(a stream)'}"]
    words[0] += f" to {facts['to']}" if facts.get("to") else ""
    words += [f"{facts.get('bytes', 0):,} bytes"] if "sha256" in facts or facts.get("bytes") else []
    words += [f"from byte {facts['offset']:,}"] if facts.get("offset") else []
    words += ["at the file's end"] if facts.get("appended") else []
    words += [f"{name} {value}" for name, value in _set(facts.get("attributes"))]
    words += [f"SHA-256 {facts['sha256']}"] if facts.get("sha256") else []
    return ", ".join([*words, "not to its end"] if facts.get("done") is False else words)


def _set(attributes: Any) -> list[tuple[str, Any]]:
    return sorted(cast("dict[str, Any]", attributes).items()) if isinstance(attributes, dict) else []


def _forwarded(event: str) -> str:
    """`forwarded db.internal:5432: 10 bytes in, 20 bytes out, 1.5 s`, or that it was opened."""
    facts = _facts(event)
    if facts.get("event") != "close":
        return f"forwarding to {facts.get('destination', '')}"
    return (
        f"forwarded to {facts.get('destination', '')}: {facts.get('bytes_in', 0)} bytes in, "
        f"{facts.get('bytes_out', 0)} bytes out, {facts.get('seconds', 0)} s"
    )


def _facts(event: str) -> dict[str, Any]:
    try:
        facts: Any = json.loads(event)
    except ValueError:
        return {}
    return cast("dict[str, Any]", facts) if isinstance(facts, dict) else {}


#: Records of what is not on the screen, and how each is said.
_BESIDE: dict[str, Callable[[str], str]] = {"m": str, "f": _moved, "w": _forwarded}


def player(recording_format: Format, *, raw: bool = False) -> Player:
    """The player of a format; `raw`: the recorded bytes of a terminal or command, whatever they do."""
    match recording_format:
        case Format.ASCIICAST:
            return Player(recording_format, files.shown) if raw else _CastPlayer()
        case Format.JSON_LINES:
            return Player(recording_format, _sql_line)
        case _:
            assert_never(recording_format)


def play(records: Iterable[Any], how: Player, speed: float) -> None:
    """Write each record to standard output when it is due; `speed` 0 writes all at once."""
    last = 0.0
    try:
        for record in records:
            at = formats.seconds(how.format, record)
            if speed > 0:
                time.sleep(min(min(max(at - last, 0), LONGEST_PAUSE_S) / speed, LONGEST_WAIT_S))
            last = at
            _write(how.shown(record))
    finally:
        _write(how.end)


def _write(data: bytes) -> None:
    if data:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


def _printed(text: str) -> str:
    """Output of a command without a terminal: lines and tabs, and nothing that a terminal would obey."""
    return "\t".join(map(visible, text.replace("\r\n", "\n").split("\t")))


def _sql_line(record: dict[str, Any]) -> bytes:
    at = f"{record['t']:9.3f}"
    rest = {name: value for name, value in record.items() if name not in ("t", "type")}
    if record["type"] == "statement":
        lines = [f"{at}  > {visible_line(record['text'])}  [{visible_line(record['verdict'])}]"]
    elif record["type"] == "rows":
        lines = [f"           {_json(row)}" for row in rest["rows"]]
    else:
        lines = [f"{at}  {visible_line(str(record['type']))} {_json(rest)}"]
    return "".join(f"{line}\n" for line in lines).encode()


def _json(value: Any) -> str:
    """One line of JSON that a terminal shows as it stands."""
    return visible_line(json.dumps(value, ensure_ascii=False))
