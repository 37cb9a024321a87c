"""Sources: what the items of a FROM give. Pure.

An item of a kind that is not listed is refused, whatever it is.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from proxy.postgres.sql.columns.expressions import check, check_all
from proxy.postgres.sql.columns.relations import Column, Relation, Used, Why, joined, of_functions, of_tables
from proxy.postgres.sql.columns.scope import Scope
from proxy.postgres.sql.columns.shapes import only
from proxy.postgres.sql.effects.names import strings
from proxy.syntax.sql import children, unwrap, walk

_TABLE = frozenset({"catalogname", "schemaname", "relname", "inh", "relpersistence", "alias"})
_FUNCTION = frozenset({"lateral", "ordinality", "is_rowsfrom", "functions", "alias", "coldeflist"})
_XML_TABLE = frozenset({"lateral", "docexpr", "rowexpr", "namespaces", "columns", "alias"})
_XML_COLUMN = frozenset({"colname", "type_name", "for_ordinality", "is_not_null", "colexpr", "coldefexpr"})
_JSON_TABLE = frozenset({"context_item", "pathspec", "passing", "columns", "on_error", "alias", "lateral"})
_SAMPLE = frozenset({"relation", "method", "args", "repeatable"})
_JOIN = frozenset({"jointype", "is_natural", "larg", "rarg", "using_clause", "join_using_alias", "quals", "alias"})


@dataclass(frozen=True)
class Source:
    """One item: the relations that may be named, and its columns in the order of `*`."""

    relations: tuple[Relation, ...]
    columns: Relation


def sources(items: Iterable[Message], scope: Scope) -> tuple[tuple[Relation, ...], Relation]:
    """The relations that a FROM clause gives, and what `*` stands for. Raises Used.

    `scope` is the place outside of the clause; what is LATERAL sees what stands before it as well.
    """
    found: list[Source] = []
    inside = scope.inside(())
    for item in items:
        source = _source(unwrap(item), scope, inside)
        found.append(source)
        inside = inside.beside(source.relations)
    relations = tuple(relation for source in found for relation in source.relations)
    return relations, joined("*", [source.columns for source in found])


def read_table(reference: pg.RangeVar, scope: Scope) -> Relation:
    """What a table's name gives where it is read, be it a WITH query's."""
    query = None if reference.schemaname else scope.queries.get(reference.relname)
    return table_of(reference, scope) if query is None else _called(query(), reference.alias)


def table_of(reference: pg.RangeVar, scope: Scope) -> Relation:
    """What a table's or view's name gives; only these can be changed."""
    only(reference, _TABLE)
    found = scope.catalogue.named(reference.relname, reference.schemaname)
    return _called(of_tables(reference.relname, found, scope.catalogue), reference.alias)


def _called(relation: Relation, alias: pg.Alias) -> Relation:
    return relation.called(alias.aliasname, strings(alias.colnames))


def _source(item: Message, outside: Scope, inside: Scope) -> Source:
    """`outside` sees nothing of this FROM, `inside` what stands before the item: for what is LATERAL."""
    match item:
        case pg.RangeVar():
            return _one(read_table(item, outside))
        case pg.RangeSubselect():
            rows = outside.query(unwrap(item.subquery), inside if item.lateral else outside, True)
            return _one(_called(replace(rows, name=""), item.alias))
        case pg.RangeFunction():
            return _one(_function(item, inside))
        case pg.RangeTableFunc():
            return _one(_xml_table(item, inside))
        case pg.JsonTable():
            only(item, _JSON_TABLE)
            check_all((child for field, child in children(item) if field != "alias"), inside)
            names = [each.name for each in walk(item) if isinstance(each, pg.JsonTableColumn) and each.name]
            return _one(_called(Relation("", tuple(map(Column, names)), known=False), item.alias))
        case pg.RangeTableSample():
            only(item, _SAMPLE)
            check_all([*item.args, item.repeatable], outside)
            return _source(unwrap(item.relation), outside, inside)
        case pg.JoinExpr():
            return _join(item, outside, inside)
        case _:
            raise Used(item.DESCRIPTOR.name, Why.SHAPE)


def _one(relation: Relation) -> Source:
    return Source((relation,), relation)


def _function(item: pg.RangeFunction, inside: Scope) -> Relation:
    """One function's rows, or those of several side by side (ROWS FROM)."""
    only(item, _FUNCTION)
    parts: list[Relation] = []
    for each in item.functions:
        call, *definitions = (unwrap(part) for part in each.list.items)
        name = strings(call.funcname) if isinstance(call, pg.FuncCall) else []
        found = inside.catalogue.functions(name) if name else []
        if isinstance(call, pg.FuncCall) and any(function.masked for function in found):
            check_all((child for field, child in children(call) if field != "funcname"), inside)
        else:
            check(call, inside)
        relation = of_functions(name[-1] if name else "", found)
        parts.append(_defined(relation, [node for part in definitions for node in walk(part)], inside))
    rows = joined(parts[0].name, parts)
    return _called(_defined(replace(rows, known=False), map(unwrap, item.coldeflist), inside), item.alias)


def _defined(relation: Relation, definitions: Iterable[Message], scope: Scope) -> Relation:
    """With the columns that the statement defines for it, which are masked by their names."""
    names = [each.colname for each in definitions if isinstance(each, pg.ColumnDef)]
    own = tuple(Column(name, name if scope.is_masked(name) else "", traced=False) for name in names)
    return replace(relation, columns=own + relation.columns)


def _xml_table(table: pg.RangeTableFunc, inside: Scope) -> Relation:
    only(table, _XML_TABLE)
    check_all((child for field, child in children(table) if field not in {"columns", "alias"}), inside)
    names: list[str] = []
    for column in map(unwrap, table.columns):
        if not isinstance(column, pg.RangeTableFuncCol):
            raise Used(column.DESCRIPTOR.name, Why.SHAPE)
        only(column, _XML_COLUMN)
        check_all((child for field, child in children(column) if field != "type_name"), inside)
        names.append(column.colname)
    return _called(Relation("", tuple(map(Column, names))), table.alias)


def _join(join: pg.JoinExpr, outside: Scope, inside: Scope) -> Source:
    only(join, _JOIN)
    left = _source(unwrap(join.larg), outside, inside)
    right = _source(unwrap(join.rarg), outside, inside.beside(left.relations))
    both = (*left.relations, *right.relations)
    shared = _shared(join, left.columns, right.columns)
    if join.HasField("quals"):
        check(unwrap(join.quals), outside.inside(both))
    rest = [
        replace(side.columns, columns=tuple(column for column in side.columns.columns if column.name not in shared))
        for side in (left, right)
    ]
    columns = joined("", [Relation("", tuple(map(Column, shared))), *rest])
    if join.HasField("join_using_alias"):
        both = (*both, Relation(join.join_using_alias.aliasname, tuple(map(Column, shared))))
    if join.HasField("alias"):
        return _one(_called(columns, join.alias))
    return Source(both, columns)


def _shared(join: pg.JoinExpr, left: Relation, right: Relation) -> list[str]:
    """The columns that the join compares by name, none of them masked. Raises Used."""
    names = strings(join.using_clause)
    if join.is_natural:
        if not (left.known and right.known) and (left.masked or right.masked):
            raise Used("NATURAL JOIN", Why.COMPARED)
        theirs = {column.name for column in right.columns}
        names = list(dict.fromkeys(column.name for column in left.columns if column.name in theirs))
    for name in names:
        for side in (left, right):
            found = side.find(name)
            if (found is not None and found.masked) or (found is None and side.masked):
                raise Used(name, Why.COMPARED)
    return names
