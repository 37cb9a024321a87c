"""Bash as a tree: words say what they say only where that can be told."""

import pytest
from tree_sitter import Node

from proxy.syntax.bash import inside_quotes, is_deeper_than, literal, multiplies, nodes, parse, source, unescaped


def only_word(line: str) -> str | None:
    command = next(node for node in nodes(parse(line)) if node.type == "command_name")
    return literal(command.children[0])


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("ls", "ls"),
        ("'l s'", "l s"),
        ('"l\\$s"', "l$s"),
        ("l\\s", "ls"),
        ("$'\\x6cs'", "ls"),
        ("l's'", "ls"),
        ("$ls", None),
        ('"$(ls)"', None),
        ("l*", None),
    ],
)
def test_a_word_says_what_the_shell_would_read(line: str, word: str | None) -> None:
    assert only_word(line) == word


def test_nodes_come_in_the_order_of_the_text() -> None:
    names = [source(node) for node in nodes(parse("a; b | c && d")) if node.type == "command_name"]
    assert names == ["a", "b", "c", "d"]


def test_nodes_stop_below_other_types() -> None:
    found = [node.type for node in nodes(parse("a $(b)"), into=frozenset({"program"}))]
    assert found == ["program", "command"]


def test_what_is_no_shell_has_an_error() -> None:
    assert parse("if then (").has_error
    assert not parse("if true; then :; fi").has_error


def test_characters_may_stand_for_file_names_and_still_say_what_they_are() -> None:
    assert unescaped("a*b\\ c") == "a*b c"
    assert unescaped("a$b") is None
    assert unescaped("a\\$b") == "a$b"


def test_a_tree_that_is_too_deep_is_found_out() -> None:
    assert not is_deeper_than(parse("ls $(a)"), 10)
    assert is_deeper_than(parse("$(" * 5_000 + "a" + ")" * 5_000), 1_000)


def test_characters_between_double_quotes() -> None:
    assert inside_quotes('a\\"b\\c\\$') == 'a"b\\c$'
    assert inside_quotes("a$[b]") is None


def test_braces_multiply_a_word() -> None:
    def argument(line: str) -> Node:
        return parse(line).children[0].children[1]

    assert multiplies(argument("x {a,b}"))
    assert not multiplies(argument("x {}"))
    assert not multiplies(argument("x '{a,b}'"))
