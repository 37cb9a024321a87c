"""Which conditions restrict the rows of a table. Bypasses found stay here."""

import pytest

from proxy.postgres.sql.analysis import analyse
from support.sql import facts_of

RESTRICTING = """
id = 1
id = $1
1 = id
id in (1, 2)
id in (select x from s)
id in (select max(x.id) from s x)
id in (select id from t where status = 'old' limit 5)
id between 1 and 2
id < 5
id > 0 and id < 10
id = any($1)
id is not distinct from 5
id = (select max(x) from s)
(a, b) = (1, 2)
(a, b) in ((1, 2))
name like 'a%'
name ilike '%a'
name ~ '^abc'
a is null
a < now() or a is null
active
not active
active is true
id = 1 or b = 2
t.id = 5 and true
lower(email) = 'x'
created::date = '2024-01-01'
date_trunc('day', created) = '2020-01-01'
data->>'k' = 'v'
exists (select 1 from s where s.id = t.id)
exists (select from s where s.id = t.id and s.x = 3)
current of c
"""
NOT_RESTRICTING = """
true
1 = 1
id = id
id is null or id is not null
ctid >= '(0,0)'
tableoid = tableoid
id = coalesce(id, 1)
$1
not false
id <> 5
id is not null
name like '%'
name like '%' or false
name like $1
name like '%' || '%'
name similar to '%'
name ~ '.*'
name ~ 'a*'
id in (1, id)
id in (select id)
id in (select id from t)
id in (select t.id from s)
id in (select id from (select * from t) x)
id = any(array(select id from t))
id < 5 or id >= 5
active or not active
exists (select 1)
exists (select 1 from s where s.a = s.b)
exists (select count(*) from s where s.id = t.id)
exists (select 1 from t x where x.id = t.id)
exists (select 1 from t where t.id = 5)
not exists (select 1 from s where s.id = t.id)
id not in (1)
id = 1 or true
id + 0 = 5
coalesce(id, 0) = 0
length(name) >= 0
(id, 1) = (id, 1)
id = (select x.id from t x where x.id = t.id)
id is distinct from 5
id >= all('{}')
id::text like '%'
id between id and id
"""


def lines(text: str) -> list[str]:
    return text.strip().splitlines()


@pytest.mark.finding("pg-F7")
@pytest.mark.parametrize("condition", lines(RESTRICTING))
def test_a_condition_that_restricts(condition: str) -> None:
    [facts] = facts_of(f"delete from t where {condition}")  # noqa: S608 - parsed, never run
    assert "delete_without_where" not in facts.labels


@pytest.mark.finding("pg-F7")
@pytest.mark.parametrize("condition", lines(NOT_RESTRICTING))
@pytest.mark.parametrize("verb", ["delete from t", "update t set a = 1"])
def test_a_condition_that_restricts_nothing(verb: str, condition: str) -> None:
    [facts] = facts_of(f"{verb} where {condition}")
    assert {"delete_without_where", "update_without_where"} & facts.labels


@pytest.mark.parametrize(("condition", "by_value"), [("a = 'x'", False), ("a like 'x%'", True)])
def test_a_pattern_decides_by_its_value(condition: str, by_value: bool) -> None:
    [found] = analyse(f"delete from t where {condition}".encode())  # noqa: S608 - parsed, never run
    assert found.by_value is by_value
