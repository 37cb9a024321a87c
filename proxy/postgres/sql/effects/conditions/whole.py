"""Queries that give all rows of a table again, so that comparing with them restricts nothing. Pure.

Each query is looked at once for its statement, however often it is named, and WITH queries are followed so far and no
further: beyond that they count as the whole table.
"""

from collections.abc import Callable, Iterable, Iterator

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from proxy.postgres.sql.effects.conditions.targets import Target
from proxy.syntax.sql import unwrap, walk

#: Whether a condition restricts the rows of a table: restricting.restricts, which itself asks this module.
Restricts = Callable[[Message, Target], bool]
#: Something in a FROM by whose name columns are qualified.
Item = pg.RangeVar | pg.RangeSubselect | pg.RangeFunction | pg.RangeTableFunc | pg.JsonTable | pg.JoinExpr

_ITEMS = (pg.RangeVar, pg.RangeSubselect, pg.RangeFunction, pg.RangeTableFunc, pg.JsonTable, pg.JoinExpr)
#: WITH queries that name each other in a row.
_MAX_FOLLOWED = 32


def gives_all(query: Message, target: Target, restricts: Restricts) -> bool:
    """Whether a query reads the target's table under no condition that restricts it. A LIMIT is none: it can be any."""
    node = unwrap(query)
    if not isinstance(node, pg.SelectStmt | pg.InsertStmt | pg.UpdateStmt | pg.DeleteStmt | pg.MergeStmt):
        return False
    if id(node) not in target.known:
        # What a recursive query reads of itself adds nothing; and the node is kept, so that its id stays its own.
        target.known[id(node)] = node, False
        target.known[id(node)] = node, _gives_all(node, target, restricts)
    return target.known[id(node)][1]


def _gives_all(node: Message, target: Target, restricts: Restricts) -> bool:
    match node:
        case pg.SelectStmt() if node.HasField("larg"):
            return gives_all(node.larg, target, restricts) or gives_all(node.rarg, target, restricts)
        case pg.SelectStmt():
            return _selects_all(node, target, restricts)
        case pg.InsertStmt():
            return gives_all(node.select_stmt, target, restricts)
        case pg.UpdateStmt() | pg.DeleteStmt():
            others = node.using_clause if isinstance(node, pg.DeleteStmt) else node.from_clause
            return _reads_all([node.relation, *map(unwrap, others)], node.where_clause, target, restricts)
        case _:
            return True


def _selects_all(select: pg.SelectStmt, target: Target, restricts: Restricts) -> bool:
    """In its FROM, or in what it computes: `select unnest(array(select id from t))`."""
    computed = any(gives_all(each, target, restricts) for column in select.target_list for each in walk(column))
    return computed or _reads_all(list(map(unwrap, select.from_clause)), select.where_clause, target, restricts)


def _reads_all(items: list[Message], where: Message, target: Target, restricts: Restricts) -> bool:
    every = [each for each in tables(items) if not isinstance(each, pg.JoinExpr)]
    for item in every:
        if not is_target(item, target):
            if item_gives_all(item, target, restricts):
                return True
        elif not restricts(where, target.of(item, tuple(each for each in every if each is not item))):  # type: ignore[arg-type]
            return True
    return False


def item_gives_all(item: Message, target: Target, restricts: Restricts) -> bool:
    """The same of what stands in FROM: a subquery, the name of a WITH query, a join under one name, a function."""
    match item:
        case pg.RangeSubselect():
            return gives_all(item.subquery, target, restricts)
        case pg.JoinExpr():
            return any(is_target(each, target) or item_gives_all(each, target, restricts) for each in _joined(item))
        case pg.RangeVar():
            queries = _queries_of(item, target)
            inside = target.following()
            return bool(queries) and (
                inside.followed > _MAX_FOLLOWED or any(gives_all(each, inside, restricts) for each in queries)
            )
        case _:
            return any(gives_all(each, target, restricts) for each in walk(item))


def is_target(item: Message, target: Target) -> bool:
    """Whether it is the target's table once more."""
    return isinstance(item, pg.RangeVar) and item.relname == target.table and not _queries_of(item, target)


def _queries_of(item: pg.RangeVar, target: Target) -> tuple[Message, ...]:
    return () if item.schemaname else tuple(target.queries.get(item.relname, ()))


def tables(items: Iterable[Message]) -> Iterator[Item]:
    """Everything in a FROM by whose name columns can be qualified; joins, and what they join."""
    pending = list(items)
    while pending:
        item = pending.pop()
        if isinstance(item, _ITEMS):
            yield item
        if isinstance(item, pg.JoinExpr):
            pending += _joined(item)
        elif isinstance(item, pg.RangeTableSample):
            pending.append(unwrap(item.relation))


def _joined(join: pg.JoinExpr) -> list[Message]:
    return [unwrap(join.larg), unwrap(join.rarg)]
