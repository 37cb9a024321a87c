"""Definitions: what a statement that defines or changes a table, view, rule or the like does with masked columns. Pure.

The kinds of statements that may do something with a table of masked columns are listed, each with what is looked at. Of
any other kind it is refused where it names such a table, for what it lets others see of it is not known.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from proxy.postgres.sql.catalogue import Table
from proxy.postgres.sql.columns.defining.renames import move, rename
from proxy.postgres.sql.columns.defining.table_changes import alter, check_constraint, check_element
from proxy.postgres.sql.columns.expressions import check, check_all
from proxy.postgres.sql.columns.relations import Column, Relation, Used, Why
from proxy.postgres.sql.columns.scope import Scope
from proxy.postgres.sql.columns.sources import table_of
from proxy.postgres.sql.effects.names import strings
from proxy.syntax.sql import unwrap, walk

#: They show nothing of rows and have no expressions; what a sample of a table tells lies in `bypasses`.
_PLAIN = frozenset(
    {
        pg.AlterOwnerStmt,
        pg.CommentStmt,
        pg.DropStmt,
        pg.GrantStmt,
        pg.LockStmt,
        pg.RefreshMatViewStmt,
        pg.ReindexStmt,
        pg.SecLabelStmt,
        pg.TruncateStmt,
        pg.VacuumStmt,
    }
)
#: They give rows to others, or take them by another way than their names.
_ELSEWHERE = frozenset(
    {pg.CreatePublicationStmt, pg.AlterPublicationStmt, pg.CreateForeignTableStmt, pg.ImportForeignSchemaStmt}
)
#: They have queries, which are read as such.
_WITH_QUERIES = (pg.ViewStmt, pg.RuleStmt, pg.CreateSchemaStmt)


def define(node: Message, scope: Scope) -> None:
    """Raises Used where a definition would do more with a masked column than show it under its own name."""
    if not isinstance(node, _WITH_QUERIES):
        _call_none(node, scope)
    match node:
        case pg.ViewStmt():
            _view(node, scope)
        case pg.CopyStmt():
            _copy(node, scope)
        case pg.AlterTableStmt():
            alter(node, scope)
        case pg.RenameStmt():
            rename(node, scope)
        case pg.AlterObjectSchemaStmt():
            move(node, scope)
        case pg.CreateStmt():
            _table(node, scope)
        case pg.IndexStmt():
            inside = scope.inside([table_of(node.relation, scope)])
            check_all([node.where_clause], inside)
            for element in node.index_params:
                check_element(unwrap(element), inside)
        case pg.CreateTrigStmt() | pg.RuleStmt():
            _on_change(node, scope)
        case pg.CreatePolicyStmt() | pg.AlterPolicyStmt():
            check_all([node.qual, node.with_check], scope.inside([table_of(node.table, scope)]))
        case pg.CreateStatsStmt():
            for inside in (scope.inside([each]) for each in _tables(node.relations, scope)):
                check_all([each.stats_elem.expr for each in node.exprs], inside)
        case pg.CallStmt():
            check(node.funccall, scope)
        case pg.ExecuteStmt():
            check_all(node.params, scope)
        case pg.CreateSchemaStmt():
            for each in node.schema_elts:
                define(unwrap(each), scope)
        case _ if type(node) in _ELSEWHERE:
            raise Used(node.DESCRIPTOR.name.removesuffix("Stmt"), Why.AROUND)
        case _ if type(node) in _PLAIN:
            pass
        case _:
            for table in _mentioned(node, scope):
                raise Used(f"this statement about {table.name}", Why.SHAPE)


def _call_none(node: Message, scope: Scope) -> None:
    """No function that gives masked rows: not in a check, a default, a bound, nor as a part of something."""
    for each in walk(node):
        match each:
            case pg.FuncCall():
                name = strings(each.funcname)
            case pg.TypeName() if isinstance(node, pg.DefineStmt):
                name = strings(each.names)
            case _:
                continue
        if any(function.masked for function in scope.catalogue.functions(name)):
            raise Used(f"{name[-1]}()", Why.WHOLE_ROW)


def _mentioned(node: Message, scope: Scope) -> Iterator[Relation]:
    """The relations with masked columns that it names."""
    for each in walk(node):
        if isinstance(each, pg.RangeVar):
            found = scope.catalogue.named(each.relname, each.schemaname)
            if any(table.masked for table in found):
                yield table_of(each, scope)


def _tables(nodes: Iterable[Message], scope: Scope) -> Iterator[Relation]:
    for node in map(unwrap, nodes):
        if not isinstance(node, pg.RangeVar):
            raise Used(node.DESCRIPTOR.name, Why.SHAPE)
        yield table_of(node, scope)


def shown_by_view(view: pg.ViewStmt, scope: Scope) -> Relation:
    """What a view gives, under the names that it is given there. Raises Used."""
    rows = scope.query(unwrap(view.query), scope, True)
    return rows.called(view.view.relname, strings(view.aliases))


def _view(view: pg.ViewStmt, scope: Scope) -> None:
    """A view may show masked columns under their own names: others could not be told apart before it is committed.

    One that is there shows no more of them than before, for what reads it was judged by that.
    """
    rows = shown_by_view(view, scope)
    under_own_names(rows, scope)
    found = scope.catalogue.named(view.view.relname, view.view.schemaname) if view.replace else []
    for column in rows.columns:
        if column.masked and not all(column.name in _masked_of(each) for each in found):
            raise Used(column.masked, Why.GROWN)


def _masked_of(table: Table) -> set[str]:
    return {table.columns[number] for number in table.masked}


def under_own_names(given: Relation, scope: Scope) -> None:
    """Raises Used where something masked has a name that does not tell."""
    for column in given.columns:
        if column.masked and not scope.is_masked(column.name):
            raise Used(column.masked, Why.RENAMED)
    if given.masked and not given.known:
        raise Used(given.masked, Why.RENAMED)


def _copy(copy: pg.CopyStmt, scope: Scope) -> None:
    """COPY of a table to the client is masked column by column; anything else that leaves is refused."""
    table = table_of(copy.relation, scope)
    if not copy.is_from:
        found = scope.catalogue.named(copy.relation.relname, copy.relation.schemaname)
        if table.masked and (copy.filename or copy.is_program or not found):
            raise Used(table.name, Why.MOVED)
    check_all([copy.where_clause], scope.inside([table]))


def _table(table: pg.CreateStmt, scope: Scope) -> None:
    """A new table has no rows: what its own checks look at are the client's. What it refers to has some."""
    names = [each.column_def.colname for each in table.table_elts if each.HasField("column_def")]
    own = [Column(name, name if scope.is_masked(name) else "") for name in names]
    new = Relation(table.relation.relname, tuple(own), is_table=True)
    # What LIKE and INHERITS add may be masked.
    parents = [*table.inh_relations, *(each.table_like_clause.relation for each in table.table_elts if _is_like(each))]
    added = tuple(column for each in _tables(parents, scope) for column in each.columns)
    inside = scope.inside([replace(new, columns=new.columns + added)])
    for node in walk(table):
        if isinstance(node, pg.Constraint):
            check_constraint(node, inside, has_rows=False)
    for element in (each.partition_elem for each in table.partspec.part_params):
        check_element(element, inside)


def _is_like(element: pg.Node) -> bool:
    return element.HasField("table_like_clause")


def _on_change(node: pg.CreateTrigStmt | pg.RuleStmt, scope: Scope) -> None:
    """No trigger or rule gets at rows with masked columns."""
    table = table_of(node.relation, scope)
    if table.masked:
        raise Used(f"code on changes of {table.name}", Why.SHAPE)
    inside = scope.inside([replace(table, name=name) for name in ("old", "new")])
    if isinstance(node, pg.CreateTrigStmt):
        check_all([node.when_clause], inside)
        return
    check_all([node.where_clause], inside)
    for action in map(unwrap, node.actions):
        if not isinstance(action, pg.NotifyStmt):
            scope.query(action, inside, False)
