"""Expressions: no masked column in one, and no node that is not listed."""

import pytest
from postgast import pg_query_pb2 as pg

from proxy.postgres.sql.catalogue import Catalogue
from proxy.postgres.sql.columns.expressions import check, check_all, field_of
from proxy.postgres.sql.columns.relations import Column, Relation, Used, Why
from proxy.postgres.sql.columns.scope import Scope
from proxy.syntax.sql import unwrap
from support.sql import tree_of

CARDS = Relation("c", (Column("id"), Column("cvv", "cvv")))


def expression(text: str) -> pg.Node:
    select = tree_of(f"select {text}")
    assert isinstance(select, pg.SelectStmt)
    return select.target_list[0].res_target.val


@pytest.mark.parametrize(
    "text",
    [
        "id + 1",
        "cvv is null",
        "count(cvv)",
        "pg_catalog.count(cvv)",
        "coalesce(id, 1)",
        "exists (select 1 from cards where cards.id = c.id)",
        "(array[id, 2])[1:1]",
        "case when c.id > 1 then 'a' end",
    ],
)
def test_harmless(scope: Scope, text: str) -> None:
    check_all([expression(text)], scope.inside([CARDS]))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("cvv || ''", Why.USED),
        ("count(distinct cvv)", Why.USED),
        ("other.count(cvv)", Why.USED),
        ("f(c)", Why.WHOLE_ROW),
        ("c.f", Why.WHOLE_ROW),
        ("row(c.*)", Why.WHOLE_ROW),
        ("upper(nope)", Why.NO_SUCH_COLUMN),
        ("(select cvv)", Why.MOVED),
        ("g()", Why.WHOLE_ROW),
    ],
)
def test_uses(scope: Scope, text: str, why: Why) -> None:
    with pytest.raises(Used) as raised:
        check(unwrap(expression(text)), scope.inside([CARDS]))
    assert raised.value.why is why


def test_a_node_that_is_not_listed(scope: Scope) -> None:
    with pytest.raises(Used) as raised:
        check(pg.VacuumStmt(), scope)
    assert raised.value.why is Why.SHAPE


def test_a_count_that_may_be_the_sessions_own_sees_no_masked_column(scope: Scope, catalogue: Catalogue) -> None:
    catalogue.remember([], unsettled=True)
    place = scope.inside([CARDS])
    check_all([expression("count(id)"), expression("pg_catalog.count(cvv)")], place)
    with pytest.raises(Used) as raised:
        check_all([expression("count(cvv)")], place)
    assert raised.value.why is Why.COUNTED


@pytest.mark.parametrize(("text", "masked"), [("(g()).cvv", "cvv"), ("(g()).id", ""), ("(f()).cvv", "cvv")])
def test_fields_of_what_functions_give(scope: Scope, text: str, masked: str) -> None:
    value = unwrap(expression(text))
    assert isinstance(value, pg.A_Indirection)
    assert field_of(value, scope).masked == masked
    assert not field_of(value, scope).traced


def test_a_function_of_what_a_function_gives(scope: Scope) -> None:
    value = unwrap(expression("(g()).quote_literal"))
    assert isinstance(value, pg.A_Indirection)
    with pytest.raises(Used):
        field_of(value, scope)
