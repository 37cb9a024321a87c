"""Places in a script's text that are no words of it."""

from proxy.showing.bash.places import characters, plain_parts, tabs
from proxy.syntax.bash import nodes, parse


def test_tabs_between_words_are_found_and_those_inside_them_are_not() -> None:
    assert list(tabs(parse("é\ta '\t' b"))) == [(2, 3)]


def test_a_document_has_parts_between_its_expansions() -> None:
    (body,) = (node for node in nodes(parse("cat <<E\na $x b\nc\nE")) if node.type == "heredoc_body")
    assert list(plain_parts(body)) == [(8, "a "), (12, " b\nc\n")]


def test_each_byte_stands_in_a_character() -> None:
    assert characters("aé€") == [0, 1, 1, 2, 2, 2, 3]
