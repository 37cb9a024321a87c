"""Code that takes columns by their places; what it does with stars stands with `remade` as well."""

import pytest

from proxy.postgres.sql.columns.defining.stars import takes_places


@pytest.mark.parametrize(
    ("code", "takes"),
    [
        ("select j.d from (a x cross join b y) as j(a, b, c, d)", True),
        ("select j.d from (a x cross join b y) j(a, b, c, d)", True),
        ("insert into h select j.* from (a x join b y using (id)) as j", True),
        ("select x from ((a join b on true) join c on true) as j(x)", True),
        ("select x from rows from (f(), g()) as t(x)", True),
        ("execute 'select j.d from (a cross join b) as j(a, b, c, d)'", True),
        ("select a.*, b.* from a, b", True),
        ("select u.id from u left join (a join b on b.id = a.id) on a.id = u.id where true", False),
        ("select s.id from (select a.id from a join b on true) s", False),
        ("select x from unnest($1) as t(x), a join b on true", False),
        ("for r in select 1 from (a join b on true) loop null; end loop", False),
        ("raise notice 'please join'", False),
        ("an unfinished 'text, join )", True),
        ("an unfinished 'text", False),
    ],
)
def test_what_takes_places(code: str, takes: bool) -> None:
    assert takes_places(code) is takes
