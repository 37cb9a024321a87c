"""JSON as it is read where something may be masked: exactly, and in one way only.

Refused (`Unreadable`): members of one name in one object, of which one reader takes the first and another the last
(RFC 8259, 4); NaN and Infinity, which are no JSON; halves of surrogate pairs; nesting beyond what Python reads. Numbers
stay as they are written: Go's int64 and float64 are not Python's.
"""

import json
from dataclasses import dataclass
from typing import Any, NoReturn

from proxy.kubernetes.objects.unreadable import Unreadable

#: Of the private use area (Unicode 16, 23.5): what marks a number in a tree of strings.
_MARKS = range(0xE000, 0xF900)
#: What API servers send is nested twenty deep, schemas fifty.
_MAX_DEPTH = 1000
_TOO_DEEP = "an API server's answer is nested too deep to be looked at"


class Number(str):
    """A number's text behind the mark of its document, so that it can be told from strings when it is written."""

    __slots__ = ()

    @property
    def literal(self) -> str:
        """As it stood in the text."""
        return self[1:]


@dataclass(frozen=True)
class Document:
    """What a text says, as dicts, lists, strings, Numbers, booleans and None."""

    #: The value, alone in a list, so that it can be replaced as any other.
    root: list[Any]
    #: Stands before each Number, and nowhere else in it.
    mark: str

    @property
    def value(self) -> Any:
        """The value."""
        return self.root[0]

    def zero(self) -> Number:
        """What stands for a number that is masked: a client of Go's must still read one."""
        return Number(self.mark + "0")


def read(text: str) -> Document:
    """The one value of `text`. Raises Unreadable."""
    mark = _mark_for(text)

    def number(literal: str) -> Number:
        return Number(mark + literal)

    try:
        value: Any = json.loads(
            text, object_pairs_hook=_object, parse_int=number, parse_float=number, parse_constant=_refuse
        )
    except RecursionError as error:
        raise Unreadable(_TOO_DEEP) from error
    except ValueError as error:
        raise Unreadable("an API server's answer is no JSON") from error
    if text.count("{") + text.count("[") > _MAX_DEPTH:
        _bound_depth(value)
    return Document([value], mark)


def end_of(text: str, start: int) -> int | None:
    """Where the value that begins at text[start] ends; None if it is not all there, or no JSON. Raises Unreadable."""
    try:
        return _skipping.raw_decode(text, start)[1]
    except RecursionError as error:
        raise Unreadable(_TOO_DEEP) from error
    except ValueError:
        return None


def _mark_for(text: str) -> str:
    lowered = text.lower() if "\\u" in text else ""
    return next(chr(code) for code in _MARKS if chr(code) not in text and f"\\u{code:04x}" not in lowered)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Unreadable("an API server's answer names a member of an object twice")
    return members


def _refuse(_constant: str) -> NoReturn:
    raise Unreadable("an API server's answer holds a number that is no JSON")


def _bound_depth(value: Any) -> None:
    """By levels, without recursion."""
    level: list[Any] = [value]
    for _ in range(_MAX_DEPTH + 1):
        below: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                below += each.values()
            elif isinstance(each, list):
                below += each
        if not below:
            return
        level = below
    raise Unreadable(_TOO_DEEP)


#: Makes little of what it reads: of an object at once the number of its members.
_skipping = json.JSONDecoder(object_hook=len, parse_int=len, parse_float=len, parse_constant=_refuse)
