"""E-mail addresses: what is one, and when two are. Pure.

No two mailboxes in practice differ by case alone (RFC 5321, 2.4), but they do by letters: `straße.de` and `strasse.de`
have two owners, and so have names with a long s or a Kelvin sign, which comparing without case takes for s and k.
"""

from typing import Final

_MAX_CHARS: Final = 320


def is_address(text: str) -> bool:
    """Whether it may be one at all: something at something, on one line and without spaces."""
    before, _, behind = text.partition("@")
    is_plain = text.isprintable() and not any(each.isspace() or each in "<>" for each in text)
    return bool(before and behind) and "@" not in behind and is_plain and len(text) <= _MAX_CHARS


def folded(address: str) -> str:
    """The address in lower case, each letter still the one that was written: what is compared."""
    return "".join(map(_lower, address))


def _lower(letter: str) -> str:
    low = letter.lower()
    return low if len(low) == 1 and low.isascii() is letter.isascii() else letter
