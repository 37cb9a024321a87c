"""Queries: what a SELECT, VALUES, or a change with RETURNING gives, each use of a column in it checked. Pure.

Columns that come to a reader as what they are, the client or an outer query, may be masked ones; nothing else may.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from proxy.postgres.sql.columns.expressions import check, check_all, field_of
from proxy.postgres.sql.columns.output_names import name_of
from proxy.postgres.sql.columns.relations import Column, Relation, Rest, Used, Why, joined
from proxy.postgres.sql.columns.row_changes import change
from proxy.postgres.sql.columns.scope import Scope
from proxy.postgres.sql.columns.shapes import only
from proxy.postgres.sql.columns.sources import sources
from proxy.postgres.sql.effects.names import strings
from proxy.syntax.sql import unwrap

_CHANGES = (pg.InsertStmt, pg.UpdateStmt, pg.DeleteStmt, pg.MergeStmt)
_ENDS = frozenset({"sort_clause", "limit_offset", "limit_count", "limit_option", "locking_clause", "with_clause"})
_SELECT = _ENDS | {
    *("distinct_clause", "into_clause", "target_list", "from_clause", "where_clause", "group_clause"),
    *("group_distinct", "having_clause", "window_clause", "op"),
}
_VALUES = _ENDS | {"values_lists", "op"}
_COMBINED = _ENDS | {"op", "all", "larg", "rarg"}
_CTE = frozenset(
    {"ctename", "aliascolnames", "ctematerialized", "ctequery", "search_clause", "cycle_clause", "cterecursive"}
)


def query(node: Message, scope: Scope, shown: bool) -> Relation:
    """What it gives. `shown`: it comes to a reader as what it is. Raises Used."""
    if isinstance(node, pg.SelectStmt):
        return _select(node, known_queries(node.with_clause, scope), shown)
    if isinstance(node, _CHANGES):
        return change(node, known_queries(node.with_clause, scope), partial(outputs, shown=shown))
    raise Used(node.DESCRIPTOR.name, Why.SHAPE)


def _select(select: pg.SelectStmt, scope: Scope, shown: bool) -> Relation:
    if select.values_lists:
        return _values(select, scope)
    if select.HasField("larg"):
        return _combined(select, scope)
    only(select, _SELECT)
    shown = shown and not select.HasField("into_clause")
    relations, star = sources(select.from_clause, scope)
    inside = scope.inside(relations)
    given = outputs(select.target_list, inside, star, shown=shown)
    check_all([select.where_clause, select.having_clause, *select.window_clause], inside)
    _group(select.group_clause, given, inside)
    _distinct([unwrap(each) for each in select.distinct_clause], given, inside)
    _order(select, given, inside)
    return given


def _combined(select: pg.SelectStmt, scope: Scope) -> Relation:
    """A set operation compares whole rows, and what comes of it has no origin."""
    ends: list[tuple[pg.SelectStmt, Scope]] = []
    # The arms stand to the left, each in the one before.
    while select.HasField("larg"):
        only(select, _COMBINED)
        ends.append((select, scope))
        query(select.rarg, scope, False)
        select = select.larg
        scope = known_queries(select.with_clause, scope)
    given = _select(select, scope, False)
    for each, place in ends:
        _order(each, given, place.inside(()))
    return given


def _values(select: pg.SelectStmt, scope: Scope) -> Relation:
    only(select, _VALUES)
    inside = scope.inside(())
    for row in select.values_lists:
        check(unwrap(row), inside)
    width = len(select.values_lists[0].list.items)
    given = Relation("", tuple(Column(f"column{number + 1}") for number in range(width)))
    _order(select, given, inside)
    return given


def _order(select: pg.SelectStmt, given: Relation, inside: Scope) -> None:
    for each in select.sort_clause:
        _by_output(unwrap(each.sort_by.node), given, inside)
        check_all(each.sort_by.use_op, inside)
    check_all([select.limit_offset, select.limit_count], inside)


def _group(items: Iterable[Message], given: Relation, inside: Scope) -> None:
    for item in map(unwrap, items):
        if isinstance(item, pg.GroupingSet):
            _group(item.content, given, inside)
        elif isinstance(item, pg.RowExpr):
            _group(item.args, given, inside)
        else:
            _by_output(item, given, inside, is_group=True)


def _distinct(items: Sequence[Message], given: Relation, inside: Scope) -> None:
    """DISTINCT compares all that is given, DISTINCT ON what it names."""
    for item in items:
        if isinstance(item, pg.Node):
            if given.masked:
                raise Used(given.masked, Why.COMPARED)
        else:
            _by_output(item, given, inside)


def _by_output(node: Message, given: Relation, inside: Scope, *, is_group: bool = False) -> None:
    """What a query is ordered or grouped by: an output's number or name, or an expression.

    A name is an output's before it is a column's; GROUP BY has it the other way round.
    """
    if isinstance(node, pg.A_Const) and node.HasField("ival"):
        place = node.ival.ival - 1
        column = given.columns[place] if given.known and 0 <= place < len(given.columns) else None
        if (column or Column("", given.masked)).masked:
            raise Used(str(node.ival.ival), Why.COMPARED)
        return
    name = strings(node.fields)[0] if isinstance(node, pg.ColumnRef) and len(node.fields) == 1 else ""
    column = given.find(name) if name else None
    if column is not None and column.masked:
        raise Used(name, Why.COMPARED)
    if column is None or (is_group and inside.has(name)):
        _compare(node, inside)


def _compare(node: Message, inside: Scope) -> None:
    try:
        check(node, inside)
    except Used as used:
        raise Used(used.name, Why.COMPARED if used.why is Why.USED else used.why, used.masked) from used


# --- what a query gives ---------------------------------------------------------------------------------------------


def outputs(targets: Iterable[Message], scope: Scope, star: Relation, *, shown: bool) -> Relation:
    """The columns of a target list or a RETURNING. Raises Used."""
    parts = [_given(target, scope, star) for target in map(unwrap, targets)]
    for column in chain.from_iterable(part.columns for part in parts):
        if column.masked and not (shown and (column.traced or scope.is_masked(column.name))):
            raise Used(column.masked, Why.RENAMED if shown else Why.MOVED)
    given = joined("", parts)
    if given.masked and not shown:
        raise Used(given.masked, Why.MOVED)
    return given


def _given(target: Message, scope: Scope, star: Relation) -> Relation:
    if not isinstance(target, pg.ResTarget):
        raise Used(target.DESCRIPTOR.name, Why.SHAPE)
    value = unwrap(target.val)
    is_star = isinstance(value, pg.ColumnRef) and isinstance(unwrap(value.fields[-1]), pg.A_Star)
    if isinstance(value, pg.ColumnRef) and is_star:
        return star if len(value.fields) == 1 else scope.star(value)
    if isinstance(value, pg.A_Indirection) and isinstance(unwrap(value.indirection[-1]), pg.A_Star):
        check(value, scope)
        # How many columns it has is not known here, nor their names.
        return Relation("", known=False, rest=Rest.NAMED)
    return Relation("", (replace(_output(value, scope), name=target.name or name_of(value)),))


def _output(value: Message, scope: Scope) -> Column:
    match value:
        case pg.ColumnRef():
            column = scope.column(value)
            if column is None:
                raise Used(".".join(strings(value.fields)), Why.NO_SUCH_COLUMN)
            return column
        case pg.A_Indirection():
            return field_of(value, scope)
        case _:
            check(value, scope)
            return Column("")


# --- WITH -----------------------------------------------------------------------------------------------------------


def known_queries(clause: pg.WithClause, scope: Scope) -> Scope:
    """With what its queries give; each is checked, once, whether it is read or not. Raises Used."""
    if not clause.ctes:
        return scope
    known: dict[str, _Given] = {}
    inside = scope
    for node in (each.common_table_expr for each in clause.ctes):
        only(node, _CTE)
        given = _Given(node, inside)
        known[node.ctename] = given
        inside = inside.having({node.ctename: given})
    if clause.recursive:
        inside = scope.having(known)
        for each in known.values():
            each.scope = inside
    for each in known.values():
        each()
    return inside


class _Given:
    """What one WITH query gives, found out when it is first asked for."""

    def __init__(self, node: pg.CommonTableExpr, scope: Scope) -> None:
        self.scope = scope
        self._node = node
        self._is_asked = False
        #: What it gives, and what it gives to itself: the part of it that does not read itself.
        self._relation: Relation | None = None
        self._first: Relation | None = None

    def __call__(self) -> Relation:
        if self._relation is not None:
            return self._relation
        if self._is_asked:
            return self._to_itself()
        self._is_asked = True
        self._relation = self._called(query(unwrap(self._node.ctequery), self.scope, True))
        return self._relation

    def _to_itself(self) -> Relation:
        body = unwrap(self._node.ctequery)
        if self._first is None:
            if not isinstance(body, pg.SelectStmt) or not body.HasField("larg") or self._is_deeper:
                raise Used(self._node.ctename, Why.SHAPE)
            self._is_deeper = True
            self._first = self._called(query(body.larg, known_queries(body.with_clause, self.scope), False))
        return self._first

    #: It is being asked what it gives to itself.
    _is_deeper = False

    def _called(self, rows: Relation) -> Relation:
        node = self._node
        check_all([node.cycle_clause.cycle_mark_value, node.cycle_clause.cycle_mark_default], self.scope)
        given = rows.called(node.ctename, strings(node.aliascolnames))
        extra = (
            node.search_clause.search_seq_column,
            node.cycle_clause.cycle_mark_column,
            node.cycle_clause.cycle_path_column,
        )
        return replace(given, columns=given.columns + tuple(Column(name) for name in extra if name))
