"""Options among words, and lists of words, for the tables of programs. Pure."""

from collections.abc import Sequence

from proxy.shell.handed_on import Word


def split_words(names: str) -> frozenset[str]:
    """A table's entry, written as words."""
    return frozenset(names.split())


def has_option(words: Sequence[Word], letters: str, long: str) -> bool:
    """Whether one of these short options (letters) or long ones (words, which may be abbreviated) is given."""
    for word in words:
        if word is None or len(word) < 2 or word[0] != "-":
            continue
        if word.startswith("--"):
            given = word[2:].partition("=")[0]
            if given and any(name.startswith(given) for name in long.split()):
                return True
        elif not set(letters).isdisjoint(word[1:]):
            return True
    return False
