"""The header Forwarded (RFC 7239, 4): what each proxy says of whom it heard, nearest last. Pure.

Read by its grammar to the last letter: what is no Forwarded says nothing at all, for whoever wrote one part of it may
have wanted the others read otherwise.
"""

import re
from collections.abc import Sequence
from typing import Final

#: RFC 9110, 5.6.2 and 5.6.4: a token, or what stands in quotes, where a backslash takes the next letter as it is.
_NAME: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED: Final = r'"(?:[\t !#-\[\]-~\x80-\U0010ffff]|\\[\t -~\x80-\U0010ffff])*"'
_PAIR: Final = re.compile(f"({_NAME})=({_NAME}|{_QUOTED})")
_ESCAPED: Final = re.compile(r"\\(.)")
_BLANKS: Final = re.compile(r"[ \t]*")


class Malformed(ValueError):
    """It is no Forwarded."""


def hops(values: Sequence[str]) -> list[str | None]:
    """`for=` of each element, from the client on; None: an element says none. Raises Malformed.

    `values` are those of the header's lines, in their order. An empty element is none (RFC 9110, 5.6.1.2).
    """
    return [node for value in values for node in _of_line(value)]


def _of_line(value: str) -> list[str | None]:
    found: list[str | None] = []
    at = _blanks(value, 0)
    while at < len(value):
        if value[at] != ",":
            node, at = _element(value, at)
            found.append(node)
            at = _blanks(value, at)
            if at < len(value) and value[at] != ",":
                raise Malformed
        at = _blanks(value, at + 1)
    return found


def _element(value: str, at: int) -> tuple[str | None, int]:
    """One element, and where it ends. Pairs may lack between semicolons; of one name there is one (RFC 7239, 4)."""
    said: dict[str, str] = {}
    while True:
        if (pair := _PAIR.match(value, at)) is not None:
            name, word = pair[1].lower(), pair[2]
            if name in said:
                raise Malformed
            said[name] = _ESCAPED.sub(r"\1", word[1:-1]) if word.startswith('"') else word
            at = pair.end()
        after = _blanks(value, at)
        if not value.startswith(";", after):
            break
        at = _blanks(value, after + 1)
    if not said:
        raise Malformed
    return said.get("for"), at


def _blanks(value: str, at: int) -> int:
    """Where blanks that begin at `at` end."""
    blanks = _BLANKS.match(value, at)
    return blanks.end() if blanks is not None else at
