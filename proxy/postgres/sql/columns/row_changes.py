"""Changes of rows: INSERT, UPDATE, DELETE and MERGE, with what their RETURNING gives. Pure.

A masked column may be set to itself, as it is, was or was to be inserted; what it holds may go nowhere else.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from proxy.postgres.sql.columns.expressions import check, check_all
from proxy.postgres.sql.columns.relations import Relation, Used, Why, joined
from proxy.postgres.sql.columns.scope import Scope
from proxy.postgres.sql.columns.shapes import only
from proxy.postgres.sql.columns.sources import sources, table_of
from proxy.syntax.sql import unwrap

#: What a RETURNING gives: its expressions, where they stand, and what `*` stands for.
Outputs = Callable[[Iterable[Message], Scope, Relation], Relation]

_INSERT = frozenset(
    {"relation", "cols", "select_stmt", "on_conflict_clause", "returning_clause", "with_clause", "override"}
)
_CONFLICT = frozenset({"action", "infer", "target_list", "where_clause"})
_INFER = frozenset({"index_elems", "where_clause", "conname"})
_UPDATE = frozenset({"relation", "target_list", "where_clause", "from_clause", "returning_clause", "with_clause"})
_DELETE = frozenset({"relation", "using_clause", "where_clause", "returning_clause", "with_clause"})
_MERGE = frozenset(
    {"relation", "source_relation", "join_condition", "merge_when_clauses", "returning_clause", "with_clause"}
)
_WHEN = frozenset({"match_kind", "command_type", "override", "condition", "target_list", "values"})


def change(node: Message, scope: Scope, outputs: Outputs) -> Relation:
    """What the RETURNING of a change gives. Raises Used."""
    match node:
        case pg.InsertStmt():
            return _insert(node, scope, outputs)
        case pg.UpdateStmt():
            return _update(node, scope, outputs)
        case pg.DeleteStmt():
            return _delete(node, scope, outputs)
        case pg.MergeStmt():
            return _merge(node, scope, outputs)
        case _:
            raise Used(node.DESCRIPTOR.name, Why.SHAPE)


def _insert(insert: pg.InsertStmt, scope: Scope, outputs: Outputs) -> Relation:
    only(insert, _INSERT)
    target = table_of(insert.relation, scope)
    if insert.HasField("select_stmt"):
        scope.query(unwrap(insert.select_stmt), scope, False)
    inside = scope.inside([target])
    _assign(insert.cols, target, inside, moves=False)
    clause = insert.on_conflict_clause
    only(clause, _CONFLICT)
    only(clause.infer, _INFER)
    for element in (each.index_elem for each in clause.infer.index_elems):
        # Which row is in the way would tell what stands in it.
        if (column := target.find(element.name)) is not None and column.masked:
            raise Used(element.name, Why.COMPARED)
        check_all([element.expr], inside)
    check_all([clause.infer.where_clause], inside)
    proposed = inside.beside([replace(target, name="excluded", is_table=False)])
    _assign(clause.target_list, target, proposed, moves=False)
    check_all([clause.where_clause], proposed)
    return _returning(insert.returning_clause, target, inside, target, outputs)


def _delete(delete: pg.DeleteStmt, scope: Scope, outputs: Outputs) -> Relation:
    only(delete, _DELETE)
    target = table_of(delete.relation, scope)
    relations, star = sources(delete.using_clause, scope)
    inside = scope.inside((target, *relations))
    check_all([delete.where_clause], inside)
    return _returning(delete.returning_clause, target, inside, joined("*", [target, star]), outputs)


def _update(update: pg.UpdateStmt, scope: Scope, outputs: Outputs) -> Relation:
    only(update, _UPDATE)
    target = table_of(update.relation, scope)
    relations, star = sources(update.from_clause, scope)
    inside = scope.inside((target, *relations))
    _assign(update.target_list, target, inside, moves=bool(update.from_clause))
    check_all([update.where_clause], inside)
    return _returning(update.returning_clause, target, inside, joined("*", [target, star]), outputs)


def _merge(merge: pg.MergeStmt, scope: Scope, outputs: Outputs) -> Relation:
    only(merge, _MERGE)
    target = table_of(merge.relation, scope)
    relations, star = sources([merge.source_relation], scope)
    inside = scope.inside((target, *relations))
    check(unwrap(merge.join_condition), inside)
    for clause in (each.merge_when_clause for each in merge.merge_when_clauses):
        only(clause, _WHEN)
        check_all([clause.condition, *clause.values], inside)
        _assign(clause.target_list, target, inside, moves=True)
    return _returning(merge.returning_clause, target, inside, joined("*", [star, target]), outputs)


def _assign(targets: Iterable[Message], target: Relation, scope: Scope, *, moves: bool) -> None:
    """`moves`: values of another table may be meant, whose checks and triggers are not this one's."""
    for each in map(unwrap, targets):
        if not isinstance(each, pg.ResTarget):
            raise Used(each.DESCRIPTOR.name, Why.SHAPE)
        value = unwrap(each.val)
        check_all(each.indirection, scope)
        if isinstance(value, pg.ColumnRef) and not moves:
            column = scope.column(value) if not _is_star(value) else None
            if column is not None and (not column.masked or (column.name == each.name and not each.indirection)):
                continue
        _move(value, scope)


def _move(value: Message, scope: Scope) -> None:
    try:
        check(value, scope)
    except Used as used:
        is_column = isinstance(value, pg.ColumnRef) and used.why is Why.USED
        raise Used(used.name, Why.MOVED if is_column else used.why, used.masked) from used


def _is_star(reference: pg.ColumnRef) -> bool:
    return isinstance(unwrap(reference.fields[-1]), pg.A_Star)


def _returning(
    clause: pg.ReturningClause, target: Relation, scope: Scope, star: Relation, outputs: Outputs
) -> Relation:
    """The row as it is, was (`old`) and becomes (`new`), under the names that WITH gives these."""
    named = {"old": "old", "new": "new"}
    for option in (unwrap(each) for each in clause.options):
        if isinstance(option, pg.ReturningOption):
            is_old = option.option == pg.RETURNING_OPTION_OLD
            named["old" if is_old else "new"] = option.value
    rows: Sequence[Relation] = [replace(target, name=name) for name in named.values()]
    own = scope.levels[0]
    # A reference without a table means the row itself: old and new are asked for by name alone.
    inside = replace(scope, levels=(own, tuple(rows), *scope.levels[1:]))
    return outputs(clause.exprs, inside, star)
