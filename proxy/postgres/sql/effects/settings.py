"""SET, RESET, DISCARD and LOAD: what later statements of the session mean or meet. Pure."""

from collections.abc import Iterator

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from access.policy.labels import ANY_SETTING, SqlLabel
from proxy.postgres.sql.effects.found import Found
from proxy.postgres.sql.effects.scope import Scope

_ALL = frozenset({pg.VAR_RESET_ALL})
#: What names of settings have in them whose value the server runs or loads: archive_command, session_preload_libraries.
_CODE = ("_command", "librar", "jit_provider", "_validator")


def add_setting(found: Found, node: Message, scope: Scope) -> bool:
    """Add what a statement about settings does; whether it is one."""
    match node:
        case pg.VariableSetStmt():
            found.add([SqlLabel.SET, SqlLabel.SESSION, setting_of(node)], scope.kept_by)
        case pg.ConstraintsSetStmt():
            found.add([SqlLabel.SET, SqlLabel.SESSION, "set:constraints"], scope.kept_by)
        case pg.DiscardStmt():
            found.add([SqlLabel.DISCARD, SqlLabel.SESSION], scope.kept_by, _discarded(node))
        case pg.LoadStmt():
            found.add([SqlLabel.LOAD, SqlLabel.SESSION, SqlLabel.FILE], scope.kept_by)
        case pg.AlterSystemStmt():
            for labels in _of_the_server(node):
                found.add(labels, scope.kept_by)
        case pg.AlterRoleSetStmt() | pg.AlterDatabaseSetStmt():
            found.add([SqlLabel.DDL, SqlLabel.SET, SqlLabel.SESSION, setting_of(node.setstmt)], scope.kept_by)
            if isinstance(node, pg.AlterRoleSetStmt):
                found.add([SqlLabel.PRIVILEGE, setting_of(node.setstmt)], scope.kept_by)
        case _:
            return False
    return True


def setting_of(statement: pg.VariableSetStmt) -> str:
    """`set:NAME`; PostgreSQL compares settings without regard to case. RESET ALL is all of them."""
    return ANY_SETTING if statement.kind in _ALL or not statement.name else f"set:{statement.name.lower()}"


def _discarded(node: pg.DiscardStmt) -> list[str]:
    return [ANY_SETTING] if node.target == pg.DISCARD_ALL else []


def _of_the_server(node: pg.AlterSystemStmt) -> Iterator[list[str]]:
    setting = setting_of(node.setstmt)
    yield [SqlLabel.DDL, SqlLabel.SET, SqlLabel.SESSION, setting]
    yield [SqlLabel.SERVER, setting]
    if setting == ANY_SETTING or any(word in setting for word in _CODE):
        yield [SqlLabel.PROGRAM, SqlLabel.COPY_PROGRAM, setting]
