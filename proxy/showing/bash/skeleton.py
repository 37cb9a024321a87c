"""What of a command line decides what runs: everything but what its literal arguments say. Pure.

Two lines of one skeleton run the same commands, in the same order, joined and redirected in the same way.
"""

from collections.abc import Iterator

from tree_sitter import Node

from proxy.shell.commands import Argument, after_redirects, command_words, commands
from proxy.shell.documents import fed_script
from proxy.shell.readings import backquoted
from proxy.showing.bash.words import COMPUTED, WORDS, pieces, text_of
from proxy.syntax.bash import nodes, parse, source

_DOCUMENT = frozenset({"heredoc_body"})
#: Words below these are what runs, or where it is written to.
_SPOKEN = frozenset({"command_name", "file_redirect", "function_definition"})


class Unreadable(Exception):
    """The line is no shell that can be read."""


def skeleton(script: str, depth: int = 8) -> list[str]:
    """The skeleton of a script. Raises Unreadable."""
    if depth == 0:
        raise Unreadable
    root = parse(script)
    if root.has_error:
        raise Unreadable
    found = list(_bones(root))
    for node in nodes(root):
        if node.type == "command":
            found += _runs(node, depth)
        elif (fed := fed_script(node)) is not None:
            found += skeleton(fed, depth - 1)
        for script in backquoted(node):
            found += skeleton(script, depth - 1)
    return found


def _bones(root: Node) -> Iterator[str]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if _is_literal(node):
            # Beside what is computed in the same word it may have been one piece or several.
            if node.parent is None or node.parent.type not in WORDS:
                yield "word"
        elif node.type == "comment":
            yield "comment"
        elif node.type in _DOCUMENT:
            yield "document"
            waiting.extend(reversed([each for each in node.children if each.type != "heredoc_content"]))
        elif not node.children:
            yield f"{node.type} {source(node)}"
        else:
            yield node.type
            waiting.extend(reversed(node.children))
            yield "\n" * _separating_lines(node)


def _is_literal(node: Node) -> bool:
    if node.type == "string_content":
        return True
    if node.type not in WORDS or any(piece.text is None for piece in pieces(node)):
        return False
    return node.parent is None or node.parent.type not in _SPOKEN


def _separating_lines(node: Node) -> int:
    """Newlines between a node's children, which may end a command as a semicolon does."""
    text, start = node.text or b"", node.start_byte
    ends = [child.end_byte - start for child in node.children]
    starts = [child.start_byte - start for child in node.children[1:]]
    return sum(text[end:begin].count(b"\n") for end, begin in zip(ends, starts, strict=False))


def _runs(node: Node, depth: int) -> Iterator[str]:
    words = [Argument(_spoken(each.node), each.node) for each in command_words(node)]
    for command in commands(words) if words else ():
        yield f"runs {command.name}"
        for group in command.scripts:
            said = [argument.word for argument in group if argument.word is not None]
            if len(said) == len(group):
                yield from skeleton(" ".join(said), depth - 1)
    for redirect in after_redirects(node):
        yield f"after {redirect.type}"


def _spoken(node: Node) -> str | None:
    if node.type == "command_name":
        node = node.children[0] if len(node.children) == 1 else node
    text = text_of(pieces(node)) if node.type in WORDS else COMPUTED
    return None if COMPUTED in text else text
