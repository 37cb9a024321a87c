"""Whether a condition restricts which rows of a table it is true for. Pure.

What counts is listed: a comparison of a column of the target with something that does not depend on its row. Everything
else (a constant, `id = id`, a negation, `ctid`, a subquery that reads the whole table again) restricts nothing here.
What is listed can still be true for every row (`id > 0`, a table of ids that has them all): docs/policy.md says so.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from proxy.postgres.sql.effects.conditions.targets import Target, qualifier_of
from proxy.postgres.sql.effects.conditions.whole import gives_all, is_target, item_gives_all, tables
from proxy.syntax.sql import unwrap, walk

_UP, _DOWN, _SIDELESS = "up", "down", ""
#: Comparisons, and towards which end of a column's values they leave rows.
_SIDES = {"=": _SIDELESS, "<": _DOWN, "<=": _DOWN, ">": _UP, ">=": _UP}
_TURNED = {_UP: _DOWN, _DOWN: _UP, _SIDELESS: _SIDELESS}
_LIKE = frozenset({"~~", "~~*"})
_REGULAR = frozenset({"~", "~*"})
_BETWEEN = frozenset({pg.AEXPR_BETWEEN, pg.AEXPR_BETWEEN_SYM})
_LIKES = frozenset({pg.AEXPR_LIKE, pg.AEXPR_ILIKE})
#: What a pattern of LIKE can be made of and still match everything.
_WILD = frozenset("%_")
#: A regular expression that is surely none: its letters must be there.
_LETTERS = re.compile(r"\^?[\w @-]+\$?")
_TRUTHS = {pg.IS_TRUE: _UP, pg.IS_FALSE: _DOWN}


@dataclass(frozen=True)
class Limit:
    """One comparison that restricts: a column, and the end of its values that it leaves. Two ends are the whole."""

    column: str
    side: str = _SIDELESS


_NONE = frozenset[Limit]()


def restricts(condition: Message, target: Target) -> bool:
    """Whether the condition (a Node, may be empty) restricts the rows of `target`."""
    return bool(_limits(unwrap(condition), target))


def depends_on_patterns(condition: Message) -> bool:
    """Whether another literal in place of a pattern could turn the answer of `restricts` around."""
    return any(isinstance(node, pg.A_Expr) and _is_match(node) for node in walk(condition))


def _limits(node: Message, target: Target) -> frozenset[Limit]:
    """What restricts; empty if nothing does. Deep only where the condition's parentheses are."""
    match node:
        case pg.BoolExpr(boolop=pg.AND_EXPR):
            return _all_of([_limits(unwrap(each), target) for each in node.args])
        case pg.BoolExpr(boolop=pg.OR_EXPR):
            return _any_of([_limits(unwrap(each), target) for each in node.args])
        case pg.BoolExpr():
            return _limit(target.column(node.args[0]), _DOWN)
        case pg.ColumnRef():
            return _limit(target.column(node), _UP)
        case pg.BooleanTest() if node.booltesttype in _TRUTHS:
            return _limit(target.column(node.arg), _TRUTHS[node.booltesttype])
        case pg.NullTest(nulltesttype=pg.IS_NULL):
            return _limit(target.column(node.arg))
        case pg.A_Expr():
            return frozenset(_compared(node, target))
        case pg.SubLink():
            return _limits_of_subquery(node, target)
        case pg.CurrentOfExpr():
            return frozenset({Limit("")})
        case _:
            return _NONE


def _limit(column: str | None, side: str = _SIDELESS) -> frozenset[Limit]:
    return _NONE if column is None else frozenset({Limit(column, side)})


def _all_of(parts: list[frozenset[Limit]]) -> frozenset[Limit]:
    """AND: one is enough. Of several, those without a side are the firmer."""
    every = _NONE.union(*parts)
    return frozenset(each for each in every if not each.side) or every


def _any_of(parts: list[frozenset[Limit]]) -> frozenset[Limit]:
    """OR: each side must restrict, and together they must not be both ends of one column (`a < 5 or a >= 5`)."""
    every = _NONE.union(*parts)
    open_ended = any(Limit(each.column, _TURNED[each.side]) in every for each in every if each.side)
    return _NONE if open_ended or not all(parts) else every


# --- comparisons --------------------------------------------------------------------------------------------------


def _compared(node: pg.A_Expr, target: Target) -> Iterator[Limit]:
    operator = node.name[-1].string.sval
    if node.kind == pg.AEXPR_NOT_DISTINCT or (node.kind == pg.AEXPR_OP and operator in _SIDES):
        yield from _sides(unwrap(node.lexpr), unwrap(node.rexpr), _SIDES.get(operator, _SIDELESS), target)
    elif _is_choice(node, operator) or (_is_match(node) and _says_something(node)):
        yield from _chosen(unwrap(node.lexpr), node.rexpr, target)


