"""Made: the tables and views that a statement makes, which no catalogue has before they are committed. Pure.

What shows masked columns is known by its name from the moment it is asked for, so that nothing that comes after it in
the same transaction, or the same query string, takes it for something else.
"""

from collections.abc import Callable, Iterator

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from proxy.postgres.sql.catalogue import Catalogue, IsMasked, Table
from proxy.postgres.sql.columns.defining.definitions import shown_by_view
from proxy.postgres.sql.columns.queries import query
from proxy.postgres.sql.columns.relations import MAX_COLUMNS, Column, Relation, Used
from proxy.postgres.sql.columns.scope import Scope
from proxy.postgres.sql.effects.names import strings
from proxy.syntax.sql import unwrap

#: In how many forms a table may come with all that may have been rolled back; beyond that only the last form grows.
_MAX_DOUBLED = 16
#: A table of more is uncertain until they are committed.
_MAX_FORMS = 300
#: Kinds of statements that make no function, and let no name mean another table or function than before.
_SETTLED = (
    *(pg.SelectStmt, pg.InsertStmt, pg.UpdateStmt, pg.DeleteStmt, pg.MergeStmt, pg.CopyStmt, pg.ExplainStmt),
    *(pg.CreateStmt, pg.CreateTableAsStmt, pg.ViewStmt, pg.IndexStmt, pg.AlterTableStmt, pg.DropStmt, pg.CreateSeqStmt),
    *(pg.TransactionStmt, pg.VariableSetStmt, pg.VariableShowStmt, pg.DeclareCursorStmt, pg.FetchStmt, pg.PrepareStmt),
    *(
        pg.ExecuteStmt,
        pg.CallStmt,
        pg.ClosePortalStmt,
        pg.DeallocateStmt,
        pg.DiscardStmt,
        pg.ListenStmt,
        pg.UnlistenStmt,
    ),
    *(pg.NotifyStmt, pg.LockStmt, pg.TruncateStmt, pg.VacuumStmt, pg.CommentStmt, pg.GrantStmt, pg.ConstraintsSetStmt),
    *(pg.RefreshMatViewStmt, pg.ReindexStmt, pg.ClusterStmt, pg.CreateEnumStmt, pg.AlterEnumStmt, pg.CheckPointStmt),
    *(pg.GrantRoleStmt, pg.CreateRoleStmt, pg.AlterRoleStmt, pg.AlterSeqStmt, pg.CreatePolicyStmt, pg.CreateStatsStmt),
)


def unsettles(tree: Message) -> bool:
    """Whether it may make functions, or move what has a name to another schema; earlier procedures are trusted."""
    return not isinstance(tree, _SETTLED)


def made(tree: Message, catalogue: Catalogue, is_masked: IsMasked) -> list[Table]:
    """The tables and views that it makes, or changes, as they are afterwards."""
    scope = Scope(catalogue, is_masked, query)
    return list(_made(tree, scope))


def _made(node: Message, scope: Scope) -> Iterator[Table]:
    match node:
        case pg.ViewStmt():
            yield _of(node.view, _columns(lambda: shown_by_view(node, scope)), scope, is_view=True)
        case pg.CreateTableAsStmt():
            body = unwrap(node.query)
            given = _columns(lambda: query(body, scope, False).called("", strings(node.into.col_names)))
            yield _of(node.into.rel, given, scope)
        case pg.SelectStmt() if node.HasField("into_clause"):
            yield _of(node.into_clause.rel, _columns(lambda: query(node, scope, False)), scope)
        case pg.CreateStmt():
            yield _of(node.relation, _defined(node, scope), scope)
        case pg.AlterTableStmt():
            yield from _extended(node, scope)
        case pg.CreateSchemaStmt():
            for each in node.schema_elts:
                yield from _made(unwrap(each), scope)
        case pg.ExplainStmt():
            yield from _made(unwrap(node.query), scope)
        case _:
            pass


def _columns(given: Callable[[], Relation]) -> Relation | None:
    """None where they are not known; each may be a masked one then."""
    try:
        rows = given()
    except (Used, RecursionError):
        return None
    return rows if rows.known and not rows.rest else None


def _of(reference: pg.RangeVar, rows: Relation | None, scope: Scope, *, is_view: bool = False) -> Table:
    """With OID 0: the server's is known when it is fetched. In any schema: the search path is the client's."""
    table = Table(0, reference.schemaname, reference.relname, is_view=is_view, is_uncertain=rows is None)
    for number, column in enumerate(rows.columns if rows is not None else (), start=1):
        table.columns[number] = column.name
        if column.masked or scope.is_masked(column.name):
            table.masked[number] = column.masked or column.name
    return table


def _defined(table: pg.CreateStmt, scope: Scope) -> Relation | None:
    columns: list[Column] = []
    if table.HasField("of_typename"):
        return None
    for element in (*map(unwrap, table.inh_relations), *map(unwrap, table.table_elts)):
        if isinstance(element, pg.ColumnDef):
            columns.append(Column(element.colname))
        elif isinstance(element, pg.TableLikeClause | pg.RangeVar):
            other = element if isinstance(element, pg.RangeVar) else element.relation
            found = scope.catalogue.named(other.relname, other.schemaname)
            if len(found) != 1 or found[0].is_uncertain:
                return None
            columns += (Column(name) for name in found[0].columns.values())
        if len(columns) > MAX_COLUMNS:
            return None
    return Relation(table.relation.relname, tuple(columns))


def _extended(change: pg.AlterTableStmt, scope: Scope) -> Iterator[Table]:
    new = [getattr(each.alter_table_cmd, "def").column_def.colname for each in change.cmds if _adds(each)]
    if not new:
        return
    known = scope.catalogue.named(change.relation.relname, change.relation.schemaname)
    if len(known) > _MAX_FORMS:
        if not any(table.is_uncertain for table in known):
            yield _of(change.relation, None, scope)
        return
    # Each change may have been rolled back, so it extends whatever there may be: twice as many with each.
    for table in known if len(known) <= _MAX_DOUBLED else [*(each for each in known if each.oid), known[-1]]:
        if not table.is_uncertain:
            columns = [Column(name, table.masked.get(number, "")) for number, name in table.columns.items()]
            rows = Relation("", tuple(columns + [Column(each) for each in new]))
            yield _of(change.relation, rows, scope, is_view=table.is_view)


def _adds(command: pg.Node) -> bool:
    return command.alter_table_cmd.subtype == pg.AT_AddColumn
