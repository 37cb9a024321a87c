"""Uses: finding the token that a place or a value of the tree means."""

import pytest
from postgast import pg_query_pb2 as pg

from proxy.showing.literals.uses import Role, Use, Uses, constants, names, text_constant
from proxy.syntax.sql import parse, tokens, unwrap
from proxy.syntax.words import units

SQL = b"select - 5, 'a', E'b' from t where x = 'a' -- 'a'"


@pytest.fixture
def uses() -> Uses:
    return Uses(SQL, units(tokens(SQL)))


def test_a_place_is_the_first_token_at_or_behind_it_without_its_sign(uses: Uses) -> None:
    token = uses.at(SQL.index(b"-"))
    assert token is not None
    assert SQL[token.start : token.end] == b"5"
    assert uses.at(len(SQL)) is None


def test_a_value_is_found_behind_a_place(uses: Uses) -> None:
    first, second = uses.find("a"), uses.find("a", 20)
    assert first is not None
    assert second is not None
    assert (first.start, second.start) == (SQL.index(b"'a'"), SQL.index(b"'a'", 20))
    assert uses.find("b") is None
    assert uses.find("a", len(SQL)) is None


def test_a_value_is_found_behind_a_word(uses: Uses) -> None:
    assert uses.behind(frozenset({pg.ASCII_61}), "a") == uses.find("a", 20)
    assert uses.behind(frozenset({pg.ASCII_61}), "b") is None


def test_what_is_known_of_a_part_is_added(uses: Uses) -> None:
    part = Uses(b"", [], by_start={7: Use(Role.FILE)}, unreviewable=["why"])
    uses.include(part)
    uses.include(part)
    assert uses.by_start == {7: Use(Role.FILE)}
    assert uses.unreviewable == ["why"]


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("'a'", "a"),
        ("'a'::text", "a"),
        ("date 'a'", "a"),
        ("'a' collate \"C\"", "a"),
        ("'a' || 'b'", None),
        ("5", None),
    ],
)
def test_what_a_string_constant_is(expression: str, text: str | None) -> None:
    [target] = unwrap(parse(f"select {expression}".encode())[1].stmts[0].stmt).target_list  # type: ignore[attr-defined]
    constant = text_constant(target.res_target.val)
    assert (constant.sval.sval if constant else None) == text


def test_constants_and_names_of_a_tree() -> None:
    tree = parse(b"select 5, app.f('a')")[1].stmts[0].stmt
    assert len(list(constants(tree))) == 2
    assert names(tree.select_stmt.target_list[1].res_target.val.func_call.funcname) == ["app", "f"]
