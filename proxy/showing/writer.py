"""Writes the text of one statement from its tokens: what each literal is for says how it is shown. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, field

from proxy.showing.literals.settings import decides, is_command, is_plausible, is_secret
from proxy.showing.literals.uses import BITS, NAMES, NUMBERS, STRINGS, Role, Use, Uses
from proxy.showing.names import show_name
from proxy.showing.shell import show_command
from proxy.showing.shown import Shown
from proxy.showing.values import (
    ANY_BITS,
    ANY_NUMBER,
    ANY_TEXT,
    SECRET,
    is_sensitive,
    plain,
    quoted,
    shown_number,
    shown_string,
    unmarked,
)
from proxy.syntax.sql import Token
from proxy.syntax.words import name_value

#: Shows code: its language ("" is SQL) and its text.
ShowCode = Callable[[str, str], Shown]

_INDENT = 8
#: Roles in which no character decides what runs.
_PLAIN = frozenset({Role.SECRET, Role.OPTION})

_HIDDEN_SETTING = "The value of {} cannot be shown. Use plain words, without quotes, addresses or long numbers."
_HIDDEN_NAME = "A name, path or option in quotes cannot be shown. Use plain words, without addresses or long numbers."

#: With standard_conforming_strings off, a backslash in a plain string begins an escape.
_TWO_READINGS = (
    "A literal that decides what runs has a backslash, which other settings read otherwise. Write it as E'…' or $$…$$."
)


@dataclass(frozen=True)
class Manner:
    """How much is shown."""

    #: Literals by their length and short numbers as they are; if not, by their type alone, whatever they say.
    exact: bool = True
    #: Short numbers too by their class.
    hides_numbers: bool = False
    #: Line breaks between tokens stay.
    keeps_lines: bool = False


@dataclass
class Writer:
    """One text in the making."""

    uses: Uses
    manner: Manner
    show_code: ShowCode
    unreviewable: list[str] = field(default_factory=list[str])
    #: Where bare words start that were replaced like literals.
    replaced: set[int] = field(default_factory=set[int])

    def text(self) -> str:
        """The tokens in order, with one blank or line break where something was between them. Raises Unreadable."""
        parts: list[str] = []
        end = 0
        for token in self.uses.tokens:
            shown = self._token(token)
            if parts:
                parts.append(self._between(end, token.start, parts[-1], shown))
            parts.append(shown)
            end = token.end
        return "".join(parts)

    def _between(self, end: int, start: int, before: str, behind: str) -> str:
        if start == end:
            return " " if _would_join(before, behind) else ""
        gap = self.uses.sql[end:start]
        if not self.manner.keeps_lines or b"\n" not in gap:
            return " "
        return "\n" + " " * min(len(gap) - gap.rindex(b"\n") - 1, _INDENT)

    def _token(self, token: Token) -> str:
        source = self.uses.sql[token.start : token.end]
        use = self.uses.by_start.get(token.start)
        if use is not None:
            return self._used_string(use, token, source) if token.kind in STRINGS else self._bare(use, token, source)
        if token.kind in STRINGS:
            return shown_string(self.uses.value(token)) if self.manner.exact else ANY_TEXT
        if token.kind in NUMBERS:
            return self._number(source.decode())
        if token.kind in BITS:
            return shown_string(source.decode()[2:-1], "bits") if self.manner.exact else ANY_BITS
        if token.kind in NAMES:
            name = show_name(source)
            self._refuse(name.unreviewable)
            return name.text
        return source.decode()

    def _used_string(self, use: Use, token: Token, source: bytes) -> str:
        if source.startswith(b"'") and b"\\" in source and use.role not in _PLAIN:
            self._refuse(_TWO_READINGS)
        return self._used(use, self.uses.value(token))

    def _bare(self, use: Use, token: Token, source: bytes) -> str:
        """A setting's value without quotes: a word or a number."""
        word = name_value(source)
        shown = self._used(use, word)
        if shown == quoted(word) and word.isascii():
            return source.decode()
        self.replaced.add(token.start)
        return shown

    def _number(self, source: str) -> str:
        if not self.manner.exact:
            return ANY_NUMBER
        return shown_number(source, hides=self.manner.hides_numbers)

    def _used(self, use: Use, value: str) -> str:
        match use.role:
            case Role.SQL:
                return self._inner(self.show_code("", value))
            case Role.BODY:
                return self._inner(self.show_code(use.name, value))
            case Role.COMMAND:
                return self._inner(self._command(value))
            case Role.SECRET:
                return SECRET
            case Role.SETTING:
                return self._setting(use.name, value)
            case Role.OPTION:
                return quoted(value) if is_plausible(value) else shown_string(value)
            case Role.FILE:
                return self._named(value, shows=not is_sensitive(value))
            case Role.NAME | Role.DECIDING:
                return self._named(value, shows=is_plausible(value))

    def _named(self, value: str, *, shows: bool) -> str:
        if shows:
            return quoted(value)
        self._refuse(_HIDDEN_NAME)
        return shown_string(value)

    def _setting(self, name: str, value: str) -> str:
        if is_command(name):
            return self._inner(self._command(value))
        if is_secret(name):
            return SECRET
        if decides(name) and is_plausible(value):
            return quoted(value)
        if decides(name):
            self._refuse(_HIDDEN_SETTING.format(plain(name)))
        return shown_string(value)

    @staticmethod
    def _command(line: str) -> Shown:
        shown = show_command(line)
        return Shown(unmarked(shown.text), shown.unreviewable)

    def _inner(self, shown: Shown) -> str:
        """Code as a literal; in dollar quotes where it has lines or quotes of its own."""
        self._refuse(shown.unreviewable)
        text = shown.text.strip()
        if not text or not ("'" in text or "\n" in text) or "$$" in text or text.endswith("$"):
            return "'" + text.replace("'", "''") + "'"
        between = "\n" if "\n" in text else " "
        return f"$${between}{text}{between}$$"

    def _refuse(self, sentence: str) -> None:
        if sentence and sentence not in self.unreviewable:
            self.unreviewable.append(sentence)


def _would_join(before: str, behind: str) -> bool:
    """Whether two tokens, one of them replaced, would read as one."""
    return (before[-1:] in "›'\"" and behind[:1].isalnum()) or (before[-1:].isalnum() and behind[:1] in "‹'\"")
