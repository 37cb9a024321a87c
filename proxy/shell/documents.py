"""Here-documents and here-strings that a shell runs as its script. Pure."""

from tree_sitter import Node

from proxy.shell.commands import command_words, commands
from proxy.shell.wrappers import SHELLS
from proxy.syntax.bash import literal, source

_HUNG_ON_ALL = frozenset({"list", "negated_command", "pipeline", "redirected_statement"})
_QUOTES = frozenset("'\"\\")


def fed_script(redirect: Node) -> str | None:
    """The script that this redirection gives to a shell, where every character of it can be seen; else None."""
    if redirect.type == "herestring_redirect":
        word = next(iter(redirect.named_children), None)
        return literal(word) if word is not None and _feeds_a_shell(redirect) else None
    if redirect.type != "heredoc_redirect" or not _feeds_a_shell(redirect):
        return None
    return plain_body(redirect)


def plain_body(redirect: Node) -> str | None:
    """The body of a here-document in which the shell expands nothing; None if it may, or if it is none.

    The grammar does not see every expansion (backquotes), so that without quotes around its end marker a document
    must hold none of the characters that begin one.
    """
    parts = {child.type: child for child in redirect.children}
    start, body = parts.get("heredoc_start"), parts.get("heredoc_body")
    if start is None or body is None:
        return None
    text = source(body)
    if _QUOTES.isdisjoint(source(start)) and (body.named_children or not {"$", "`", "\\"}.isdisjoint(text)):
        return None
    return text


def reader(redirect: Node) -> Node | None:
    """The simple command whose input this redirection is; None if it is another kind of command.

    Where the command is the last of a list or a pipeline, the grammar hangs the redirection on all of them.
    """
    node = redirect.parent
    if node is not None and node.type == "redirected_statement":
        node = node.child_by_field_name("body")
    while node is not None and node.type in _HUNG_ON_ALL:
        node = node.named_children[-1] if node.named_children else None
    return node if node is not None and node.type == "command" else None


def _feeds_a_shell(redirect: Node) -> bool:
    node = reader(redirect)
    if node is None or not (words := command_words(node)):
        return False
    *_, inner = commands(words)
    return inner.basename in SHELLS and inner.handed_on.unknown and None not in inner.words
