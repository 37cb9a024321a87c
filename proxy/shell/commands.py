"""The simple commands of a tree: their words, and the commands and scripts that they hand on. Pure.

Both the judge and whoever shows a line read its commands here, so that both mean the same ones.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tree_sitter import Node

from proxy.shell.handed_on import NOTHING, Runs, Word
from proxy.shell.repeaters import APPENDS
from proxy.shell.wrappers import runs
from proxy.syntax.bash import literal, nodes

_INSTALLED = re.compile(r"/(?:usr/)?(?:local/)?s?bin/[^/]+")

#: Commands that one simple command may run: each reads all words behind it, so that more take the square of their time.
MAX_INNER = 100


@dataclass(frozen=True)
class Argument:
    """A word of a command: what it says (None: computed) and where it stands in the text."""

    word: Word
    node: Node


@dataclass(frozen=True)
class Command:
    """One command as it will run: `rm x` of `sudo rm x`, beside `sudo` itself."""

    head: Argument
    arguments: tuple[Argument, ...]
    #: What it hands on, by index into its arguments.
    handed_on: Runs
    #: Where it stands behind another one: `rm` of `sudo rm`.
    is_inner: bool = False
    #: What is replaced in its words before it runs: `{}` behind find.
    placeholder: str = ""

    @property
    def name(self) -> Word:
        """As it was written, path and all; None or empty if it is computed."""
        return self._seen(self.head).word

    @property
    def basename(self) -> str:
        return (self.name or "").rpartition("/")[2]

    @property
    def words(self) -> list[Word]:
        return [argument.word for argument in self.arguments]

    @property
    def is_installed(self) -> bool:
        """Whether it is named as what the host has installed, not as a file that anybody may have put there."""
        name = self.name or ""
        return "/" not in name or _INSTALLED.fullmatch(name) is not None

    @property
    def own(self) -> tuple[Argument, ...]:
        """Its arguments before whatever it hands on."""
        starts = [start for start, _ in (*self.handed_on.commands, *self.handed_on.scripts)]
        return self.arguments[: min(starts, default=len(self.arguments))]

    @property
    def scripts(self) -> list[tuple[Argument, ...]]:
        """Arguments that a shell joins by spaces and runs as one line; computed where something is put into them."""
        return [tuple(map(self._seen, self.arguments[start:end])) for start, end in self.handed_on.scripts]

    def _seen(self, argument: Argument) -> Argument:
        replaced = self.placeholder and argument.word is not None and self.placeholder in argument.word
        return Argument(None, argument.node) if replaced else argument


def commands(words: Sequence[Argument]) -> Iterator[Command]:
    """A simple command, then every one that it hands its words on to; one that is computed behind MAX_INNER of them."""
    waiting = [(tuple(words), False, "")]
    for _ in range(MAX_INNER):
        if not waiting:
            return
        (head, *rest), is_inner, placeholder = waiting.pop()
        arguments = tuple(rest)
        name = None if placeholder and placeholder in (head.word or "") else head.word
        handed_on = runs((name or "").rpartition("/")[2], [each.word for each in arguments]) if name else NOTHING
        command = Command(head, arguments, handed_on, is_inner, placeholder)
        yield command
        # What comes from a pipe stands behind the words that are seen.
        appended = (Argument(None, head.node),) if command.basename in APPENDS else ()
        inner = [arguments[start:end] + appended for start, end in handed_on.commands]
        waiting += [(each, True, handed_on.placeholder or placeholder) for each in inner if each]
    if waiting:
        yield Command(Argument(None, words[0].node), (), NOTHING, is_inner=True)


def command_words(node: Node) -> list[Argument]:
    """The words of a simple command, its name first, without assignments before it and redirections."""
    words: list[Argument] = []
    for index, child in enumerate(node.children):
        if child.type == "command_name":
            words.append(Argument(_name(child), child))
        elif node.field_name_for_child(index) == "argument":
            words.append(Argument(literal(child), child))
    body = node.parent
    if body is not None and body.type == "redirected_statement":
        words += [Argument(literal(word), word) for word in after_redirects(body)]
    return _separated(words)


def _separated(words: list[Argument]) -> list[Argument]:
    """The words, computed where the grammar makes two of one that goes on beside a backquote: ``a-`date`.log``."""
    parted = {at for at, (one, next_) in enumerate(pairwise(words)) if one.node.end_byte == next_.node.start_byte}
    if not parted:
        return words
    return [Argument(None, each.node) if {at - 1, at} & parted else each for at, each in enumerate(words)]


def after_redirects(statement: Node) -> list[Node]:
    """Words behind a redirection (`sudo >log rm x`): arguments for the shell, more targets for the grammar."""
    words: list[Node] = []
    for redirect in nodes(statement, into=frozenset({"redirected_statement", "file_redirect", "heredoc_redirect"})):
        if redirect.type == "file_redirect":
            words += redirect.children_by_field_name("destination")[0 if _closes(redirect) else 1 :]
        elif redirect.type == "heredoc_redirect":
            words += redirect.children_by_field_name("argument")
    return words


def target(redirect: Node) -> Node | None:
    """What a redirection of a file goes to; None where it only closes."""
    return None if _closes(redirect) else redirect.child_by_field_name("destination")


def _closes(redirect: Node) -> bool:
    """`2>&-` and `<&-` have no target: what the grammar takes for it is a word of the command."""
    return any(child.type in {">&-", "<&-"} for child in redirect.children)


def _name(node: Node) -> Word:
    parts = node.children
    return literal(parts[0]) if len(parts) == 1 else None
