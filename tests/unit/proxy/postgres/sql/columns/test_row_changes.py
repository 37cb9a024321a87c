"""Changes of rows: what their RETURNING gives, and where a masked value would go elsewhere."""

import pytest

from proxy.postgres.sql.columns.queries import query
from proxy.postgres.sql.columns.relations import Used, Why
from proxy.postgres.sql.columns.scope import Scope
from support.sql import tree_of


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        ("insert into cards (id) values (1) returning cvv as x", {"x": "cvv"}),
        ("update cards set cvv = cvv returning old.cvv as x, new.id", {"x": "cvv", "id": ""}),
        ("update cards set id = 1 returning with (old as o) o.cvv as x", {"x": "cvv"}),
        ("delete from users u using cards c where u.id = c.id returning u.*", {"id": "", "name": ""}),
        (
            "merge into users u using cards c on u.id = c.id when matched then delete returning *",
            {"id": "", "holder": "", "cvv": "cvv", "name": ""},
        ),
        ("insert into users values (1, 'a')", {}),
        (
            "insert into cards (id) values (1) on conflict (id) do update set cvv = excluded.cvv returning id",
            {"id": ""},
        ),
        ("insert into cards (id) values (1) on conflict (id) do update set cvv = cards.cvv returning id", {"id": ""}),
    ],
)
def test_what_it_gives(scope: Scope, sql: str, columns: dict[str, str]) -> None:
    given = query(tree_of(sql), scope, True)
    assert {column.name: column.masked for column in given.columns} == columns


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("insert into users (id, name) select id, cvv from cards", Why.MOVED),
        ("insert into cards (id) values (1) on conflict (cvv) do nothing", Why.COMPARED),
        ("insert into cards (id) values (1) on conflict (id) do update set holder = cards.cvv", Why.MOVED),
        ("update cards set holder = cvv", Why.MOVED),
        ("update cards set cvv = o.cvv from other o", Why.MOVED),
        ("update cards set cvv = upper(cvv)", Why.USED),
        ("update cards set cvv[1] = cvv", Why.MOVED),
        ("update archive set cvv = old", Why.MOVED),
        ("insert into archive (id) values (1) on conflict (id) do update set cvv = excluded.old", Why.MOVED),
        ("update users set name = c.concat from cards c", Why.WHOLE_ROW),
        ("with cards as (select 1 as id) update cards set holder = cvv", Why.MOVED),
        ("delete from cards where cvv = '1'", Why.USED),
        ("delete from cards returning reverse(old.concat)", Why.WHOLE_ROW),
        ("merge into users u using cards c on u.name = c.cvv when matched then delete", Why.USED),
        ("merge into other o using cards c on o.id = c.id when matched then update set cvv = c.cvv", Why.MOVED),
    ],
)
def test_uses(scope: Scope, sql: str, why: Why) -> None:
    with pytest.raises(Used) as raised:
        query(tree_of(sql), scope, True)
    assert raised.value.why is why
