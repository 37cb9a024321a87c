"""Views: which columns of a view show a masked one, in whatever form, by its definition. Pure.

Its WHERE and ORDER BY are its author's, and so is what it does with masked columns: what it gives of them is masked.
Where that cannot be told column by column, every column is.
"""

from itertools import zip_longest

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from proxy.postgres.sql.catalogue import Catalogue, IsMasked
from proxy.postgres.sql.columns.queries import known_queries, outputs, query
from proxy.postgres.sql.columns.relations import Used
from proxy.postgres.sql.columns.scope import Scope
from proxy.postgres.sql.columns.sources import sources


def masked_outputs(tree: Message, catalogue: Catalogue, is_masked: IsMasked) -> list[str] | None:
    """For each column the masked one that it shows something of, or an empty string; None: that cannot be told."""
    if not isinstance(tree, pg.SelectStmt):
        return None
    try:
        return _outputs(tree, Scope(catalogue, is_masked, query))
    except Used:
        return None


def _outputs(select: pg.SelectStmt, scope: Scope) -> list[str]:
    inside = known_queries(select.with_clause, scope)
    if select.values_lists:
        return [column.masked for column in query(select, inside, True).columns]
    if select.HasField("larg"):
        arms = (_outputs(select.larg, inside), _outputs(select.rarg, inside))
        return [left or right for left, right in zip_longest(*arms, fillvalue="")]
    relations, star = sources(select.from_clause, inside)
    place = inside.inside(relations)
    shown: list[str] = []
    for target in select.target_list:
        try:
            given = outputs([target], place, star, shown=True)
        except Used as used:
            shown.append(used.masked)
            continue
        if not given.known:
            raise Used("*")
        shown += [column.masked for column in given.columns]
    return shown
