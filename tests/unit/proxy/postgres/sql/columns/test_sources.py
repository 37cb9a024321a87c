"""Sources: what each kind of FROM item gives, and what stands in it."""

import pytest
from postgast import pg_query_pb2 as pg

from proxy.postgres.sql.columns.relations import Rest, Used, Why
from proxy.postgres.sql.columns.scope import Scope
from proxy.postgres.sql.columns.sources import sources
from support.sql import tree_of


def given(text: str, scope: Scope) -> tuple[list[str], dict[str, str], Rest]:
    """The names of the relations, and each column with what it shows, of a FROM."""
    select = tree_of(f"select from {text}")
    assert isinstance(select, pg.SelectStmt)
    relations, star = sources(select.from_clause, scope)
    return [each.name for each in relations], {each.name: each.masked for each in star.columns}, star.rest


@pytest.mark.parametrize(
    ("text", "names", "columns"),
    [
        ("cards", ["cards"], {"id": "", "holder": "", "cvv": "cvv"}),
        ("cards c (a, b, x)", ["c"], {"a": "", "b": "", "x": "cvv"}),
        ("(select cvv as y from cards) s", ["s"], {"y": "cvv"}),
        ("cards join users using (id)", ["cards", "users"], {"id": "", "holder": "", "cvv": "cvv", "name": ""}),
        ("(cards join users using (id)) j", ["j"], {"id": "", "holder": "", "cvv": "cvv", "name": ""}),
        ("cards natural join users", ["cards", "users"], {"id": "", "holder": "", "cvv": "cvv", "name": ""}),
        ("g()", ["g"], {"id": "", "holder": "", "cvv": "cvv"}),
        ("f() as t(n int, cvv text)", ["t"], {"n": "", "cvv": "cvv"}),
        ("json_table('1', '$' columns (n int path '$')) t", ["t"], {"n": ""}),
        ("xmltable('/a' passing '<a/>' columns n int path '.') t", ["t"], {"n": ""}),
        ("users tablesample system (10)", ["users"], {"id": "", "name": ""}),
    ],
)
def test_what_it_gives(scope: Scope, text: str, names: list[str], columns: dict[str, str]) -> None:
    assert given(text, scope)[:2] == (names, columns)


def test_a_table_that_nobody_knows(scope: Scope) -> None:
    assert given("nobody", scope) == (["nobody"], {}, Rest.MASKED)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("cards join users on cvv = name", Why.USED),
        ("cards join other using (cvv)", Why.COMPARED),
        ("cards natural join other", Why.COMPARED),
        ("users natural join nobody", Why.COMPARED),
        ("cards c, upper(c.cvv)", Why.USED),
        ("cards c, lateral (select c.cvv || '') s", Why.USED),
        ("cards c, json_table(to_jsonb(c), '$' columns (n int path '$')) t", Why.WHOLE_ROW),
        ("cards c, json_table('1', '$' columns (n text path '$' default c.cvv on error)) t", Why.USED),
        ("cards c, xmltable('/a' passing (c.cvv::xml) columns n int path '.') t", Why.USED),
        ("users tablesample system ((select length(cvv) from cards))", Why.USED),
    ],
)
def test_uses(scope: Scope, text: str, why: Why) -> None:
    with pytest.raises(Used) as raised:
        given(text, scope)
    assert raised.value.why is why


def test_an_item_that_is_not_listed(scope: Scope) -> None:
    with pytest.raises(Used):
        sources([pg.VacuumStmt()], scope)
