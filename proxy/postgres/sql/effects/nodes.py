"""What the nodes of a statement's tree are called, anywhere in it: kinds, tables and functions. Pure.

These are the labels of the whole (found.py). They say what is written, and effects say what it does.
"""

from collections.abc import Iterator, Sequence

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from access.policy.labels import SqlLabel
from proxy.postgres.sql.effects.blocks import statements_of_block
from proxy.postgres.sql.effects.names import labels_of, relation, strings
from proxy.postgres.sql.kinds import OBJECT_TABLES, is_analyze, label_of
from proxy.syntax.new_words import NEW_WORDS, new_word
from proxy.syntax.sql import unwrap, walk

#: Nodes that mention a table or a function.
_NAMING = (pg.RangeVar, pg.FuncCall, pg.DropStmt, *NEW_WORDS)


def labels_by_nodes(statement: Message, nodes: Sequence[Message]) -> frozenset[str]:
    """The labels of a statement, given all of its nodes. A plain EXPLAIN only names what is in it."""
    return frozenset(_labels(statement, nodes))


def _labels(statement: Message, nodes: Sequence[Message]) -> Iterator[str]:
    inert = isinstance(statement, pg.ExplainStmt) and not is_analyze(statement)
    for node in nodes:
        if isinstance(node, _NAMING):
            yield from _named(node)
        if (node is statement or not inert) and node.DESCRIPTOR.name.endswith("Stmt"):
            yield from _done_by(node)


def _named(node: Message) -> Iterator[str]:
    """What the node mentions: tables and functions."""
    if isinstance(node, pg.RangeVar):
        yield from labels_of("table", relation(node))
    elif isinstance(node, pg.FuncCall):
        yield from labels_of("function", strings(node.funcname))
    elif isinstance(node, pg.DropStmt):
        yield from _dropped(node)
    elif (word := new_word(node)) is not None:
        yield from labels_of("function", [word.name])


def _done_by(node: Message) -> Iterator[str]:
    """What the node does when it runs."""
    name = node.DESCRIPTOR.name
    yield label_of(name)
    if isinstance(node, pg.DeleteStmt | pg.UpdateStmt):
        if not _restricts(node.where_clause):
            whole = isinstance(node, pg.DeleteStmt)
            yield SqlLabel.DELETE_WITHOUT_WHERE if whole else SqlLabel.UPDATE_WITHOUT_WHERE
    elif isinstance(node, pg.SelectStmt):
        if node.HasField("into_clause"):
            yield SqlLabel.DDL
    elif isinstance(node, pg.CopyStmt):
        if node.filename:
            yield SqlLabel.COPY_PROGRAM if node.is_program else SqlLabel.COPY_SERVER_FILE
    elif isinstance(node, pg.TruncateStmt):
        yield SqlLabel.TRUNCATE
    elif isinstance(node, pg.DoStmt):
        if not statements_of_block(node):
            yield SqlLabel.UNPARSEABLE
    elif name.startswith("Drop"):
        yield SqlLabel.DROP


def _restricts(where: pg.Node) -> bool:
    """Whether a WHERE looks at the rows at all: `WHERE true` does not."""
    return any(isinstance(node, pg.ColumnRef | pg.CurrentOfExpr) for node in walk(where))


def _dropped(node: pg.DropStmt) -> Iterator[str]:
    label = "table" if node.remove_type in OBJECT_TABLES else "object"
    for each in node.objects:
        target = unwrap(each)
        if isinstance(target, pg.List):
            yield from labels_of(label, strings(target.items))
        elif isinstance(target, pg.ObjectWithArgs):
            yield from labels_of("function", strings(target.objname))
