"""What a command hands on to be run, and how a wrapper's own options are read up to it. Pure.

A wrapper's own options must be known to find its command. One that is not known here gives Unknown instead of a guess.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from proxy.shell.prefixes import Prefix

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
    #: What the program replaces in the words of its commands by something that nobody sees here.
    placeholder: str = ""


NOTHING = Runs()
UNKNOWN = Runs(unknown=True)


@dataclass
class Reader:
    """One wrapper's arguments, read from the left."""

    prefix: Prefix
    arguments: Sequence[Word]
    at: int = 0
    through_shell: bool = False
    idle: bool = False
    operands: int = field(init=False)

    def __post_init__(self) -> None:
        self.operands = self.prefix.operands

    def read(self) -> Runs:
        """What stands behind its own arguments."""
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
