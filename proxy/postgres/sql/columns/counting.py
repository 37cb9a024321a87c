"""Counting: statements that tell columns by their places, and those that give columns other places. Pure.

`(acc cross join cards) as j(a, b, c)` calls the third column c, whichever that is: with a column less in acc it is
another one. What runs behind such a change in one transaction is judged by columns that were before it.
"""

from collections.abc import Iterable, Iterator, Sequence

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from proxy.postgres.sql.catalogue import Catalogue
from proxy.postgres.sql.effects.names import strings
from proxy.syntax.sql import unwrap, walk

_WIDTH = frozenset({pg.AT_AddColumn, pg.AT_DropColumn})
#: Renamed, they leave every relation as it was.
_WITHIN = frozenset({pg.OBJECT_COLUMN, pg.OBJECT_ATTRIBUTE, pg.OBJECT_TABCONSTRAINT, pg.OBJECT_DOMCONSTRAINT})


def moves_columns(tree: Message | None) -> bool:
    """Whether columns of some relation may stand in other places afterwards, or another relation have its name."""
    match tree:
        case pg.AlterTableStmt():
            return any(each.alter_table_cmd.subtype in _WIDTH for each in tree.cmds)
        case pg.DropStmt():
            return tree.behavior == pg.DROP_CASCADE
        case pg.RenameStmt():
            return tree.rename_type not in _WITHIN
        case pg.DropOwnedStmt() | pg.AlterObjectSchemaStmt():
            return True
        case _:
            return False


def counts_columns(tree: Message | None, catalogue: Catalogue) -> bool:
    """Whether it tells columns by their places where it reads what has masked ones."""
    if tree is None:
        return False
    nodes = list(walk(tree))
    if not any(_shows_masked(node, catalogue) for node in nodes):
        return False
    if any(_names_places(node, catalogue) for node in nodes):
        return True
    stars = sum(isinstance(node, pg.A_Star) for node in nodes)
    return stars > _outermost_stars(tree) and any(map(_takes_places, nodes))


def _shows_masked(node: Message, catalogue: Catalogue) -> bool:
    match node:
        case pg.RangeVar():
            return node.relname in catalogue.masked
        case pg.FuncCall():
            return any(each.masked for each in catalogue.functions(strings(node.funcname)))
        case _:
            return False


def _names_places(node: Message, catalogue: Catalogue) -> bool:
    """Whether it gives names to the columns of a relation, a join or a function, in their order."""
    match node:
        case pg.RangeVar() | pg.JoinExpr():
            return bool(node.alias.colnames)
        case pg.RangeFunction() if node.alias.colnames:
            return node.is_rowsfrom or any(_is_its_own(called, catalogue) for called in _calls(node.functions))
        case _:
            return False


def _calls(functions: Sequence[pg.Node]) -> Iterator[pg.FuncCall]:
    return (each for function in functions for each in walk(function) if isinstance(each, pg.FuncCall))


def _is_its_own(call: pg.FuncCall, catalogue: Catalogue) -> bool:
    """Whether the database's own function may be meant: only its rows are a table's."""
    return catalogue.is_unsettled or bool(catalogue.functions(strings(call.funcname)))


def _takes_places(node: Message) -> bool:
    """Whether it takes the columns of a query by their places, which a star in that may give."""
    match node:
        case pg.RangeSubselect():
            return bool(node.alias.colnames)
        case pg.CommonTableExpr():
            return bool(node.aliascolnames)
        case pg.SelectStmt():
            return node.op != pg.SETOP_NONE
        case pg.ViewStmt():
            return bool(node.aliases)
        case pg.IntoClause():
            return bool(node.col_names)
        case pg.InsertStmt() | pg.RowExpr():
            return True
        case _:
            return False


def _outermost_stars(tree: Message) -> int:
    """Those whose columns are the result's: the server tells of each where it comes from."""
    while isinstance(tree, pg.PrepareStmt | pg.ExplainStmt | pg.DeclareCursorStmt):
        tree = unwrap(tree.query)
    return sum(_is_star(target) for target in tree.target_list) if isinstance(tree, pg.SelectStmt) else 0


def _is_star(target: pg.Node) -> bool:
    value = unwrap(target.res_target.val)
    match value:
        case pg.ColumnRef():
            return _ends_in_star(value.fields)
        case pg.A_Indirection():
            return _ends_in_star(value.indirection)
        case _:
            return False


def _ends_in_star(fields: Iterable[pg.Node]) -> bool:
    return any(isinstance(unwrap(each), pg.A_Star) for each in fields)
