"""psycopg 3: cursors on the server, streams, pipelines, prepared statements."""

import contextlib
from typing import Any

import psycopg
import pytest

from support.clients.psycopg_cases import Cases, Connection, failure, rows
from support.clients.ways import Databases

CASES = Cases()


@CASES.case
def server_cursor(connection: Connection) -> object:
    with connection.transaction(), connection.cursor("c") as cursor:
        cursor.itersize = 17
        cursor.execute("select id, name from people order by id")
        return list(cursor)


@CASES.case
def server_cursor_in_binary(connection: Connection) -> object:
    with connection.transaction(), connection.cursor("c", binary=True) as cursor:
        cursor.execute("select id, tags, born from people order by id")
        return cursor.fetchmany(3), cursor.fetchone(), cursor.fetchall()


@CASES.case
def scrollable_cursor(connection: Connection) -> object:
    with connection.transaction(), connection.cursor("c", scrollable=True) as cursor:
        cursor.execute("select id from people order by id")
        seen = [cursor.fetchmany(5)]
        cursor.scroll(-2)
        seen.append(cursor.fetchmany(2))
        cursor.scroll(100, mode="absolute")
        return [*seen, cursor.fetchone()]


@CASES.case
def cursor_with_hold(connection: Connection) -> object:
    with connection.cursor("c", withhold=True) as cursor:
        cursor.execute("select id from people order by id")
        return cursor.fetchmany(3), cursor.fetchmany(3)


@CASES.case
def streamed_rows(connection: Connection) -> object:
    return list(connection.cursor().stream("select id, note from orders order by id"))


@CASES.case
def streamed_rows_that_are_left(connection: Connection) -> object:
    cursor = connection.cursor()
    with contextlib.closing(cursor.stream("select generate_series(1, 100000)")) as streamed:  # pyright: ignore[reportArgumentType] - a generator
        first = [next(streamed), next(streamed)]
    return first, rows(connection, "select 'after'")


@CASES.case
def streamed_rows_with_an_error(connection: Connection) -> object:
    seen: list[Any] = []
    failed = failure(lambda: seen.extend(connection.cursor().stream("select 1 / (3 - n) from generate_series(1, 5) n")))
    return seen, failed


@CASES.case
def pipeline(connection: Connection) -> object:
    with connection.pipeline():
        cursors = [connection.execute("select %s::int, name from people where id = %s", [n, n]) for n in range(1, 300)]
        return [cursor.fetchall() for cursor in cursors]


@CASES.case
def pipeline_with_an_error(connection: Connection) -> object:
    """Where psycopg tells of it depends on when it arrives; what the first error is does not."""
    with connection.pipeline() as queued:
        before, wrong, lost = (connection.cursor() for _ in range(3))

        def run() -> None:
            for cursor, line in ((before, b"select 1"), (wrong, b"select 1 / 0"), (lost, b"select 2")):
                cursor.execute(line)
            queued.sync()
            wrong.fetchall()

        told = failure(run)
        with contextlib.suppress(psycopg.Error):
            queued.sync()
        after = connection.execute("select 3")
    return before.fetchall(), told, after.fetchall()


@CASES.case
def pipeline_in_a_transaction(connection: Connection) -> object:
    with connection.pipeline(), connection.transaction():
        connection.execute("create temp table piped (n int) on commit drop")
        connection.cursor().executemany("insert into piped values (%s)", [[n] for n in range(500)])
        return rows(connection, "select count(*), sum(n) from piped")


@CASES.case
def many_at_once(connection: Connection) -> object:
    connection.execute("create temp table many (n int, s text)")
    cursor = connection.cursor()
    cursor.executemany(
        "insert into many values (%s, %s) returning n", [(n, f"s{n}") for n in range(100)], returning=True
    )
    seen = [cursor.fetchall()]
    while cursor.nextset():
        seen.append(cursor.fetchall())
    return seen


@CASES.case
def prepared_statements(connection: Connection) -> object:
    query = "select name from people where id = %s"
    first = [rows(connection, query, [n], prepare=True) for n in range(1, 20)]
    [[names]] = rows(connection, "select count(*) from pg_prepared_statements")
    return first, names


@CASES.case
def a_thousand_prepared(connection: Connection) -> object:
    connection.prepared_max = 2000
    return [rows(connection, f"select {n} + %s".encode(), [1], prepare=True) for n in range(1000)]


@CASES.case
def prepared_and_changed(connection: Connection) -> object:
    connection.execute("create temp table changes (a int)")
    connection.execute("insert into changes values (1)")
    query = "select * from changes where a = %s"
    rows(connection, query, [1], prepare=True)
    connection.execute("alter table changes add b text default 'new'")
    return rows(connection, query, [1], prepare=True)


@CASES.case
def several_statements(connection: Connection) -> object:
    cursor = connection.execute("select 1; select 2, 'b'; create temp table several (); select 3")
    seen = [cursor.fetchall()]
    while cursor.nextset():
        seen.append(cursor.fetchall() if cursor.description else cursor.statusmessage)  # type: ignore[arg-type]
    return seen


@CASES.case
def status_messages(connection: Connection) -> object:
    lines = [
        "create temp table st (n int)",
        "insert into st select generate_series(1, 9)",
        "update st set n = n where n < 5",
    ]
    lines += ["delete from st where n = 1", "table st", "begin", "rollback", "show datestyle", "drop table st"]
    cursors = [connection.execute(line.encode()) for line in lines]
    return [(cursor.statusmessage, cursor.rowcount) for cursor in cursors]


@pytest.mark.parametrize("name", CASES.by_name)
def test_same(database: Databases, name: str) -> None:
    CASES.compare(database, name)
