"""Expressions: whatever is not one plain column. No masked column may stand in one. Pure.

The kinds of nodes that may be looked through are listed; a statement with any other is refused, whatever stands in it.
"""

from collections.abc import Iterable

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from proxy.postgres.sql.columns.relations import Column, Used, Why
from proxy.postgres.sql.columns.scope import Scope
from proxy.postgres.sql.effects.names import strings
from proxy.syntax.sql import children, unwrap

#: Nodes of expressions that are what stands below them, as far as columns are concerned.
_LOOKED_THROUGH = frozenset(
    {
        pg.A_ArrayExpr,
        pg.A_Const,
        pg.A_Expr,
        pg.A_Indices,
        pg.A_Star,
        pg.BitString,
        pg.BoolExpr,
        pg.Boolean,
        pg.BooleanTest,
        pg.CaseExpr,
        pg.CaseWhen,
        pg.CoalesceExpr,
        pg.CollateClause,
        pg.CurrentOfExpr,
        pg.Float,
        pg.FuncCall,
        pg.GroupingFunc,
        pg.Integer,
        pg.JsonAggConstructor,
        pg.JsonArgument,
        pg.JsonArrayAgg,
        pg.JsonArrayConstructor,
        pg.JsonArrayQueryConstructor,
        pg.JsonBehavior,
        pg.JsonFormat,
        pg.JsonFuncExpr,
        pg.JsonIsPredicate,
        pg.JsonKeyValue,
        pg.JsonObjectAgg,
        pg.JsonObjectConstructor,
        pg.JsonOutput,
        pg.JsonParseExpr,
        pg.JsonReturning,
        pg.JsonScalarExpr,
        pg.JsonSerializeExpr,
        pg.JsonTableColumn,
        pg.JsonTablePathSpec,
        pg.JsonValueExpr,
        pg.List,
        pg.MergeSupportFunc,
        pg.MinMaxExpr,
        pg.MultiAssignRef,
        pg.NamedArgExpr,
        pg.NullTest,
        pg.ParamRef,
        pg.ResTarget,
        pg.RowExpr,
        pg.SQLValueFunction,
        pg.SetToDefault,
        pg.SortBy,
        pg.String,
        pg.TypeCast,
        pg.TypeName,
        pg.WindowDef,
        pg.XmlExpr,
        pg.XmlSerialize,
    }
)
#: PostgreSQL's own count says nothing of a value but that there is one; an unqualified one may be the session's.
_COUNT = ("count",)
_OWN_COUNT = ("pg_catalog", "count")


def check_all(nodes: Iterable[Message], scope: Scope) -> None:
    """Refuse masked columns in any of these. Raises Used."""
    for node in nodes:
        check(unwrap(node), scope)


def check(expression: Message, scope: Scope) -> None:
    """Refuse masked columns in an expression, but for whether they are NULL. Raises Used."""
    pending = [expression]
    while pending:
        node = pending.pop()
        match node:
            case pg.Node():
                pass  # an empty one: a DISTINCT without ON, a bound of an array slice
            case pg.ColumnRef():
                _reference(node, scope)
            case pg.SubLink():
                pending += _subquery(node, scope)
            case pg.SelectStmt():
                scope.query(node, scope, False)
            case pg.NullTest() if _is_column(unwrap(node.arg), scope):
                pass
            case pg.FuncCall():
                pending += _arguments(node, scope)
            case pg.A_Indirection():
                if name := field_of(node, scope).masked:
                    raise Used(name)
            case _ if type(node) in _LOOKED_THROUGH:
                pending += (child for _, child in children(node))
            case _:
                raise Used(node.DESCRIPTOR.name, Why.SHAPE)


def _reference(reference: pg.ColumnRef, scope: Scope) -> None:
    if isinstance(unwrap(reference.fields[-1]), pg.A_Star):
        if masked := scope.star(reference).masked:
            raise Used(masked, Why.WHOLE_ROW)
        return
    column = scope.column(reference)
    if column is None:
        raise Used(".".join(strings(reference.fields)), Why.NO_SUCH_COLUMN)
    if column.masked:
        raise Used(".".join(strings(reference.fields)), masked=column.masked)


def _is_column(node: Message, scope: Scope) -> bool:
    """Whether it is one column, masked or not: whether there is a value at all is not masked, NULL stays NULL."""
    return (
        isinstance(node, pg.ColumnRef)
        and not isinstance(unwrap(node.fields[-1]), pg.A_Star)
        and scope.column(node) is not None
    )


def _subquery(link: pg.SubLink, scope: Scope) -> Iterable[Message]:
    """EXISTS shows nothing of what it selects; every other sublink uses it."""
    scope.query(unwrap(link.subselect), scope, link.sub_link_type == pg.EXISTS_SUBLINK)
    return [unwrap(link.testexpr)] if link.HasField("testexpr") else []


def _arguments(call: pg.FuncCall, scope: Scope) -> Iterable[Message]:
    """What a call is given and may not be masked."""
    name = strings(call.funcname)
    if any(function.masked for function in scope.catalogue.functions(name)):
        raise Used(f"{name[-1]}()", Why.WHOLE_ROW)
    is_count = tuple(name) in {_COUNT, _OWN_COUNT} and not call.agg_distinct and len(call.args) == 1
    if is_count and _is_column(argument := unwrap(call.args[0]), scope):
        if tuple(name) == _COUNT and not scope.catalogue.counts_plainly:
            _counted(argument, scope)
        return [child for field, child in children(call) if field not in {"funcname", "args"}]
    return [child for field, child in children(call) if field != "funcname"]


def _counted(argument: Message, scope: Scope) -> None:
    column = scope.column(argument) if isinstance(argument, pg.ColumnRef) else None
    if column is not None and column.masked:
        raise Used(column.masked, Why.COUNTED)


def field_of(indirection: pg.A_Indirection, scope: Scope) -> Column:
    """The column that `(x).f` gives; its name alone says whether it is masked. Raises Used."""
    argument = unwrap(indirection.arg)
    rows = scope.catalogue.functions(strings(argument.funcname)) if isinstance(argument, pg.FuncCall) else []
    steps = [unwrap(each) for each in indirection.indirection]
    check_all((each for each in steps if not isinstance(each, pg.String)), scope)
    name = steps[-1].sval if isinstance(steps[-1], pg.String) else ""
    if any(each.masked for each in rows):
        check_all((child for field, child in children(argument) if field != "funcname"), scope)
        known = {column: masked for each in rows for column, masked in each.columns}
        if len(steps) > 1 or name not in known:
            raise Used(name or "*", Why.WHOLE_ROW)
        masked = next((masked for each in rows for column, masked in each.columns if column == name and masked), "")
        return Column(name, masked or _by_name(name, scope), traced=False)
    check(argument, scope)
    return Column(name, _by_name(name, scope), traced=False)


def _by_name(name: str, scope: Scope) -> str:
    return name if name and scope.is_masked(name) else ""
