"""The writer: each token by what it is for, with the blanks that it had."""

import pytest

from proxy.showing.literals.uses import Role, Uses
from proxy.showing.shown import Shown
from proxy.showing.writer import Manner, Writer
from proxy.syntax.sql import tokens
from proxy.syntax.words import units


def writer(sql: str, manner: Manner | None = None, **roles: tuple[Role, str]) -> Writer:
    """A writer of `sql`; `roles` by the value of a literal or word."""
    uses = Uses(sql.encode(), units(tokens(sql.encode())))
    for token in uses.tokens:
        value = sql[token.start : token.end].strip("'")
        if value in roles:
            uses.add(token, *roles[value])
    return Writer(
        uses, manner or Manner(), lambda language, code: Shown(f"{language}<{code}>", "why" * (code == "bad"))
    )


@pytest.mark.parametrize(
    ("manner", "text"),
    [
        (Manner(), "a ‹text ≤8› 5 ‹number, 10 digits› ‹bits ≤8›"),
        (Manner(exact=False), "a ‹text› ‹number› ‹number› ‹bits›"),
        (Manner(hides_numbers=True), "a ‹text ≤8› ‹number, 1 digit› ‹number, 10 digits› ‹bits ≤8›"),
        (Manner(keeps_lines=True), "a ‹text ≤8› 5\n   ‹number, 10 digits› ‹bits ≤8›"),
    ],
)
def test_how_much_is_shown(manner: Manner, text: str) -> None:
    assert writer("a  'b' 5\n\n   1234567890 B'01'", manner).text() == text


@pytest.mark.parametrize(
    ("role", "sql", "text"),
    [
        ((Role.SQL, ""), "f('a')", "f('<a>')"),
        ((Role.BODY, "sql"), "do 'a'", "do 'sql<a>'"),
        ((Role.SECRET, ""), "f('a')", "f(‹secret›)"),
        ((Role.NAME, ""), "f('a')", "f('a')"),
        ((Role.FILE, ""), "f('a')", "f('a')"),
        ((Role.OPTION, ""), "f('a')", "f('a')"),
        ((Role.DECIDING, ""), "f('a')", "f('a')"),
        ((Role.SETTING, "search_path"), "set x = a", "set x = a"),
        ((Role.SETTING, "search_path"), "set x = 'a'", "set x = 'a'"),
        ((Role.SETTING, "app.x"), "set x = a", "set x = ‹text ≤8›"),
        ((Role.SETTING, "app.password"), "set x = a", "set x = ‹secret›"),
    ],
)
def test_each_role(role: tuple[Role, str], sql: str, text: str) -> None:
    made = writer(sql, a=role)
    assert made.text() == text
    assert made.unreviewable == []


def test_a_bare_word_that_was_replaced_is_known() -> None:
    made = writer("set x = a", a=(Role.SETTING, "app.x"))
    made.text()
    assert made.replaced == {8}


def test_what_is_found_inside_is_told() -> None:
    made = writer("f('bad')", bad=(Role.SQL, ""))
    made.text()
    assert made.unreviewable == ["why"]


@pytest.mark.parametrize("role", [(Role.NAME, ""), (Role.FILE, ""), (Role.DECIDING, ""), (Role.SETTING, "role")])
def test_what_decides_and_cannot_be_shown_is_told(role: tuple[Role, str]) -> None:
    secret = "4111111111111111"
    made = writer(f"f('{secret}')", None, **{secret: role})
    assert made.text() == "f(‹text ≤16›)"
    assert len(made.unreviewable) == 1


def test_words_do_not_run_together() -> None:
    assert writer("select'a'from\"b\"").text() == 'select ‹text ≤8› from "b"'
    assert writer("f('a'::b)").text() == "f(‹text ≤8›::b)"
