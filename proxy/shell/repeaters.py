"""Programs that run a command once for each thing that they find or are given: find, xargs, parallel. Pure.

What they put into a command's words before it runs is seen by nobody here, so they say where it goes.
"""

from collections.abc import Sequence
from dataclasses import replace

from proxy.shell.handed_on import UNKNOWN, Reader, Runs, Word
from proxy.shell.prefixes import PREFIXES

REPEATERS = frozenset({"find", "xargs", "parallel"})
#: Behind the command's own words these put what comes from a pipe.
APPENDS = frozenset({"xargs", "parallel"})

_EXECUTES = frozenset({"-exec", "-execdir", "-ok", "-okdir"})
_DEFAULT = "{}"
#: All of what parallel replaces, but for `{= … =}`, which is Perl.
_REPLACED = frozenset({_DEFAULT, "{.}", "{/}", "{//}", "{/.}", "{#}", "{%}"})


def repeated(name: str, arguments: Sequence[Word]) -> Runs:
    """What `name arguments…` hands on; `name` is one of REPEATERS."""
    match name:
        case "find":
            return _find(arguments)
        case "xargs":
            return _xargs(arguments)
        case _:
            return _parallel(arguments)


def _find(arguments: Sequence[Word]) -> Runs:
    """A plus ends a command behind `{}` alone. What is computed may be the end of one command, and begin another."""
    commands: list[tuple[int, int]] = []
    at = 0
    while at < len(arguments):
        if arguments[at] in _EXECUTES:
            end = next((i for i in range(at + 1, len(arguments)) if _ends(arguments, i)), len(arguments))
            commands.append((at + 1, end))
            at = end
        at += 1
    return Runs(commands=tuple(commands), unknown=None in arguments, placeholder=_DEFAULT)


def _ends(arguments: Sequence[Word], at: int) -> bool:
    return arguments[at] == ";" or (arguments[at] == "+" and arguments[at - 1] == _DEFAULT)


def _xargs(arguments: Sequence[Word]) -> Runs:
    """`xargs -I % sh -c 'echo %'`."""
    found = Reader(PREFIXES["xargs"], arguments).read()
    own = arguments[: min((start for start, _ in found.commands), default=0)]
    return replace(found, placeholder=next(filter(None, map(_replaced, own, [*own[1:], None])), ""))


def _replaced(word: Word, follows: Word) -> str:
    """What this option of xargs says is replaced; empty if it says nothing of it."""
    if word is None or word[:1] != "-":
        return ""
    if word[:2] == "--":
        name, _, value = word[2:].partition("=")
        return (value or _DEFAULT) if name == "replace" else ""
    for at, letter in enumerate(word[1:], start=1):
        if letter == "i":
            return word[at + 1 :] or _DEFAULT
        if letter == "I":
            return word[at + 1 :] or follows or _DEFAULT
        if letter in PREFIXES["xargs"].valued:
            return ""
    return ""


def _parallel(arguments: Sequence[Word]) -> Runs:
    """`parallel rm ::: a b`; without a command it runs what it is given, or reads."""
    found = Reader(PREFIXES["parallel"], arguments).read()
    starts = [start for start, _ in found.scripts]
    if not starts or str(arguments[starts[0]]).startswith(":::"):
        return UNKNOWN
    words = [word for word in arguments[starts[0] :] if word is not None]
    if any("{" in word and word not in _REPLACED for word in words):
        return UNKNOWN
    return found
