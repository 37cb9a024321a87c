"""Where in a script's text things stand that are no words of it, in bytes as the tree counts them. Pure."""

from collections.abc import Iterator
from itertools import pairwise

from tree_sitter import Node

from proxy.showing.bash.words import WORDS
from proxy.syntax.bash import nodes


def tabs(root: Node) -> Iterator[tuple[int, int]]:
    """Tabs between words, which separate them as blanks do; as bytes."""
    for node in nodes(root):
        if node.type in WORDS or node.type == "heredoc_body":
            continue
        text, start = node.text or b"", node.start_byte
        for before, after in pairwise(node.children):
            gap = text[before.end_byte - start : after.start_byte - start]
            yield from ((before.end_byte + at, before.end_byte + at + 1) for at, byte in enumerate(gap) if byte == 0x09)


def plain_parts(body: Node) -> Iterator[tuple[int, str]]:
    """The parts of a here-document between its expansions, with the byte that each starts at."""
    whole = body.text or b""
    at = body.start_byte
    for child in [each for each in body.children if each.type != "heredoc_content"]:
        yield at, whole[at - body.start_byte : child.start_byte - body.start_byte].decode()
        at = child.end_byte
    yield at, whole[at - body.start_byte :].decode()


def characters(script: str) -> list[int]:
    """For each byte of the script's UTF-8, the character that it stands in."""
    return [at for at, each in enumerate(script) for _ in each.encode("utf-8", "surrogatepass")] + [len(script)]
