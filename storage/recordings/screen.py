"""What of a recorded terminal may reach the terminal of whoever replays it. Pure.

A recording holds what a program wrote, and programs write sequences that do things: set the clipboard, name the
window, ask the terminal to answer (and so to type), hide text. Only what draws is let through, by the lists below:
text, colours, the cursor, erasing, the alternate screen. Everything else is dropped, and a character that cannot be
seen is shown as its code. The sequences are those of ECMA-48 and of xterm's "Control Sequences"
(invisible-island.net/xterm/ctlseqs).
"""

import re
from collections.abc import Iterator
from enum import Enum, auto

_ESC = "\x1b"
#: New lines, tabs and steps back; SO and SI change between the character sets that `ESC (` chooses.
_CONTROLS = frozenset("\n\r\t\b\x0e\x0f")
_ABORTS = frozenset("\x18\x1a")
_BELL = "\x07"

#: Cursor, erasing, inserting and deleting, scrolling, margins; none of them is answered.
_DRAWING = frozenset("ABCDEFGHIJKLMPSTXZ@`adefr")
#: Saving and restoring the cursor; with parameters these letters mean something else.
_BARE = frozenset("su")
#: Modes that only change how text is drawn: insert; with `?` wrapping, the cursor, the alternate screen.
_MODES = frozenset({"4", "?7", "?12", "?25", "?47", "?1047", "?1048", "?1049"})
#: Two-character sequences: save and restore the cursor, index, next line, reverse index.
_PAIRS = frozenset("78DEM")
#: Line drawing and ASCII, which are chosen by `ESC (` and `ESC )`.
_CHARACTER_SETS = frozenset("0B")
#: Strings of these kinds end with ST: device control, start of string, operating system, privacy, application.
_STRINGS = frozenset("PX]^_")

_PARAMETERS = re.compile(r"\d{0,4}(?:;\d{0,4})*")
_COLOURS = re.compile(r"[\d:]{0,20}(?:;[\d:]{0,20})*")
#: Longer sequences than any that draws.
_MAX_SEQUENCE = 128
#: A string that goes on for longer has swallowed what was to be seen, so it is over.
_MAX_STRING = 4096

_CONCEAL = "8"
#: They take the codes behind them: a colour by number (`5;N`) or by its parts (`2;R;G;B`).
_COLOUR_OF = frozenset({"38", "48", "58"})
_COLOUR_LENGTHS = {"5": 2, "2": 4}
_ERASES_HISTORY = "3"
_ALTERNATE = frozenset({"?47", "?1047", "?1049"})

#: Puts right what a recording may have left behind: margins, colours, character set, insert mode, wrapping, the cursor.
_RESET = f"{_ESC}7{_ESC}[r{_ESC}8{_ESC}[0m{_ESC}(B\x0f{_ESC}[4l{_ESC}[?7h{_ESC}[?25h"


class _State(Enum):
    TEXT = auto()
    ESCAPE = auto()
    #: After ESC and one of `( ) # %` and their kin.
    INTERMEDIATE = auto()
    SEQUENCE = auto()
    STRING = auto()
    #: ESC inside a string: its end if a backslash follows.
    STRING_ESCAPE = auto()


