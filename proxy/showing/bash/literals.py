"""The literal words of a script, each with what is hidden of it. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tree_sitter import Node

from proxy.showing.bash.changes import Change
from proxy.showing.bash.patterns import is_opaque, secrets_in, shapes_in
from proxy.showing.bash.words import COMPUTED, WORDS, Piece, Quoting, pieces, text_of
from proxy.syntax.bash import source


@dataclass
class Literal:
    """A word, wherever it stands, and what is hidden of it."""

    node: Node
    pieces: list[Piece]
    changes: list[Change] = field(default_factory=list[Change])
    #: May it become code later? Then only opaque values of it are hidden.
    loose: bool = True
    #: Is it a name of something that the program acts on? Then the reader must see it: no label in it hides anything.
    operand: bool = False
    #: Name, target or script: not looked at as a literal.
    settled: bool = False
    #: Is it only printed?
    printed: bool = False
    #: Where in its text something is known to be a secret to its program, and nothing else.
    proven: list[Change] = field(default_factory=list[Change])

    @property
    def text(self) -> str:
        return text_of(self.pieces)

    @property
    def may_split(self) -> bool:
        """Whether it may become several words or an option: an expansion without quotes, a glob at its start."""
        computed = COMPUTED in self.text and self.node.type != "string"
        first = self.pieces[0] if self.pieces else None
        is_bare = first is not None and first.quoting is Quoting.BARE
        return computed or (is_bare and source(self.node)[:1] in {"*", "?", "["})

    def hide(self, changes: Sequence[Change], *, loose: bool) -> None:
        """Take changes over; of a text that may become code only those of opaque values."""
        self.changes += [each for each in changes if not loose or is_opaque(self.text[each.start : each.end])]

    def hide_all(self, *, loose: bool) -> None:
        """Hide all of it that is not computed."""
        self.hide([Change(0, len(self.text))], loose=loose and COMPUTED not in self.text)

    def is_proven(self, change: Change) -> bool:
        """Whether what a change hides is known to be a secret to the program."""
        return any(one.start <= change.start and change.end <= one.end for one in self.proven)

    def look_inside(self) -> None:
        """Hide what its own text gives away."""
        if not self.settled:
            self.changes += shapes_in(self.text) if self.operand else secrets_in(self.text, loose=self.loose)


def literals(root: Node) -> dict[int, Literal]:
    """Every word of the tree, by its node's id; not the pieces that words are made of."""
    return {node.id: Literal(node, pieces(node)) for node in _word_nodes(root)}


def _word_nodes(root: Node) -> Iterator[Node]:
    """Every word of the tree, also of the commands inside words; not the pieces that a word is made of."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.type in WORDS:
            yield node
            waiting.extend(_below(node))
        else:
            waiting.extend(node.children)


def _below(word: Node) -> Iterator[Node]:
    waiting = list(word.children)
    while waiting:
        node = waiting.pop()
        if node.type in WORDS:
            waiting.extend(node.children)
        else:
            yield node
