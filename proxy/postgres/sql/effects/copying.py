"""COPY from and to the server's files and programs. Pure."""

from collections.abc import Iterable

from postgast import pg_query_pb2 as pg

from access.policy.labels import ShellLabel, SqlLabel
from proxy.postgres.sql.effects.found import Found
from proxy.postgres.sql.effects.scope import Scope
from proxy.shell.analysis import judge

_FILE = (SqlLabel.FILE, SqlLabel.COPY_SERVER_FILE)
_PROGRAM = (SqlLabel.PROGRAM, SqlLabel.COPY_PROGRAM)


def add_source(found: Found, node: pg.CopyStmt, scope: Scope) -> None:
    """A file, or a program with the commands that its shell would run, each a part."""
    if not node.filename:
        return
    if not node.is_program:
        found.add(_FILE, scope.kept_by)
        return
    found.add(_PROGRAM, scope.kept_by)
    for labels in _commands(node.filename):
        found.add(_PROGRAM, labels, scope.kept_by)


def _commands(line: str) -> Iterable[frozenset[str]]:
    for part in judge(line).parts:
        yield part - {ShellLabel.EXEC}
