"""Programs that run another program: where in their arguments it stands.

A wrapper's own options must be known to find it. One that is not known here gives Unknown instead of a guess.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from proxy.shell.prefixes import PREFIXES, Prefix

#: One argument: its text, or None if only a running shell can tell.
Word = str | None


@dataclass(frozen=True)
class Runs:
    """What a command hands on: commands as words (by index into its arguments), command lines to be parsed again."""

    #: Each is the index of the first word of a command that ends before the second index.
    commands: tuple[tuple[int, int], ...] = ()
    #: Each is a command line: the indices of the arguments that the shell would join by spaces.
    scripts: tuple[tuple[int, int], ...] = ()
    #: It runs something that cannot be told from its arguments.
    unknown: bool = False


NOTHING = Runs()
UNKNOWN = Runs(unknown=True)


SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "ash", "mksh", "rbash", "fish", "csh", "tcsh"})
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
_OTHERS = frozenset({"find", "eval", "trap", "source", ".", "ssh"})


def hands_on(name: str) -> bool:
    """Whether the program is one that runs others, and is known here."""
    return name in SHELLS or name in _DASH_C or name in _OTHERS or name in _RENAMES or name in PREFIXES


def runs(name: str, arguments: Sequence[Word]) -> Runs:
    """What `name arguments…` hands on. `name` is a basename; indices count from the first argument."""
    if name in SHELLS:
        return _shell(arguments)
    if name == "flock":
        return _flock(arguments)
    if name in _DASH_C and not (name == "runuser" and _names_user(arguments)):
        return _dash_c(name, arguments)
    match name:
        case "find":
            return _find(arguments)
        case "eval":
            return Runs(scripts=((0, len(arguments)),)) if arguments else NOTHING
        case "trap":
            return _trap(arguments)
        case "source" | ".":
            return UNKNOWN if not arguments or _from_input(arguments[0]) else NOTHING
        case "ssh":
            return _ssh(arguments)
        case "parallel":
            return _parallel(arguments)
        case _ if name in _RENAMES:
            return UNKNOWN if arguments else NOTHING
        case _:
            prefix = PREFIXES.get(name)
            return NOTHING if prefix is None else _Reader(prefix, arguments).read()


@dataclass
class _Reader:
    prefix: Prefix
    arguments: Sequence[Word]
    at: int = 0
    through_shell: bool = False
    idle: bool = False
    operands: int = field(init=False)

    def __post_init__(self) -> None:
        self.operands = self.prefix.operands

    def read(self) -> Runs:
        while self.at < len(self.arguments):
            word = self.arguments[self.at]
            if word == "--":
                self.at += 1 + self.operands
                break
            if word is not None and word.startswith("-"):
                if word == "-":
                    self.at += 1
                elif not self._option(word):
                    return UNKNOWN
                if self.idle:
                    return NOTHING
            elif word is not None and self.prefix.assignments and "=" in word:
                self.at += 1
            elif self.operands:
                # An operand may be computed; an option or a command may not.
                self.operands -= 1
                self.at += 1
                if not self.operands:
                    break
            elif word is None:
                return UNKNOWN
            else:
                break
        return self._rest()

    def _rest(self) -> Runs:
        end = len(self.arguments)
        if self.at >= end:
            return UNKNOWN if self.through_shell else NOTHING
        if self.through_shell or self.prefix.joined:
            return Runs(scripts=((self.at, end),))
        return Runs(commands=((self.at, end),))

    def _option(self, word: str) -> bool:
        """Step over one option and its value; False if it is not one that this wrapper is known to have."""
        self.at += 1
        if word.startswith("--"):
            name, given, _ = word[2:].partition("=")
            if name in self.prefix.long_valued:
                self.at += not given
            elif name in {"help", "version"}:
                self.idle = True
            else:
                return name in self.prefix.long_plain
            return True
        for position, letter in enumerate(word[1:], start=2):
            if letter in self.prefix.opens_shell:
                self.through_shell = True
                if letter == "S" and position < len(word):
                    return False
            elif letter in self.prefix.idle:
                self.idle = True
            elif letter in self.prefix.valued:
                self.at += position == len(word)
                return True
            elif letter not in self.prefix.plain:
                return False
        return True


def _shell(arguments: Sequence[Word]) -> Runs:
    """`bash -c 'line'`, `bash file`, or a shell that reads what it runs from its input."""
    at, line = 0, False
    while at < len(arguments):
        word = arguments[at]
        if word is None:
            return UNKNOWN
        if word in _SHELL_VALUED:
            at += 2
        elif word in {"--", "-"}:
            at += 1
            break
        elif word in _SHELL_LONG:
            at += 1
        elif word.startswith("--"):
            return UNKNOWN
        elif word.startswith(("-", "+")):
            if word.startswith("-C"):
                # fish: a command before all others.
                return UNKNOWN
            if "s" in word and not line:
                return UNKNOWN
            line |= "c" in word
            at += 1
            if "o" in word[1:].lower():
                at += 1
        else:
            break
    if at >= len(arguments):
        return UNKNOWN
    return Runs(scripts=((at, at + 1),)) if line else (UNKNOWN if _from_input(arguments[at]) else NOTHING)


def _from_input(word: Word) -> bool:
    return word is None or word.startswith(("/dev/", "/proc/", "-"))


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
    found = _Reader(PREFIXES["flock"], arguments).read()
    for start, end in found.commands:
        if arguments[start] in {"-c", "--command"}:
            return Runs(scripts=((start + 1, start + 2),)) if start + 1 < end else UNKNOWN
    return found


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
    found = _Reader(PREFIXES["parallel"], arguments).read()
    starts = [start for start, _ in found.scripts]
    return found if starts and not str(arguments[starts[0]]).startswith(":::") else UNKNOWN


def _trap(arguments: Sequence[Word]) -> Runs:
    at = 1 if arguments[:1] == ["--"] else 0
    if len(arguments) <= at + 1 or arguments[at] in {"-", "-l", "-p", ""}:
        return NOTHING
    return Runs(scripts=((at, at + 1),))
