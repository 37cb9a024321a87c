"""The literal words of a script."""

from proxy.showing.bash.changes import Change
from proxy.showing.bash.literals import Literal, literals
from proxy.syntax.bash import parse


def literal(line: str, text: str) -> Literal:
    return next(each for each in literals(parse(line)).values() if each.text == text)


def test_every_word_is_there_and_no_piece_of_one() -> None:
    found = sorted(each.text for each in literals(parse("a 'b'c \"d $(e f)\" > g; h=i")).values())
    assert found == ["a", "bc", "d \x00", "e", "f", "g", "i"]


def test_of_what_may_be_code_only_opaque_values_are_hidden() -> None:
    word = literal("echo 'ab; cd'", "ab; cd")
    word.hide([Change(0, 6)], loose=True)
    assert word.changes == []
    word.hide([Change(0, 2)], loose=True)
    word.hide([Change(0, 6)], loose=False)
    assert word.changes == [Change(0, 2), Change(0, 6)]


def test_a_name_is_never_looked_into() -> None:
    word = literal("x token=abc", "token=abc")
    word.settled = True
    word.look_inside()
    assert word.changes == []


def test_an_operand_keeps_what_only_a_label_gives_away() -> None:
    operand = literal("rm token=abc", "token=abc")
    operand.operand = True
    operand.look_inside()
    assert operand.changes == []
    word = literal("x token=abc", "token=abc")
    word.look_inside()
    assert word.changes == [Change(6, 9)]


def test_all_of_a_word_is_hidden_but_what_is_computed() -> None:
    word = literal("x 'a;b'", "a;b")
    word.hide_all(loose=True)
    assert word.changes == []
    word.hide_all(loose=False)
    assert word.changes == [Change(0, 3)]


def test_words_that_may_become_several() -> None:
    found = {each.text: each.may_split for each in literals(parse('a "$PWD"x "$PWD/y" *b d/*c \'*e\' ?')).values()}
    splits = {text for text, may_split in found.items() if may_split}
    assert splits == {"\x00x", "*b", "?"}
