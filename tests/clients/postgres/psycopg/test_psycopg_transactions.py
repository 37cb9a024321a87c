"""psycopg 3: transactions, errors with all their fields, notices, notifications, cancels."""

import contextlib
import time
import uuid

import psycopg
import pytest
from psycopg.rows import dict_row

from support.children import PATIENCE_S
from support.clients.psycopg_cases import Cases, Connection, another, failure, rows
from support.clients.ways import Databases

CASES = Cases()


@CASES.case
def savepoints(connection: Connection) -> object:
    with connection.transaction():
        connection.execute("create temp table saved (n int)")
        with contextlib.suppress(psycopg.Error), connection.transaction("inner"):
            connection.execute("insert into saved values (1)")
            connection.execute("select 1 / 0")
        connection.execute("insert into saved values (2)")
        seen = rows(connection, "table saved")
    return seen, connection.info.transaction_status


@CASES.case
def failed_transaction(connection: Connection) -> object:
    connection.execute("begin")
    first = failure(lambda: connection.execute("select 1 / 0"))
    status = connection.info.transaction_status
    second = failure(lambda: connection.execute("select 1"))
    connection.execute("rollback")
    return first, status, second, connection.info.transaction_status


@CASES.case
def two_phase(connection: Connection) -> object:
    xid = connection.xid(1, f"gatepass-{uuid.uuid4()}", "b")
    connection.autocommit = False
    connection.tpc_begin(xid)
    connection.execute("select 1")
    connection.tpc_prepare()
    connection.tpc_rollback()
    return connection.info.transaction_status


@CASES.case
def read_only_transaction(connection: Connection) -> object:
    connection.read_only = True
    connection.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
    connection.autocommit = False
    shown = rows(connection, "select current_setting('transaction_isolation')")
    failed = failure(lambda: connection.execute("create table never (n int)"))
    connection.rollback()
    return shown, failed


@CASES.case
def errors_of_constraints(connection: Connection) -> object:
    lines = [
        "insert into people values (1, 'x')",
        "insert into orders values (9999, 9999)",
        "insert into people (id) values (0)",
    ]
    lines += [
        "insert into people (id, name, code) values (0, 'x', 'far too long')",
        "insert into events values (1, '1999-01-01')",
    ]
    return [failure(lambda line=line: connection.execute(line.encode())) for line in lines]


@CASES.case
def errors_of_values(connection: Connection) -> object:
    lines = [
        "select 1 / 0",
        "select 'x'::int",
        "select '2026-99-01'::date",
        "select 2147483647 + 1",
    ]
    lines += ["select nothing", "select * from nowhere", "select nofunction()", "select 1 / 0.0"]
    return [failure(lambda line=line: connection.execute(line.encode())) for line in lines]


@CASES.case
def notices(connection: Connection) -> object:
    seen: list[tuple[str | None, ...]] = []
    connection.add_notice_handler(lambda diag: seen.append((diag.severity, diag.sqlstate, diag.message_primary)))
    connection.execute("do $$ begin raise notice 'one'; raise warning 'two %', 2; end $$")
    connection.execute("drop table if exists nowhere")
    return seen


@CASES.case
def notifications(connection: Connection) -> object:
    connection.execute("listen here")
    connection.execute("notify here, 'payload ü'")
    [note] = list(connection.notifies(timeout=20, stop_after=1))
    return note.channel, note.payload, note.pid == connection.info.backend_pid


@CASES.case
def advisory_locks(connection: Connection) -> object:
    return rows(connection, "select pg_try_advisory_lock(77), pg_advisory_unlock(77), pg_advisory_unlock(78)")


def until_it_sleeps(watching: Connection, pid: int) -> None:
    """Wait until the session of the database with this process id is in pg_sleep."""
    query = "select wait_event from pg_stat_activity where pid = %s"
    until = time.monotonic() + PATIENCE_S
    while rows(watching, query, [pid]) != [("PgSleep",)]:
        assert time.monotonic() < until, "the statement never slept"
        time.sleep(0.01)


@CASES.case
def cancelled(connection: Connection) -> object:
    with connection.cursor() as cursor:
        cursor.execute("set statement_timeout = '20s'")
        # A cancel that is there before the statement cancels nothing, and the answer names the line that it met.
        connection.pgconn.send_query(b"select pg_sleep(20)")
        with another(connection) as watching:
            until_it_sleeps(watching, connection.info.backend_pid)
        connection.cancel_safe()
        result = connection.pgconn.get_result()
        assert result is not None
        failed = result.error_message
        while connection.pgconn.get_result():
            pass
    return failed, rows(connection, "select 'after'")


@CASES.case
def statement_timeout(connection: Connection) -> object:
    connection.execute("set statement_timeout = '50ms'")
    return failure(lambda: connection.execute("select pg_sleep(20)"))


@CASES.case
def procedures(connection: Connection) -> object:
    return rows(connection, "call add_to(%s)", [4]), rows(connection, "select twice(%s)", [21])


@CASES.case
def refcursor(connection: Connection) -> object:
    with connection.transaction():
        connection.execute("declare rc cursor for select id from people order by id limit 3")
        return rows(connection, "fetch all from rc")


@CASES.case
def rows_as_dictionaries(connection: Connection) -> object:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute("select id, name from people order by id limit 5").fetchall()


@CASES.case
def server_settings(connection: Connection) -> object:
    names = ["server_version", "server_encoding", "client_encoding", "DateStyle", "TimeZone", "integer_datetimes"]
    names += ["standard_conforming_strings", "is_superuser", "session_authorization", "in_hot_standby"]
    return [connection.pgconn.parameter_status(name.encode()) for name in names]


@CASES.case
def own_process(connection: Connection) -> object:
    [[pid]] = rows(connection, "select pg_backend_pid()")
    return pid == connection.info.backend_pid


@pytest.mark.parametrize("name", CASES.by_name)
def test_same(database: Databases, name: str) -> None:
    CASES.compare(database, name)
