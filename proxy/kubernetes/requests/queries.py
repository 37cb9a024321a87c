"""The query of a request: its parameters as an API server takes them, each of them read in one way or not at all. Pure.

URL Standard, 5.1 (application/x-www-form-urlencoded), which Go's net/url reads likewise: pieces between `&`, `+` is a
space. An API server takes the first of a parameter that is given twice (k8s.io/apimachinery,
pkg/runtime/conversion.go); others take the last, so what is given twice and may be given once is refused when it is
asked for.
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from proxy.kubernetes.requests.unreadable import Unreadable

MAX_PARAMETERS: Final = 10_000

_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,18}")
#: To an API server whatever is not `0` or `false` is on, even `off`: who writes that means something else.
_ON: Final = frozenset({"", "1", "true"})
_OFF: Final = frozenset({"0", "false"})


@dataclass(frozen=True)
class Query:
    """Parameters in the order in which they came."""

    pairs: tuple[tuple[str, str], ...] = ()

    def every(self, name: str) -> tuple[str, ...]:
        """All values of one that may be given often."""
        return tuple(value for key, value in self.pairs if key == name)

    def one(self, name: str) -> str | None:
        """The value of one that may be given once; None if it is not given. Raises Unreadable if it is given twice."""
        values = self.every(name)
        if len(values) > 1:
            raise Unreadable(f"The parameter {name} is given {len(values)} times. Give it once.")
        return values[0] if values else None

    def flag(self, name: str) -> bool:
        """One that is on or off; alone (`?watch`) it is on. Raises Unreadable for a word that is read otherwise."""
        value = self.one(name)
        if value is None or value.lower() in _OFF:
            return False
        if value.lower() in _ON:
            return True
        raise Unreadable(f"The parameter {name} is neither true nor false. Write {name}=true, or leave it out.")

    def number(self, name: str) -> int | None:
        """A whole number (int64 in the API). Raises Unreadable for anything else."""
        value = self.one(name)
        if value is not None and not _INTEGER.fullmatch(value):
            raise Unreadable(f"The parameter {name} is no whole number. Write one, or leave it out.")
        return None if value is None else int(value)


def read(query: str) -> Query:
    """Reads a query (of proxy.kubernetes.requests.paths.split); raises Unreadable for escapes that are no text."""
    pieces = [piece for piece in query.split("&") if piece]
    if len(pieces) > MAX_PARAMETERS:
        raise Unreadable("The query of the address has too many parameters. Ask for less in one request.")
    return Query(tuple((_text(name), _text(value)) for name, _, value in (piece.partition("=") for piece in pieces)))


def _text(piece: str) -> str:
    if ";" in piece:
        # Go drops the parameter, others part it there.
        raise Unreadable("The query of the address has a semicolon. Write %3B.")
    try:
        text = unquote_to_bytes(piece.replace("+", " ")).decode()
    except UnicodeDecodeError:
        raise Unreadable("The query of the address has escapes that are not UTF-8. Write text in UTF-8.") from None
    if "\0" in text:
        raise Unreadable("The query of the address has an escaped null byte (%00). Leave it out.")
    return text
