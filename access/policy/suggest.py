"""Did you mean …? The closest known word to one that is unknown. Pure."""

from collections.abc import Iterable
from difflib import get_close_matches

_CLOSE_ENOUGH = 0.6
_LONGEST_COMPARED = 100


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is close to this one, if any is."""
    close = get_close_matches(word[:_LONGEST_COMPARED].lower(), sorted(known), n=1, cutoff=_CLOSE_ENOUGH)
    return close[0] if close else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` Did you mean payments-db?`, with its leading space, or nothing when no known word is close."""
    close = closest(word, known)
    return f" Did you mean {close}?" if close is not None else ""
