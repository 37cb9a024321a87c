"""E-mail addresses: when two are one. Pure.

No two mailboxes in practice differ by case alone (RFC 5321, 2.4), but they do by letters: `straße.de` and `strasse.de`
have two owners, and so have names with a long s or a Kelvin sign, which comparing without case takes for s and k.
"""


def folded(address: str) -> str:
    """The address in lower case, each letter still the one that was written: what is compared."""
    return "".join(map(_lower, address))


def _lower(letter: str) -> str:
    low = letter.lower()
    return low if len(low) == 1 and low.isascii() is letter.isascii() else letter
