"""How many rows: what the planner says of plain tables, and "unknown" where planning could run somebody's code."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from access.context import Access
from access.policy.resources import Resource
from proxy.errors import UpstreamFault
from proxy.postgres import upstream
from proxy.postgres.relay.judging.estimate import Estimator
from support.postgres import Target

SCHEMA = """
create schema est; set search_path = est;
create table plain (id int primary key, body text default lower('X'));
insert into plain select generate_series(1, 1000); analyze plain;
create table parted (id int) partition by range (id);
create table parted_1 partition of parted for values from (0) to (10);
create function loud() returns int language plpgsql immutable as
    $$ begin insert into est.log values (1); return 1; end $$;
create function quiet(int) returns int language sql immutable as 'select 1';
create table log (id int);
create table defaulted (id int default est.quiet(1));
create table checked (id int check (id > est.quiet(1)));
create table indexed (id int); create index on indexed (est.quiet(id));
create table ruled (id int); create rule r as on insert to ruled do also select 1;
create table secured (id int); alter table secured enable row level security;
create view seen as select * from plain;
create domain small as int; create table domained (id est.small);
create table parent (id int); create table child (check (id > est.quiet(1))) inherits (parent);
create table statistical (a int, b int); create statistics est.st on (a + 1), b from statistical;
"""


@pytest.fixture
async def owner(target: Target) -> AsyncIterator[asyncpg.Connection]:
    connection = await target.connect()
    await connection.execute(f"set role app_owner; {SCHEMA}")
    yield connection
    await connection.execute("drop schema est cascade")
    await connection.close()


@pytest.fixture
def estimator(access: Access) -> Estimator:
    resource: Resource = access.policies.current.resources["db"]
    return Estimator(resource, resource.roles["owner"], "payments")


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("delete from plain", "about 1,000 rows"),
        ("delete from est.plain where id < 0", "about 1 row"),
        ("update plain set body = upper(body)", "about 1,000 rows"),
        ("select * from plain", "about 1,000 rows"),
        ("delete from plain where id = $1", "about 1 row"),
        ("insert into plain select id + 5000 from plain", "about 1,000 rows"),
        ("with gone as (delete from plain returning id) select count(*) from gone", "about 1,000 rows"),
        ("merge into plain p using parted q on p.id = q.id when matched then delete", None),
    ],
)
async def test_the_planners_own_figure(
    owner: asyncpg.Connection, estimator: Estimator, sql: str, words: str | None
) -> None:
    said = await estimator.rows(sql.encode(), "est")
    assert said == words if words is not None else said.startswith("about ")


@pytest.mark.parametrize(
    "table",
    ["defaulted", "checked", "indexed", "ruled", "secured", "seen", "domained", "parent", "statistical", "nowhere"],
)
async def test_a_table_that_could_run_code_is_not_planned(
    owner: asyncpg.Connection, estimator: Estimator, table: str
) -> None:
    assert await estimator.rows(b"delete from " + table.encode(), "est") == "unknown"


async def test_a_function_by_the_name_of_postgresqls_is_not_called(
    owner: asyncpg.Connection, estimator: Estimator
) -> None:
    sql = b"delete from plain where lower('x') = 'x'"
    assert await estimator.rows(sql, "est") == "about 1,000 rows"
    await owner.execute("create function est.lower(text) returns text language sql immutable as $$ select 'x' $$")
    assert await estimator.rows(sql, "est, pg_catalog") == "unknown"


async def test_an_operator_of_somebody_elses_is_not_called(owner: asyncpg.Connection, estimator: Estimator) -> None:
    await owner.execute(
        "create function est.same(int, int) returns bool language sql immutable as 'select true';"
        "create operator est.= (function = est.same, leftarg = int, rightarg = int)"
    )
    assert await estimator.rows(b"delete from plain where 1 = 2", "est, pg_catalog") == "unknown"


async def test_a_temporary_table_is_another_ones(owner: asyncpg.Connection, estimator: Estimator) -> None:
    await owner.execute("create temp table plain (id int)")
    assert await estimator.rows(b"delete from plain", "est") == "unknown"


async def test_nothing_is_changed_and_a_lock_is_not_waited_for(owner: asyncpg.Connection, estimator: Estimator) -> None:
    assert await estimator.rows(b"delete from plain where loud() = 1", "est") == "unknown"
    async with owner.transaction():
        await owner.execute("lock table est.plain in access exclusive mode")
        assert await estimator.rows(b"delete from plain", "est") == "unknown"
    assert await owner.fetchval("select count(*) from est.log") == 0


@pytest.mark.parametrize("path", ["est'", "", '"', "nowhere"])
async def test_a_search_path_that_means_nothing_says_nothing(
    owner: asyncpg.Connection, estimator: Estimator, path: str
) -> None:
    assert await estimator.rows(b"delete from plain", path) == "unknown"


async def test_an_upstream_that_is_not_there_says_nothing(
    estimator: Estimator, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(*_: object) -> None:
        raise UpstreamFault("gone")

    monkeypatch.setattr(upstream, "connect", gone)
    assert await estimator.rows(b"delete from plain", "est") == "unknown"
