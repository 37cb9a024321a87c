"""Programs that run a command once for each thing that they find or are given: find, xargs, parallel. Pure."""

from collections.abc import Sequence

from proxy.shell.handed_on import UNKNOWN, Reader, Runs, Word
from proxy.shell.prefixes import PREFIXES

REPEATERS = frozenset({"find", "xargs", "parallel"})
#: Behind the command's own words these put what comes from a pipe.
APPENDS = frozenset({"xargs", "parallel"})


def repeated(name: str, arguments: Sequence[Word]) -> Runs:
    """What `name arguments…` hands on; `name` is one of REPEATERS."""
    match name:
        case "find":
            return _find(arguments)
        case "xargs":
            return Reader(PREFIXES["xargs"], arguments).read()
        case _:
            return _parallel(arguments)


def _find(arguments: Sequence[Word]) -> Runs:
    commands: list[tuple[int, int]] = []
    outside: list[Word] = []
    at = 0
    while at < len(arguments):
        if arguments[at] in {"-exec", "-execdir", "-ok", "-okdir"}:
            end = next((i for i in range(at + 1, len(arguments)) if arguments[i] in {";", "+"}), len(arguments))
            commands.append((at + 1, end))
            at = end
        else:
            outside.append(arguments[at])
        at += 1
    return Runs(commands=tuple(commands), unknown=None in outside)


def _parallel(arguments: Sequence[Word]) -> Runs:
    """`parallel rm ::: a b`; without a command it runs what it is given, or reads."""
    found = Reader(PREFIXES["parallel"], arguments).read()
    starts = [start for start, _ in found.scripts]
    return found if starts and not str(arguments[starts[0]]).startswith(":::") else UNKNOWN
