"""Words that are functions to an older server, in every way to write them that it would read as a call."""

import pytest

from proxy.syntax.new_words import NEW_WORDS, Word, new_word
from proxy.syntax.sql import parse, walk


def words(sql: str) -> list[Word]:
    return [word for node in walk(parse(sql.encode())[1]) if (word := new_word(node)) is not None]


@pytest.mark.parametrize(
    ("call", "since"),
    [
        ("json_array()", 16),
        ("json_array(1, a)", 16),
        ("json_array(select 1)", 16),
        ("json_object()", 16),
        ("json_object(a: 1)", 16),
        ("json_arrayagg(a)", 16),
        ("json_objectagg(a: b)", 16),
        ("json(a)", 17),
        ("json_scalar(a)", 17),
        ("json_serialize(a)", 17),
        ("json_value(a, 'x')", 17),
        ("json_query(a, 'x')", 17),
        ("json_exists(a, 'x')", 17),
        ("merge_action()", 17),
    ],
)
def test_a_word_since(call: str, since: int) -> None:
    assert words(f"select {call}") == [Word(call.partition("(")[0], since)]


def test_a_table_of_json() -> None:
    assert words("select * from json_table(a, '$' columns (x int))") == [Word("json_table", 17)]


@pytest.mark.parametrize("call", ['"json_value"(a)', "hr.json_value(a)", "lower(a)", "a is json", "xmlconcat(a)"])
def test_other_calls_and_words_are_none(call: str) -> None:
    assert words(f"select {call}") == []


def test_every_node_has_its_word() -> None:
    assert len(set(NEW_WORDS)) == 11
