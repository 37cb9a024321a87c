"""Every name is an identifier and every value a literal, whatever stands in them: by PostgreSQL's own grammar."""

from datetime import datetime, timedelta, timezone

import postgast
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.postgres.ephemeral import statements

ODD = ["plain", 'a"b', "a'b", "a\\b", 'a"; drop role x; --', "Übel", "a\u202eb", "select", "$1", "/* */", "a\nb"]


@pytest.mark.parametrize("name", ODD)
def test_a_name_stays_one_name(name: str) -> None:
    until = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=timezone(timedelta(hours=2)))
    made, comment = statements.create(name, "SCRAM-SHA-256$4096:x$y:z", until, name)
    assert "valid until '2026-01-02T01:04:05+00:00'" in made
    assert "connection limit 1" in made
    every = [
        made,
        comment,
        statements.join(name, name),
        statements.leave(name, name),
        statements.lock(name),
        statements.belong_to_us(name, 160_000),
        statements.become_us(name, 160_000),
        statements.become(name),
        statements.roll_back_prepared(name),
        statements.hand_over_schema(name, name),
        statements.lend(name, name),
        statements.take_back(name, name),
        statements.reassign(name, name),
        statements.drop_owned(name),
        statements.drop(name),
        *statements.keep_setting(name, "app.tenant", name),
    ]
    assert len(postgast.parse(statements.joined(every)).stmts) == len(every)


@given(st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1))
def test_a_literal_stays_one_literal(value: str) -> None:
    tree = postgast.parse(f"select {statements.literal(value)}")
    [statement] = tree.stmts
    assert statement.stmt.select_stmt.target_list[0].res_target.val.a_const.sval.sval == value


@pytest.mark.parametrize("value", ["", "a\0b"])
def test_what_no_name_can_hold(value: str) -> None:
    with pytest.raises(ValueError, match="null byte"):
        statements.identifier(value)
    with pytest.raises(ValueError, match="null byte"):
        statements.literal("a\0b")


def test_before_postgresql_16_membership_has_no_options() -> None:
    assert statements.join("x", "t").endswith("with inherit true, set false")


def test_names_are_a_list() -> None:
    assert statements.names(["a", 'b"c']) == '"a", "b""c"'
