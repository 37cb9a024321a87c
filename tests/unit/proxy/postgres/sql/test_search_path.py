"""Search paths as SHOW gives them, and statements whose names mean something before they run."""

import pytest

from proxy.postgres.sql.search_path import DEFAULT, means_now, schemas_of
from proxy.postgres.sql.texts.query import QueryAnalyser

ALWAYS = ("pg_temp", "pg_catalog")


@pytest.mark.parametrize(
    ("path", "schemas"),
    [
        (DEFAULT, ("app", "public")),
        ("", ()),
        ("hr", ("hr",)),
        ('hr, "Odd, one" ,public', ("hr", "Odd, one", "public")),
        ('"a""b"', ('a"b',)),
        ("Hr, USER", ("hr", "user")),
        ('$user, "x"', None),
        ("hr, $user", None),
        ("hr,", None),
        ("hr public", None),
        (",", None),
        ("hr-2", None),
        ("hr, 'x'", None),
        ("größe", None),
        ('"größe"', ("größe",)),
        ('"open', None),
        ("hr; public", None),
        ("h" * 64, None),
    ],
)
def test_schemas_of_a_path(path: str, schemas: tuple[str, ...] | None) -> None:
    assert schemas_of(path, "app") == (None if schemas is None else (*ALWAYS, *schemas))


@pytest.mark.parametrize(
    ("sql", "now"),
    [
        ("select * from t", True),
        ("delete from t where id = 1", True),
        ("declare c cursor for select * from t", True),
        ("prepare p as select * from t", True),
        ("set search_path = hr; select * from t", False),
        ("create function f() returns int language sql as 'select 1 from t'", False),
        ("create view v as select * from t", False),
        ("do $$ begin end $$", False),
        ("call p()", False),
        ("selec", False),
        ("", False),
    ],
)
def test_what_means_something_now(sql: str, now: bool) -> None:
    assert means_now(QueryAnalyser(lambda _: False).analyse(sql.encode())) is now
