"""What INSERT, UPDATE, DELETE, MERGE, TRUNCATE and COPY do to the rows of the table that they name. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from access.policy.labels import ANY_SETTING, SqlLabel
from proxy.postgres.sql.effects.calls.function_effects import FILE_VIEWS
from proxy.postgres.sql.effects.conditions.restricting import restricts
from proxy.postgres.sql.effects.conditions.targets import Target
from proxy.postgres.sql.effects.found import Found
from proxy.postgres.sql.effects.names import labels_of, relation, remember
from proxy.postgres.sql.effects.scope import Scope
from proxy.syntax.sql import unwrap

Changing = pg.InsertStmt | pg.UpdateStmt | pg.DeleteStmt | pg.MergeStmt

_KINDS: dict[type[Message], SqlLabel] = {
    pg.InsertStmt: SqlLabel.INSERT,
    pg.UpdateStmt: SqlLabel.UPDATE,
    pg.DeleteStmt: SqlLabel.DELETE,
    pg.MergeStmt: SqlLabel.MERGE,
}
_BRANCHES = {pg.CMD_INSERT: SqlLabel.INSERT, pg.CMD_UPDATE: SqlLabel.UPDATE, pg.CMD_DELETE: SqlLabel.DELETE}
_WITHOUT_WHERE = {
    SqlLabel.UPDATE: SqlLabel.UPDATE_WITHOUT_WHERE,
    SqlLabel.DELETE: SqlLabel.DELETE_WITHOUT_WHERE,
}
#: PostgreSQL's own tables say what exists and who may do what.
_SYSTEM = "pg_"
#: An UPDATE of this view is set_config().
_SETTINGS = "pg_settings"
_PREFIXES = ("table", "reads", "writes")

Queries = Mapping[str, Sequence[Message]]


def kind_of(node: Changing) -> SqlLabel:
    return _KINDS[type(node)]


def add_changes(found: Found, node: Changing, scope: Scope, queries: Queries) -> None:
    """Add what the statement does to its table, and that RETURNING reads it. The table is never a WITH query."""
    kind = kind_of(node)
    for done in _done(node, queries):
        add_written(found, node.relation, scope, done)
    if node.returning_clause.exprs:
        add_read(found, node.relation, scope.of(kind))
    if not isinstance(node, pg.InsertStmt):
        # Its conditions look at the rows: for rules that hold or deny, and no part that would have to be allowed.
        found.whole.update(named("reads", node.relation))


def _done(node: Changing, queries: Queries) -> Iterator[list[SqlLabel]]:
    match node:
        case pg.InsertStmt():
            yield [SqlLabel.INSERT]
            if node.on_conflict_clause.action == pg.ONCONFLICT_UPDATE:
                yield [SqlLabel.UPDATE]
        case pg.MergeStmt():
            yield from _merged(node, queries)
        case _:
            kind = kind_of(node)
            others = node.using_clause if isinstance(node, pg.DeleteStmt) else node.from_clause
            target = Target(node.relation, tuple(map(unwrap, others)), queries)
            whole = [] if restricts(node.where_clause, target) else [_WITHOUT_WHERE[kind]]
            yield [kind, *whole]


def _merged(node: pg.MergeStmt, queries: Queries) -> Iterator[list[SqlLabel]]:
    """Each branch; one that nothing restricts, neither ON nor its own condition, meets every row."""
    target = Target(node.relation, (unwrap(node.source_relation),), queries)
    joined = restricts(node.join_condition, target)
    for each in node.merge_when_clauses:
        branch = each.merge_when_clause
        kind = _BRANCHES.get(branch.command_type)
        if kind is None:
            continue
        by_source = branch.match_kind == pg.MERGE_WHEN_NOT_MATCHED_BY_SOURCE
        is_whole = not restricts(branch.condition, target) and (by_source or not joined)
        yield [SqlLabel.MERGE, kind, *([_WITHOUT_WHERE[kind]] if is_whole and kind in _WITHOUT_WHERE else [])]


def add_copy(found: Found, node: pg.CopyStmt, scope: Scope) -> None:
    """COPY FROM adds rows, COPY TO reads them; from or into what, is for copying.py."""
    if not node.HasField("relation"):
        return
    if node.is_from:
        add_written(found, node.relation, scope, [SqlLabel.COPY, SqlLabel.INSERT])
    else:
        add_read(found, node.relation, scope.of(SqlLabel.COPY))


def add_truncate(found: Found, node: pg.TruncateStmt, scope: Scope) -> None:
    for each in node.relations:
        add_written(found, each.range_var, scope, [SqlLabel.DDL, SqlLabel.TRUNCATE])


def add_read(found: Found, table: pg.RangeVar, scope: Scope) -> None:
    """A table that is read; under a plain EXPLAIN it is only named."""
    effects = [SqlLabel.READ, *named("reads", table)] if scope.runs else []
    found.add(scope.labels, named("table", table), effects)
    if table.relname in FILE_VIEWS and scope.runs:
        found.add([SqlLabel.FILE, SqlLabel.COPY_SERVER_FILE], scope.kept_by, named("reads", table))
    remember(found, _PREFIXES, relation(table))


def add_written(found: Found, table: pg.RangeVar, scope: Scope, done: list[SqlLabel]) -> None:
    """A table whose rows are changed."""
    found.add(done, scope.kept_by, [SqlLabel.WRITE], named("table", table), named("writes", table))
    remember(found, _PREFIXES, relation(table))
    if table.relname == _SETTINGS:
        found.add([SqlLabel.SET, SqlLabel.SESSION, ANY_SETTING], scope.kept_by, named("writes", table))
    if table.schemaname == "pg_catalog" or (not table.schemaname and table.relname.startswith(_SYSTEM)):
        for label in (SqlLabel.DDL, SqlLabel.PRIVILEGE):
            found.add([label], scope.kept_by, named("table", table), named("writes", table))


def add_named(found: Found, table: pg.RangeVar, scope: Scope) -> None:
    """A table that a statement of another kind names."""
    found.add(scope.labels, named("table", table))
    remember(found, _PREFIXES, relation(table))


def named(prefix: str, table: pg.RangeVar) -> list[str]:
    """The labels of a table's name."""
    return labels_of(prefix, relation(table))