class Screen:
    """One stream of one terminal; it may be cut anywhere between two calls of `feed`."""

    def __init__(self) -> None:
        self._state = _State.TEXT
        self._held = ""
        self._length = 0
        self._alternate = False

    @property
    def reset(self) -> str:
        """What puts a terminal right again after all that was fed here."""
        return f"{_ESC}[?1049l{_RESET}" if self._alternate else _RESET

    def feed(self, text: str) -> str:
        """What of `text` draws; a sequence whose end is missing waits for it."""
        return "".join(self._read(text))

    def _read(self, text: str) -> Iterator[str]:
        for character in text:
            match self._state:
                case _State.TEXT:
                    yield self._text(character)
                case _State.ESCAPE:
                    yield self._escape(character)
                case _State.INTERMEDIATE:
                    yield self._intermediate(character)
                case _State.SEQUENCE:
                    yield self._sequence(character)
                case _State.STRING:
                    yield self._string(character)
                case _State.STRING_ESCAPE:
                    yield self._string_escape(character)

    def _to(self, state: _State, held: str = "") -> str:
        self._state, self._held, self._length = state, held, 0
        return ""

    def _text(self, character: str) -> str:
        if character == _ESC:
            return self._to(_State.ESCAPE)
        return shown(character)

    def _escape(self, character: str) -> str:
        if character == "[":
            return self._to(_State.SEQUENCE)
        if character in _STRINGS:
            return self._to(_State.STRING, character)
        if "\x20" <= character <= "\x2f":
            return self._to(_State.INTERMEDIATE, character)
        if character == _ESC:
            return ""
        self._to(_State.TEXT)
        if character in _PAIRS:
            return _ESC + character
        return shown(character) if character in _CONTROLS else ""

    def _intermediate(self, character: str) -> str:
        if character == _ESC:
            return self._to(_State.ESCAPE)
        if "\x20" <= character <= "\x2f":
            self._held += character[: _MAX_SEQUENCE - len(self._held)]
            return ""
        held = self._held
        self._to(_State.TEXT)
        return f"{_ESC}{held}{character}" if held in ("(", ")") and character in _CHARACTER_SETS else ""

    def _sequence(self, character: str) -> str:
        if character == _ESC:
            return self._to(_State.ESCAPE)
        if character in _ABORTS:
            return self._to(_State.TEXT)
        if "\x20" <= character <= "\x3f":
            self._held += character
            return "" if len(self._held) <= _MAX_SEQUENCE else self._to(_State.TEXT)
        if character in _CONTROLS:
            return shown(character)  # A terminal obeys them in the midst of a sequence.
        held = self._held
        self._to(_State.TEXT)
        drawing = _drawing(held, character)
        if character in ("h", "l") and not _ALTERNATE.isdisjoint(_modes(held)):
            self._alternate = character == "h"
        return drawing

    def _string(self, character: str) -> str:
        self._length += 1
        if character == _ESC:
            self._state = _State.STRING_ESCAPE
            return ""
        ends = character in _ABORTS or (self._held == "]" and (character == _BELL or character in _CONTROLS))
        if ends or self._length > _MAX_STRING:
            self._to(_State.TEXT)
            return "\n" if character == "\n" else ""
        return ""

    def _string_escape(self, character: str) -> str:
        if character == "\\":
            return self._to(_State.TEXT)
        self._to(_State.ESCAPE)
        return self._escape(character)


def shown(character: str) -> str:
    """One character of text: itself if it can be seen or moves the cursor in its line, else its code."""
    if character.isprintable() or character in _CONTROLS:
        return character
    if character in {_BELL, "\x00", "\x0b", "\x0c", "\x7f"} | _ABORTS:
        return ""
    return character.encode("unicode_escape", "surrogatepass").decode()


def _drawing(parameters: str, final: str) -> str:
    """The control sequence if all it does is draw, else nothing."""
    whole = f"{_ESC}[{parameters}{final}"
    if final == "m":
        return _colours(parameters)
    if final in ("h", "l"):
        wanted = _modes(parameters)
        return f"{_ESC}[{';'.join(wanted).replace(';?', ';')}{final}" if wanted else ""
    if final in _BARE:
        return whole if not parameters else ""
    if final not in _DRAWING or not _PARAMETERS.fullmatch(parameters):
        return ""
    if final == "T" and ";" in parameters:
        return ""  # With more parameters it starts mouse tracking.
    erased = {number.lstrip("0") for number in parameters.split(";")} if final == "J" else set[str]()
    return "" if _ERASES_HISTORY in erased else whole


def _colours(parameters: str) -> str:
    """SGR without `conceal`, which would hide text from whoever looks."""
    if not _COLOURS.fullmatch(parameters):
        return ""
    codes, kept = parameters.split(";"), list[str]()
    while codes:
        taken = 1
        if codes[0] in _COLOUR_OF and len(codes) > 1:
            taken += _COLOUR_LENGTHS.get(codes[1], 0)
        if codes[0].lstrip("0") != _CONCEAL:
            kept += codes[:taken]
        del codes[:taken]
    return f"{_ESC}[{';'.join(kept)}m" if kept else ""


def _modes(parameters: str) -> list[str]:
    """Those of the modes that only draw, each with its `?`."""
    private = "?" if parameters.startswith("?") else ""
    return [mode for number in parameters.removeprefix("?").split(";") if (mode := private + number) in _MODES]
