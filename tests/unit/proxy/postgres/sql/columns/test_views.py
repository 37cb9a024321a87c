"""Views: which of their columns show a masked one, in whatever form."""

import pytest

from proxy.postgres.sql.catalogue import Catalogue
from proxy.postgres.sql.columns.views import masked_outputs
from support.cards import is_masked
from support.sql import tree_of


@pytest.mark.parametrize(
    ("sql", "shown"),
    [
        ("select id, cvv as code from cards", ["", "cvv"]),
        ("select substr(cvv, 1, 1), id from cards where cvv > '5' order by cvv", ["cvv", ""]),
        ("select name from users union all select cvv from cards", ["cvv"]),
        ("select reverse(c.concat), c.id from cards c", ["cvv", ""]),
        ("with w as (select cvv as y from cards) select y, 1 from w", ["cvv", ""]),
        ("values (1, 2)", ["", ""]),
        ("select * from cards", ["", "", "cvv"]),
    ],
)
def test_what_it_shows(catalogue: Catalogue, sql: str, shown: list[str]) -> None:
    assert masked_outputs(tree_of(sql), catalogue, is_masked) == shown


@pytest.mark.parametrize("sql", ["delete from cards", "select * from g()", "select 1 from cards, lateral nope(cvv)"])
def test_what_cannot_be_told(catalogue: Catalogue, sql: str) -> None:
    assert masked_outputs(tree_of(sql), catalogue, is_masked) is None
