"""MaskedNames: every name by which a masked column can be meant in one statement. Pure.

Names are followed through aliases, in any order, and nothing is looked up but which columns of a table are masked. It
says what a reference names; whether that use is allowed is for columns.py.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from proxy.syntax.sql import unwrap, walk

IsMasked = Callable[[str], bool]
#: The masked columns of whatever tables have a name.
MaskedColumnsOf = Callable[[str], set[str]]

#: Rows that triggers, rules and upserts know by these names.
_ROW_VARIABLES = frozenset({"new", "old", "excluded"})


@dataclass
class MaskedNames:
    """What is masked in one statement."""

    is_masked: IsMasked
    #: Names of masked columns of the tables that the statement mentions.
    columns: set[str]
    #: Aliases that a masked column was given, anywhere in the statement.
    aliases: set[str] = field(default_factory=set[str])
    #: Names of rows: a reference to one of them is a reference to all of its columns. Empty if no masked table is read.
    rows: set[str] = field(default_factory=set[str])
    #: It can move values from one table into another, whose checks and triggers may be the session's own.
    moves: bool = False

    def has(self, name: str) -> bool:
        return name in self.aliases or name in self.columns or self.is_masked(name)

    def in_reference(self, reference: pg.ColumnRef) -> str | None:
        """The masked column, row or star that a reference names."""
        last = unwrap(reference.fields[-1])
        if isinstance(last, pg.A_Star):
            of = reference.fields[-2].string.sval if len(reference.fields) > 1 else None
            return "*" if self.rows and (of is None or of in self.rows) else None
        name = last.sval if isinstance(last, pg.String) else ""
        if self.has(name) or (len(reference.fields) == 1 and name in self.rows):
            return name
        return None


def collect(tree: Message, masked_columns: MaskedColumnsOf, is_masked: IsMasked) -> MaskedNames:
    """Collect names and follow aliases until no new one turns up."""
    nodes = list(walk(tree))
    tables = {node.relname for node in nodes if isinstance(node, pg.RangeVar)}
    names = MaskedNames(is_masked, {column for table in tables for column in masked_columns(table)})
    names.moves = any(isinstance(n, pg.MergeStmt) or (isinstance(n, pg.UpdateStmt) and n.from_clause) for n in nodes)
    if names.columns:
        names.rows = {*_rows(nodes, masked_columns), *_ROW_VARIABLES}
        for node in nodes:
            renamed = node.colnames if isinstance(node, pg.Alias) else ()
            renamed = node.aliascolnames if isinstance(node, pg.CommonTableExpr) else renamed
            names.aliases.update(each.string.sval for each in renamed)
    before = -1
    while before != len(names.aliases):
        before = len(names.aliases)
        for node in nodes:
            if isinstance(node, pg.ResTarget) and node.name and _shows_masked(node, names):
                names.aliases.add(node.name)
    return names


def _rows(nodes: list[Message], masked_columns: MaskedColumnsOf) -> Iterator[str]:
    """Names by which a row with masked columns can be meant: its table's, subquery's or join's."""
    inner = {node.ctename for node in nodes if isinstance(node, pg.CommonTableExpr)}
    for node in nodes:
        if isinstance(node, pg.RangeVar) and (node.relname in inner or masked_columns(node.relname)):
            yield node.alias.aliasname or node.relname
        elif isinstance(node, pg.RangeSubselect | pg.JoinExpr) and node.alias.aliasname:
            yield node.alias.aliasname
        elif isinstance(node, pg.ReturningOption):
            # RETURNING WITH (OLD AS o): o is the row as it was.
            yield node.value


def _shows_masked(target: pg.ResTarget, names: MaskedNames) -> bool:
    value = unwrap(target.val)
    return isinstance(value, pg.ColumnRef) and names.in_reference(value) is not None
