"""Options among words, and lists of words, for the tables of programs. Pure."""

import posixpath
import re
from collections.abc import Sequence

from proxy.shell.handed_on import Word

_INPUTS = re.compile(r"stdin|stdout|stderr|tty\w*|console|ptmx|environ|cmdline|comm|\d+")


def split_words(names: str) -> frozenset[str]:
    """A table's entry, written as words."""
    return frozenset(names.split())


def is_input(file: Word) -> bool:
    """Whether a program that is to run this file may read its own input, a device or what /proc says of a process.

    From another folder these have short names: `cd /dev; sh stdin`, `sh ../../dev/fd/0`.
    """
    if file is None or file.startswith("-"):
        return True
    path = posixpath.normpath(file).lstrip("/") if file.startswith("/") else ""
    return path.startswith(("dev/", "proc/")) or _INPUTS.fullmatch(posixpath.basename(file)) is not None


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
