"""Ways to read a table's contents other than by its columns: functions and statistics. Pure.

They have no column that could be traced, so where a database has masked columns they are refused. The lists name what
PostgreSQL and its contributed extensions offer; what a database's own functions do cannot be seen.
"""

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from access.policy.labels import SqlLabel
from proxy.postgres.sql.effects.calls.function_effects import FUNCTION_EFFECTS
from proxy.postgres.sql.effects.names import strings
from proxy.syntax.sql import unwrap, walk

_READING = {SqlLabel.UNPARSEABLE, SqlLabel.CONNECT}
#: They take SQL as text, read pages and files that hold rows, or give rows to other servers.
READERS = frozenset(
    {name for name, effects in FUNCTION_EFFECTS.items() if _READING & set(effects)}
    | {"pg_read_file", "pg_read_binary_file", "pg_read_file_old", "pg_file_read", "lo_import"}
)
#: The planner's statistics hold the most common values of every column.
STATISTICS = frozenset({"pg_stats", "pg_statistic", "pg_stats_ext", "pg_stats_ext_exprs", "pg_statistic_ext_data"})


def reads_around(tree: Message) -> str | None:
    """The function or catalogue by which the statement reads around columns; None if it does not."""
    for node in walk(tree):
        if isinstance(node, pg.RangeVar) and node.relname in STATISTICS:
            return node.relname
        for name in _called(node):
            if name in READERS:
                return name
        if isinstance(node, pg.CreateTableAsStmt) and isinstance(unwrap(node.query), pg.ExecuteStmt):
            return "CREATE TABLE AS EXECUTE"
    return None


def _called(node: Message) -> list[str]:
    """Functions that a node calls; `x.f` and `(x).f` call one too, where x has no such column."""
    match node:
        case pg.FuncCall():
            name = strings(node.funcname)
            return [name[-1], ".".join(name[-2:])]
        case pg.ColumnRef():
            return strings(node.fields[1:])[-1:]
        case pg.A_Indirection():
            return strings(node.indirection)
        case _:
            return []
