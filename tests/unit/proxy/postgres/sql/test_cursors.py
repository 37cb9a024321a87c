"""Which cursors of SQL are open for certain, by what completed."""

import pytest

from proxy.postgres.sql.cursors import CursorChange, OpenCursors, cursor_change, fetch
from proxy.syntax.sql import parse, unwrap


def change(sql: str) -> CursorChange | None:
    return cursor_change(unwrap(parse(sql.encode())[1].stmts[0].stmt))


def after(*statements: str, status: str = "T") -> OpenCursors:
    """Each of the statements completed, in one transaction; `a/b` is one of the two."""
    cursors = OpenCursors()
    for sql in statements:
        if sql == "error":
            cursors.failed()
        else:
            cursors.completed([change(each) for each in sql.split("/")], sql.split(maxsplit=1)[0].upper())
    cursors.ready(status.encode(), settled=True)
    return cursors


DECLARE = "declare c cursor for select 1"
HOLD = "declare c cursor with hold for select 1"


@pytest.mark.finding("pg-F16")
@pytest.mark.parametrize(
    ("statements", "status"),
    [
        ([DECLARE], "T"),
        ([DECLARE.replace(" c ", " C ")], "T"),
        ([DECLARE, "close other", "savepoint s", "select 1"], "T"),
        ([DECLARE, "savepoint s", "error", "rollback to s"], "T"),
        (["savepoint s", DECLARE, "release s", "savepoint s", "rollback to s"], "T"),
        ([HOLD], "I"),
        ([HOLD, "commit"], "T"),
        ([HOLD, "commit", "begin", "rollback"], "I"),
    ],
)
def test_what_is_open(statements: list[str], status: str) -> None:
    assert "c" in after(*statements, status=status)


@pytest.mark.finding("pg-F16")
@pytest.mark.parametrize(
    ("statements", "status"),
    [
        ([DECLARE], "I"),
        ([DECLARE.replace(" c ", ' "C" ')], "T"),
        ([DECLARE, "close c"], "T"),
        ([DECLARE, "close all"], "T"),
        ([DECLARE, "discard all"], "T"),
        ([DECLARE, "commit and chain"], "T"),
        ([HOLD, "rollback and chain"], "T"),
        ([HOLD, "error"], "I"),
        (["savepoint s", DECLARE, "rollback to s"], "T"),
        ([f"{DECLARE}/select 1"], "T"),
        ([DECLARE, "close c/select 1"], "T"),
    ],
)
def test_what_may_not_be(statements: list[str], status: str) -> None:
    assert "c" not in after(*statements, status=status)


def test_a_commit_that_rolled_back_closes_what_would_be_held() -> None:
    cursors = OpenCursors()
    cursors.completed([change(HOLD)], "DECLARE CURSOR")
    cursors.completed([change("commit")], "ROLLBACK")
    assert "c" not in cursors


@pytest.mark.finding("pg-F16")
def test_a_name_that_was_given_to_another_portal_meanwhile_is_not_known() -> None:
    cursors = OpenCursors()
    cursors.forget("c")
    cursors.completed([change(DECLARE)], "DECLARE CURSOR")
    assert "c" not in cursors
    cursors.ready(b"T", settled=True)
    cursors.completed([change(DECLARE)], "DECLARE CURSOR")
    assert "c" in cursors


def test_the_fetch_that_an_execute_is() -> None:
    assert fetch('a"b', 0) == b'fetch all from "a""b"'
    assert fetch("c", 5) == b'fetch 5 from "c"'


def test_which_portals_a_statement_meets() -> None:
    for sql in ("close all", "discard all", "close p", DECLARE.replace(" c ", " p ")):
        found = change(sql)
        assert found is not None
        assert found.meets("p")
    found = change("commit")
    assert found is not None
    assert not found.meets("p")
