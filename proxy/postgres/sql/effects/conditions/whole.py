"""Queries that give all rows of a table again, so that comparing with them restricts nothing. Pure."""

from collections.abc import Callable, Iterable, Iterator

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from proxy.postgres.sql.effects.conditions.targets import Target
from proxy.syntax.sql import unwrap

#: Whether a condition restricts the rows of a table: restricting.restricts, which itself asks this module.
Restricts = Callable[[Message, Target], bool]


def gives_all(query: Message, target: Target, restricts: Restricts) -> bool:
    """Whether a query reads the target's table under no condition that restricts it. A LIMIT is none: it can be any."""
    select = unwrap(query)
    if not isinstance(select, pg.SelectStmt):
        return False
    if select.HasField("larg"):
        return gives_all(select.larg, target, restricts) or gives_all(select.rarg, target, restricts)
    items = list(tables(map(unwrap, select.from_clause)))
    for item in items:
        if not isinstance(item, pg.RangeVar) or item.relname != target.table or _query_of(item, target):
            if item_gives_all(item, target, restricts):
                return True
        elif not restricts(select.where_clause, target.of(item, tuple(each for each in items if each is not item))):
            return True
    return False


def item_gives_all(item: Message, target: Target, restricts: Restricts) -> bool:
    """The same of what stands in FROM: a subquery, or the name of a WITH query."""
    if isinstance(item, pg.RangeSubselect):
        return gives_all(item.subquery, target, restricts)
    query = _query_of(item, target)
    return query is not None and gives_all(query, target.without(item.relname), restricts)  # type: ignore[attr-defined]


def _query_of(item: Message, target: Target) -> Message | None:
    is_named = isinstance(item, pg.RangeVar) and not item.schemaname
    return target.queries.get(item.relname) if is_named else None  # type: ignore[attr-defined]


def tables(items: Iterable[Message]) -> Iterator[pg.RangeVar | pg.RangeSubselect]:
    """Tables and subqueries of a FROM, those of joins as well."""
    pending = list(items)
    while pending:
        item = pending.pop()
        if isinstance(item, pg.JoinExpr):
            pending += [unwrap(item.larg), unwrap(item.rarg)]
        elif isinstance(item, pg.RangeVar | pg.RangeSubselect):
            yield item