def _is_choice(node: pg.A_Expr, operator: str) -> bool:
    return node.kind in _BETWEEN or (node.kind in {pg.AEXPR_IN, pg.AEXPR_OP_ANY} and operator == "=")


def _sides(left: Message, right: Message, side: str, target: Target) -> Iterator[Limit]:
    """`column = value`, either way round, and rows of them."""
    if isinstance(left, pg.RowExpr) and isinstance(right, pg.RowExpr):
        for one, other in zip(left.args, right.args, strict=False):
            yield from _sides(unwrap(one), unwrap(other), side, target)
        return
    for column, value, towards in ((left, right, side), (right, left, _TURNED[side])):
        name = target.column(column)
        if name is not None and _is_free(value, target) and not _is_itself(name, value, side, target):
            yield Limit(name, towards)


def _chosen(left: Message, values: Message, target: Target) -> Iterator[Limit]:
    """A column, or a row of them, is one of `values`, or between them."""
    columns = left.args if isinstance(left, pg.RowExpr) else [left]
    names = [name for each in columns if (name := target.column(each)) is not None]
    if names and _is_free(values, target):
        yield Limit(names[0])


def _is_free(value: Message, target: Target) -> bool:
    """Whether a value neither depends on the target's row nor gives what all of its rows have."""
    return not target.may_be_in(value) and not any(gives_all(each, target, restricts) for each in walk(value))


def _is_itself(column: str, value: Message, side: str, target: Target) -> bool:
    """Whether the value comes from the target's own rows, joined to itself."""
    if side or not isinstance(value, pg.ColumnRef):
        return False
    for item in tables(target.others):
        if qualifier_of(value) == (item.alias.aliasname or getattr(item, "relname", "")):
            again = is_target(item, target)
            same = value.fields[-1].string.sval == column or bool(item.alias.colnames)
            return (again and same) or (not again and item_gives_all(item, target, restricts))
    return False


def _is_match(node: pg.A_Expr) -> bool:
    operator = node.name[-1].string.sval
    return node.kind in {*_LIKES, pg.AEXPR_SIMILAR} or (node.kind == pg.AEXPR_OP and operator in _LIKE | _REGULAR)


def _says_something(node: pg.A_Expr) -> bool:
    """Whether a pattern is a literal that does not match everything; a parameter or a computed one may be `%`."""
    if node.name[-1].string.sval.startswith("!"):
        return False
    pattern = unwrap(node.rexpr)
    while isinstance(pattern, pg.TypeCast):
        pattern = unwrap(pattern.arg)
    if isinstance(pattern, pg.FuncCall) and pattern.funcname[-1].string.sval in {"like_escape", "similar_to_escape"}:
        pattern = unwrap(pattern.args[0])
    if not isinstance(pattern, pg.A_Const):
        return False
    text = pattern.sval.sval
    is_like = node.kind in _LIKES or node.name[-1].string.sval in _LIKE
    return not _WILD.issuperset(text) if is_like and node.kind != pg.AEXPR_SIMILAR else bool(_LETTERS.fullmatch(text))


# --- subqueries ---------------------------------------------------------------------------------------------------


def _limits_of_subquery(link: pg.SubLink, target: Target) -> frozenset[Limit]:
    """`column in (select …)`, and EXISTS with a condition that compares a column of the target."""
    select = unwrap(link.subselect)
    if not isinstance(select, pg.SelectStmt):
        return _NONE
    if link.sub_link_type == pg.EXISTS_SUBLINK:
        return (
            _limits(unwrap(select.where_clause), _seen_from(select, target))
            if _filters(select, target)
            else frozenset()
        )
    equal = not link.oper_name or link.oper_name[-1].string.sval == "="
    if link.sub_link_type != pg.ANY_SUBLINK or not equal:
        return _NONE
    return frozenset(_chosen(unwrap(link.testexpr), select, target))


def _filters(select: pg.SelectStmt, target: Target) -> bool:
    """Whether the query has rows only where its WHERE is true, and `target.column` in it still means the target."""
    computed = any(isinstance(node, pg.FuncCall) for each in select.target_list for node in walk(each))
    hidden = any(target.qualifier in names for names in _names(select))
    return not (computed or hidden or select.group_clause or select.HasField("having_clause"))


def _names(select: pg.SelectStmt) -> Iterator[set[str]]:
    """By what each thing in FROM may be qualified."""
    for each in select.from_clause:
        for node in walk(each):
            if "alias" in node.DESCRIPTOR.fields_by_name:
                yield {getattr(node, "alias").aliasname, getattr(node, "relname", "")}  # noqa: B009


def _seen_from(select: pg.SelectStmt, target: Target) -> Target:
    """The target as a subquery sees it: its tables stand nearer, so that a bare name is theirs."""
    return target.of(target.relation, (*target.others, *map(unwrap, select.from_clause)))
