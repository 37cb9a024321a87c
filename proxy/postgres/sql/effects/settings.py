"""SET, RESET, DISCARD and LOAD: what later statements of the session mean or meet. Pure."""

from collections.abc import Iterator

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from access.policy.labels import ANY_SETTING, SqlLabel
from proxy.postgres.sql.effects.found import Found
from proxy.postgres.sql.effects.scope import Scope

_ALL = frozenset({pg.VAR_RESET_ALL})
#: What names of settings have in them whose value the server runs or loads: archive_command, session_preload_libraries,
#: plperl.on_init.
_CODE = ("_command", "librar", "library_path", "jit_provider", "_validator", ".on_", ".start_proc")


def add_setting(found: Found, node: Message, scope: Scope) -> bool:
    """Add what a statement about settings does; whether it is one."""
    match node:
        case pg.VariableSetStmt():
            found.add([SqlLabel.SET, SqlLabel.SESSION, setting_of(node)], scope.kept_by)
            _add_code(found, setting_of(node), scope)
        case pg.ConstraintsSetStmt():
            found.add([SqlLabel.SET, SqlLabel.SESSION, "set:constraints"], scope.kept_by)
        case pg.DiscardStmt():
            found.add([SqlLabel.DISCARD, SqlLabel.SESSION], scope.kept_by, _discarded(node))
        case pg.LoadStmt():
            found.add([SqlLabel.LOAD, SqlLabel.SESSION, SqlLabel.FILE], scope.kept_by)
            found.add([SqlLabel.LOAD, SqlLabel.PROGRAM], scope.kept_by)
        case pg.AlterSystemStmt():
            for labels in _of_the_server(node):
                found.add(labels, scope.kept_by)
            if (setting := setting_of(node.setstmt)) == ANY_SETTING:
                found.add([SqlLabel.PROGRAM, SqlLabel.COPY_PROGRAM, setting], scope.kept_by)
            _add_code(found, setting, scope)
        case pg.AlterRoleSetStmt() | pg.AlterDatabaseSetStmt():
            found.add([SqlLabel.DDL, SqlLabel.SET, SqlLabel.SESSION, setting_of(node.setstmt)], scope.kept_by)
            if isinstance(node, pg.AlterRoleSetStmt):
                found.add([SqlLabel.PRIVILEGE, setting_of(node.setstmt)], scope.kept_by)
            _add_code(found, setting_of(node.setstmt), scope)
        case _:
            return False
    return True


def setting_of(statement: pg.VariableSetStmt) -> str:
    """`set:NAME`; PostgreSQL compares settings without regard to case. RESET ALL is all of them."""
    return ANY_SETTING if statement.kind in _ALL or not statement.name else f"set:{statement.name.lower()}"


def is_code(setting: str) -> bool:
    """Whether the value of this setting (`set:NAME`) is run or loaded."""
    return any(word in setting for word in _CODE)


def _discarded(node: pg.DiscardStmt) -> list[str]:
    return [ANY_SETTING] if node.target == pg.DISCARD_ALL else []


def _of_the_server(node: pg.AlterSystemStmt) -> Iterator[list[str]]:
    setting = setting_of(node.setstmt)
    yield [SqlLabel.DDL, SqlLabel.SET, SqlLabel.SESSION, setting]
    yield [SqlLabel.SERVER, setting]


def _add_code(found: Found, setting: str, scope: Scope) -> None:
    """A setting whose value is run or loaded."""
    if is_code(setting):
        found.add([SqlLabel.PROGRAM, SqlLabel.COPY_PROGRAM, setting], scope.kept_by)
