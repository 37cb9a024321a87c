"""Bash as a tree: its nodes, and what a word says once the shell has taken its quotes away. Pure.

`literal` answers only where that can be told without running anything.
"""

import re
import time
from collections.abc import Iterator, Sequence

import tree_sitter_bash
from tree_sitter import Language, Node, Parser

_BASH = Language(tree_sitter_bash.language())

#: Of this thread's processor time. What can be read takes a third of it at most.
MAX_PARSE_S = 0.15
#: So much is read at once, whatever it is.
_SHORT_BYTES = 4_096
_UNREADABLE = b"("

#: Unquoted, these make a word mean something that only the running shell knows: file names, and expansions that the
#: grammar took for plain characters.
_COMPUTED = frozenset("*?[$`")

_EXPANDED = frozenset("$`")

_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
# Inside double quotes the backslash is itself before any other character (POSIX, 2.2.3).
_ESCAPED_IN_QUOTES = re.compile(r'\\([\\"$`\n])')
# Bash manual, "ANSI-C Quoting".
_ANSI_C = re.compile(
    r"\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|([0-7]{1,3})|(c.)|(.))", re.DOTALL
)
_ANSI_C_NAMES = {"a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def parse(text: str) -> Node:
    """The tree of a text; `has_error` tells whether all of it could be read. Raises UnicodeEncodeError.

    Some texts that cannot be read take the grammar the square of their length, in which no other thread runs: half a
    minute for what a client may send. What takes longer than MAX_PARSE_S is a text that cannot be read.
    """
    data = text.encode()
    readable = len(data) <= _SHORT_BYTES or _is_read_in_time(data)
    return Parser(_BASH).parse(data if readable else _UNREADABLE).root_node


def _is_read_in_time(data: bytes) -> bool:
    """Whether the grammar gets through it. It can be stopped where it is given piece by piece; such trees are slow."""
    until = time.thread_time() + MAX_PARSE_S

    def piece(at: int, _place: object) -> bytes:
        return data[at : at + _SHORT_BYTES]

    def is_late(_at: int, _has_error: bool) -> bool:
        return time.thread_time() > until

    try:
        Parser(_BASH).parse(piece, progress_callback=is_late)
    except ValueError:
        return False
    return True


def is_deeper_than(root: Node, levels: int) -> bool:
    """Whether the tree has more levels than these; to look at every node's text takes the square of its depth."""
    waiting = [(root, 1)]
    while waiting:
        node, level = waiting.pop()
        if level > levels:
            return True
        waiting.extend((child, level + 1) for child in node.children)
    return False


def nodes(root: Node, into: frozenset[str] | None = None) -> Iterator[Node]:
    """Every node of the tree, in the order of the text, below nodes of the types `into` or all; people nest deeply."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        if into is None or node.type in into:
            waiting.extend(reversed(node.children))


def source(node: Node) -> str:
    """The node's own text, quotes and all."""
    return (node.text or b"").decode()


def literal(node: Node) -> str | None:
    """What the word says, or None if only a running shell can tell (expansions, globs, braces)."""
    match node.type:
        case "word" | "number" | "file_descriptor" | "variable_name" | "test_operator":
            return _bare(source(node))
        case "raw_string":
            return source(node)[1:-1]
        case "string":
            return _double_quoted(node)
        case "translated_string":
            return literal(node.children[-1])
        case "ansi_c_string":
            return _ansi_c(source(node)[2:-1])
        case "concatenation":
            return _joined(node.children)
        case _:
            return None if node.is_named else _bare(source(node))


def unescaped(text: str) -> str | None:
    """What bare characters say where file names may still stand in for them; None where an expansion stands in them."""
    if not _EXPANDED.isdisjoint(_ESCAPED.sub("", text)):
        return None
    return _ESCAPED.sub(lambda found: "" if found[1] == "\n" else found[1], text)


def inside_quotes(text: str) -> str | None:
    """What characters between double quotes say; None where an expansion stands in them."""
    if not _EXPANDED.isdisjoint(_ESCAPED_IN_QUOTES.sub("", text)):
        return None
    return _ESCAPED_IN_QUOTES.sub(lambda found: "" if found[1] == "\n" else found[1], text)


def multiplies(node: Node) -> bool:
    """Whether braces may make several words of the word."""
    if node.type != "concatenation":
        return node.type == "word" and _expands(source(node), source(node))
    return _expands("".join(source(each) for each in node.children if each.type == "word"), source(node))


def _bare(text: str) -> str | None:
    if not _COMPUTED.isdisjoint(_ESCAPED.sub("", text)) or _expands(text, text):
        return None
    return _ESCAPED.sub(lambda found: "" if found[1] == "\n" else found[1], text)


def _expands(unquoted: str, whole: str) -> bool:
    """Whether braces may multiply the word; without a comma or two dots, as in find's {}, they are themselves."""
    return "{" in unquoted and ("," in whole or ".." in whole)


def _double_quoted(node: Node) -> str | None:
    if any(child.type not in {'"', "string_content"} for child in node.children):
        return None
    return _ESCAPED_IN_QUOTES.sub(lambda found: "" if found[1] == "\n" else found[1], source(node)[1:-1])


def _joined(nodes: Sequence[Node]) -> str | None:
    if _expands("".join(source(node) for node in nodes if node.type == "word"), "".join(map(source, nodes))):
        return None
    parts = [literal(node) for node in nodes]
    return None if None in parts else "".join(part for part in parts if part is not None)


def _ansi_c(text: str) -> str | None:
    """Decode the inside of $'…'; None for control characters, NUL and what is no character at all."""
    failed = False

    def decode(found: re.Match[str]) -> str:
        nonlocal failed
        hexadecimal = found[1] or found[2] or found[3]
        if hexadecimal or found[4]:
            code = int(hexadecimal, 16) if hexadecimal else int(found[4], 8)
            failed |= code == 0 or code > 0x10FFFF or 0xD800 <= code <= 0xDFFF or (found[2] is None and code > 0x7F)
            return "" if failed else chr(code)
        if found[5]:
            failed = True
            return ""
        other = found[6]
        return _ANSI_C_NAMES.get(other, other if other in "\\'\"?" else f"\\{other}")

    decoded = _ANSI_C.sub(decode, text)
    return None if failed else decoded
