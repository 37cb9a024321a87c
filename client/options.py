"""Reading a command line: our own options, and the words of a client program behind them, which are passed on. Pure.

Options are ours up to the first word that is none of them; whatever comes then is the program's, untouched, and `--`
says so where it could be either. argparse would cost more than the whole of the connection.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from client.errors import usage


@dataclass(frozen=True)
class Option:
    """`--name`, with a value that is called `value`, or without one."""

    name: str
    about: str
    value: str | None = None


@dataclass(frozen=True)
class Command:
    """One command: how it is called, what it does, and what it takes."""

    name: str
    about: str
    #: What stands behind it in its usage line.
    takes: str = ""
    options: tuple[Option, ...] = ()
    #: How many words of its own it takes, at least and at most.
    words: tuple[int, int] = (0, 0)
    #: Whether the rest is a program's.
    passes_on: bool = False
    hidden: bool = False


@dataclass
class Given:
    """What a person gave."""

    command: Command
    values: dict[str, str] = field(default_factory=dict[str, str])
    flags: set[str] = field(default_factory=set[str])
    words: list[str] = field(default_factory=list[str])
    #: For the program.
    rest: list[str] = field(default_factory=list[str])
    wants_help: bool = False

    def value(self, name: str) -> str | None:
        return self.values.get(name)


def read(command: Command, arguments: Sequence[str]) -> Given:
    """Raises Failed for what the command does not take."""
    given, known = Given(command), {each.name: each for each in command.options}
    left = list(arguments)
    while left:
        word = left[0]
        name, has_value, value = word.partition("=")
        if word in {"--help", "-h"} and not (command.passes_on and given.words):
            given.wants_help = True
            return given
        if word == "--":
            left.pop(0)
            if not command.passes_on:
                given.words += left
                left = []
            break
        option = known.get(name)
        if option is None:
            is_own_word = not word.startswith("-") and (not command.passes_on or len(given.words) < command.words[1])
            if not is_own_word:
                if command.passes_on:
                    break
                raise usage(f"`gatepass {command.name}` has no option {word}. See `gatepass {command.name} --help`.")
            given.words.append(left.pop(0))
            continue
        left.pop(0)
        _take(command, given, option, value if has_value else None, left)
    if command.passes_on:
        given.rest = left
    _check(command, given)
    return given


def _take(command: Command, given: Given, option: Option, value: str | None, left: list[str]) -> None:
    if option.value is None:
        if value is not None:
            raise usage(f"{option.name} takes no value. See `gatepass {command.name} --help`.")
        given.flags.add(option.name)
        return
    if value is None:
        if not left:
            raise usage(f"{option.name} takes a value: {option.name} {option.value}.")
        value = left.pop(0)
    given.values[option.name] = value


def _check(command: Command, given: Given) -> None:
    least, most = command.words
    if len(given.words) < least or (len(given.words) > most and not command.passes_on):
        raise usage(f"It is `gatepass {command.name} {command.takes}`. See `gatepass {command.name} --help`.")
