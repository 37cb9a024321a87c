"""Words as pieces, and how a piece is written with some of it hidden."""

import pytest

from proxy.showing.bash.changes import Change, applied
from proxy.showing.bash.literals import literals
from proxy.showing.bash.words import COMPUTED, Quoting, pieces, rewritten, text_of
from proxy.syntax.bash import parse


def word(text: str) -> list[tuple[str | None, Quoting]]:
    node = max((each.node for each in literals(parse(f"x {text}")).values()), key=lambda node: len(node.text or b""))
    return [(piece.text, piece.quoting) for piece in pieces(node)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("abc", [("abc", Quoting.BARE)]),
        ("a\\ b", [("a b", Quoting.BARE)]),
        ("a*b", [("a*b", Quoting.BARE)]),
        ("'a b'", [("a b", Quoting.SINGLE)]),
        ('"a\\"b"', [('a"b', Quoting.DOUBLE)]),
        ("$'a\\n'", [("a\n", Quoting.ANSI)]),
        ("ab'c d'", [("ab", Quoting.BARE), ("c d", Quoting.SINGLE)]),
        ("{abc,de}", [(None, Quoting.BARE)]),
        ('"ab$x"', [("ab", Quoting.INSIDE), (None, Quoting.BARE)]),
    ],
)
def test_a_word_is_its_pieces(text: str, found: list[tuple[str | None, Quoting]]) -> None:
    assert word(text) == found


@pytest.mark.parametrize("text", ["$(ab c)", "${ab}", "$ab", '"$ab"'])
def test_what_is_computed_has_no_text(text: str) -> None:
    line = f"x 'a'{text}'b'"
    found = max(literals(parse(line)).values(), key=lambda each: len(each.pieces))
    assert text_of(found.pieces) == f"a{COMPUTED}b"


@pytest.mark.parametrize(
    ("text", "change", "shown"),
    [
        ("abcd", Change(1, 3), "a***d"),
        ("'ab d'", Change(0, 2), "'*** d'"),
        ("'ab d'", Change(0, 4), "***"),
        ('"a\\"b\\$"', Change(0, 1), '"***\\"b\\$"'),
        ('"a\\"b$x"', Change(0, 1), '"***\\"b$x"'),
        ("a\\ bc", Change(2, 4), "a\\ ***"),
        ("$'a\\x01\\'b'", Change(0, 1), "$'***\\x01\\'b'"),
        ("ab'cd'\"e\"", Change(1, 5), "a***"),
        ("ab'cd'\"ef\"", Change(1, 5), 'a***"f"'),
        ('"ab$x"cd', Change(0, 5), '"***$x"***'),
    ],
)
def test_a_piece_is_written_in_its_own_quotes(text: str, change: Change, shown: str) -> None:
    line = f"x {text}"
    found = max(literals(parse(line)).values(), key=lambda each: len(each.node.text or b""))
    written = [Change(piece.start, piece.end, new) for piece, new in rewritten(found.pieces, [change])]
    assert applied(line, written) == f"x {shown}"
