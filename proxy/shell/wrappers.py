"""Programs that run another program: where in their arguments it stands."""

import re
from collections.abc import Sequence

from proxy.shell.handed_on import NOTHING, UNKNOWN, Reader, Runs, Word
from proxy.shell.options import is_input
from proxy.shell.prefixes import PREFIXES
from proxy.shell.repeaters import REPEATERS, repeated

SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "ash", "mksh", "rbash", "fish", "csh", "tcsh"})
#: They give a line to a shell that reads some of it otherwise than bash: themselves, or /bin/sh.
SHELLS_BESIDE_BASH = (SHELLS - {"bash", "rbash"}) | {"flock", "watch", "sg"}
#: What they are given to run is a file in bash's own language, unless an option says otherwise.
FILE_RUNNERS = SHELLS | {"source", "."}
#: They take a command line after -c, wherever it stands, else start a shell or run the rest.
_DASH_C = frozenset({"su", "sg", "runuser", "script", "capsh"})
#: With arguments these change what later names mean.
_RENAMES = frozenset({"alias", "hash", "enable"})
_SHELL_LONG = frozenset(
    ["--login", "--noediting", "--noprofile", "--norc", "--posix", "--restricted", "--verbose", "--version", "--help"]
)
_SHELL_VALUED = frozenset({"-o", "+o", "-O", "+O", "--rcfile", "--init-file"})


#: Options of ssh that neither load nor run anything, and those that take a value.
_SSH_VALUED = "bcBDeiJLlmpRWw"
_SSH_OPTION = re.compile(rf"-[46AaCfGgKkMNnqsTtVvXxYy]*(?:[{_SSH_VALUED}].*)?")


#: Wrappers with a reader of their own below.
_OTHERS = frozenset({"eval", "trap", "source", ".", "ssh"})


def hands_on(name: str) -> bool:
    """Whether the program is one that runs others, and is known here."""
    return any(name in table for table in (SHELLS, _DASH_C, _OTHERS, REPEATERS, _RENAMES, PREFIXES))


def runs(name: str, arguments: Sequence[Word]) -> Runs:
    """What `name arguments…` hands on. `name` is a basename; indices count from the first argument."""
    if name in SHELLS:
        return _shell(arguments)
    if name == "flock":
        return _flock(arguments)
    if name in _DASH_C and not (name == "runuser" and _names_user(arguments)):
        return _dash_c(name, arguments)
    match name:
        case "eval":
            return Runs(scripts=((0, len(arguments)),)) if arguments else NOTHING
        case "trap":
            return _trap(arguments)
        case "source" | ".":
            return UNKNOWN if not arguments or is_input(arguments[0]) else NOTHING
        case "ssh":
            return _ssh(arguments)
        case _ if name in REPEATERS:
            return repeated(name, arguments)
        case _ if name in _RENAMES:
            return UNKNOWN if arguments else NOTHING
        case _:
            prefix = PREFIXES.get(name)
            return NOTHING if prefix is None else Reader(prefix, arguments).read()


def file_run(name: str, arguments: Sequence[Word]) -> Word:
    """The file that a shell or `source` is given to run, as it was written; None if it is none, or computed.

    Where no such file is in the folder, both look the name up in PATH.
    """
    if name in {"source", "."}:
        return next((word for word in arguments if word != "--"), None)
    at, line = _operand(arguments) or (len(arguments), False)
    return None if line or at >= len(arguments) else arguments[at]


def _shell(arguments: Sequence[Word]) -> Runs:
    """`bash -c 'line'`, `bash file`, or a shell that reads what it runs from its input."""
    at, line = _operand(arguments) or (len(arguments), False)
    if at >= len(arguments):
        return UNKNOWN
    return Runs(scripts=((at, at + 1),)) if line else (UNKNOWN if is_input(arguments[at]) else NOTHING)


def _operand(arguments: Sequence[Word]) -> tuple[int, bool] | None:
    """Where a shell's options end, and whether a line follows (-c); None if it runs what nobody sees here."""
    at, line = 0, False
    while at < len(arguments):
        word = arguments[at]
        if word is None:
            return None
        if word in _SHELL_VALUED:
            at += 2
        elif word in {"--", "-"}:
            at += 1
            break
        elif word in _SHELL_LONG:
            at += 1
        elif word.startswith("--"):
            return None
        elif word.startswith(("-", "+")):
            if word.startswith("-C"):
                # fish: a command before all others.
                return None
            if "s" in word and not line:
                return None
            line |= "c" in word
            at += 1
            # Each of these letters takes a name.
            at += word[1:].lower().count("o")
        else:
            break
    return at, line


def _ssh(arguments: Sequence[Word]) -> Runs:
    """`ssh host command…`: the other side's shell gets the rest as one line. Options that run something are unknown."""
    at, host = 0, False
    while at < len(arguments):
        word = arguments[at]
        if word is None or (host and not word.startswith("-")):
            break
        at += 1
        if not word.startswith("-"):
            host = True
            continue
        if not _SSH_OPTION.fullmatch(word):
            return UNKNOWN
        at += word[-1] in _SSH_VALUED and not any(letter in _SSH_VALUED for letter in word[1:-1])
    return Runs(scripts=((at, len(arguments)),)) if host and at < len(arguments) else UNKNOWN


def _dash_c(name: str, arguments: Sequence[Word]) -> Runs:
    for at, word in enumerate(arguments):
        if word is None:
            continue
        if word in {"-c", "--command", "--session-command"} or (
            word[:1] == "-" and word[1:2] != "-" and word[-1:] == "c"
        ):
            return Runs(scripts=((at + 1, at + 2),)) if at + 1 < len(arguments) else UNKNOWN
        if word.startswith(("--command=", "--session-command=")) or (word.startswith("-c") and len(word) > 2):
            return UNKNOWN
    if name == "sg" and len(arguments) > 1:
        return Runs(scripts=((1, 2),))
    return UNKNOWN


def _names_user(arguments: Sequence[Word]) -> bool:
    """`runuser -u bob command` runs a command; without -u it is like su."""
    return any(word is not None and word.startswith(("-u", "--user")) for word in arguments)


def _flock(arguments: Sequence[Word]) -> Runs:
    """`flock file command…`, or `flock file -c 'line'`."""
    found = Reader(PREFIXES["flock"], arguments).read()
    for start, end in found.commands:
        if arguments[start] in {"-c", "--command"}:
            return Runs(scripts=((start + 1, start + 2),)) if start + 1 < end else UNKNOWN
    return found


def _trap(arguments: Sequence[Word]) -> Runs:
    at = 1 if arguments[:1] == ["--"] else 0
    if len(arguments) <= at + 1 or arguments[at] in {"-", "-l", "-p", ""}:
        return NOTHING
    return Runs(scripts=((at, at + 1),))
