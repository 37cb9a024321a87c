"""Which words of scp and rsync are files on a host, and which host that is. Pure.

A word whose meaning is not plain is refused: one that went to another host by mistake would take the token's connection
for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from client.errors import usage

#: Options that take the next word as their value, by program.
_WITH_VALUE: Final = {
    "scp": frozenset("cDFiJloPSX"),
    "rsync": frozenset("BTfM@"),
}
#: What would lead ssh elsewhere, or be said twice.
_REFUSED: Final = {
    "scp": frozenset({"-o", "-F", "-J", "-P", "-S", "-3", "-i"}),
    "rsync": frozenset({"-e", "--rsh", "--daemon"}),
}


@dataclass(frozen=True)
class Copy:
    """The words of one copy; those at `places` are on the host."""

    words: tuple[str, ...]
    places: tuple[int, ...]
    #: `payments` or `deploy@web-1`, as it stands before the colons.
    host: str

    def to(self, destination: str) -> list[str]:
        """The words, with `destination` for the host."""
        return [
            f"{destination}:{word.partition(':')[2]}" if place in self.places else word
            for place, word in enumerate(self.words)
        ]


def read(program: str, words: Sequence[str]) -> Copy:
    """Raises Failed."""
    hosts: dict[int, str] = {}
    skip, only_files = False, False
    for place, word in enumerate(words):
        if skip:
            skip = False
        elif not only_files and word == "--":
            only_files = True
        elif not only_files and word.startswith("-") and word != "-":
            skip = _option(program, word)
        elif (host := _host(program, word)) is not None:
            hosts[place] = host
    found = sorted(set(hosts.values()))
    if not found:
        raise usage(f"No file of a resource is named. It is `gatepass {program} FILE RESOURCE:PATH`, or the other way.")
    if len(found) > 1:
        raise usage(f"{' and '.join(found)} are two places, and one connection goes to one. Copy in two steps.")
    return Copy(tuple(words), tuple(hosts), found[0])


def _option(program: str, word: str) -> bool:
    """Whether its value is the next word. Raises Failed for what is ours to say."""
    name = word.partition("=")[0]
    letters = "" if word.startswith("--") else word[1:]
    refused = _REFUSED[program]
    for each in (name, *(f"-{letter}" for letter in _flags(program, letters))):
        if each in refused:
            raise usage(f"`gatepass {program}` says itself how to connect, so it takes no {each}.")
    flags = _flags(program, letters)
    return bool(flags) and flags[-1] in _WITH_VALUE[program] and letters.endswith(flags[-1])


def _flags(program: str, letters: str) -> str:
    """The flags in a cluster of letters, up to one that takes the rest of it as its value."""
    for index, letter in enumerate(letters):
        if letter in _WITH_VALUE[program]:
            return letters[: index + 1]
    return letters


def _host(program: str, word: str) -> str | None:
    """What stands before the first colon, if that is before any slash: a host, as scp and rsync read it."""
    head, colon, rest = word.partition(":")
    if not colon or "/" in head or not head:
        return None
    if rest.startswith((":", "//")) or head.startswith("["):
        raise usage(f"{word} is no RESOURCE:PATH. `gatepass {program}` takes that, and no address of another kind.")
    return head
