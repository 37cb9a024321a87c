"""What SQL asks for: kinds, labels and the text that is shown, by PostgreSQL 18's own grammar (libpg_query). Pure.

A statement that cannot be read for certain carries the label `unparseable`, whatever the reason: syntax, a size or
depth that the parser does not bear, code in another language (DO), or bytes that another encoding or string mode would
cut otherwise. It executes nothing and looks nothing up.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from access.policy.labels import UNPARSEABLE, SqlLabel
from proxy.postgres.sql.kinds import DDL_PREFIXES, KINDS, OBJECT_TABLES, OTHERS
from proxy.showing.sql import UNREADABLE, is_masked_by_default, own_tokens, show_statement, unparsed
from proxy.statements import StatementFacts
from proxy.syntax.sql import Token, Unreadable, parse, unwrap, walk

#: Nodes that mention a table or a function.
_NAMING = (pg.RangeVar, pg.FuncCall, pg.DropStmt)


@dataclass(frozen=True)
class StatementAnalysis:
    """What one statement is: what the rules are told, and what the connection must keep in mind."""

    facts: StatementFacts
    #: The statement's tree; None if there is none.
    tree: Message | None
    #: SQL's EXECUTE runs the prepared statement of this name.
    executes: str | None = None
    #: SQL's PREPARE makes one of this name.
    prepares: str | None = None
    #: Whatever its data is, all of this stays the same.
    shared: bool = False


def analyse(
    sql: bytes, is_private: Callable[[str], bool] = is_masked_by_default, *, exact: bool = False
) -> list[StatementAnalysis]:
    """Analyse a query string, undecoded: its statements in order; none for an empty text. Never raises.

    `is_private` tells of names (columns, tables) beside which no number is shown. What can be shared has a text without
    values, unless it is to be `exact`.
    """
    try:
        scanned, tree = parse(sql)
    except Unreadable:
        return [_unparseable(sql)]
    return [_analysed(sql, scanned, statement, is_private, exact=exact) for statement in tree.stmts]


def _unparseable(sql: bytes) -> StatementAnalysis:
    facts = StatementFacts(unparsed(sql), "other", frozenset({UNPARSEABLE}), unreviewable=UNREADABLE)
    return StatementAnalysis(facts, None)


def _analysed(
    sql: bytes, scanned: Sequence[Token], raw: pg.RawStmt, is_private: Callable[[str], bool], *, exact: bool
) -> StatementAnalysis:
    statement = unwrap(raw.stmt)
    kind = kind_of(statement.DESCRIPTOR.name)
    nodes = list(walk(statement))
    labels = frozenset(_labels(statement, nodes))
    shown = show_statement(sql, own_tokens(sql, scanned, raw), statement, nodes, is_private, exact=exact)
    return StatementAnalysis(
        StatementFacts(shown.text, kind, labels, unreviewable=shown.unreviewable),
        statement,
        executes=next((each.name for each in nodes if isinstance(each, pg.ExecuteStmt)), None),
        prepares=statement.name if isinstance(statement, pg.PrepareStmt) else None,
        shared=shown.shared,
    )


def kind_of(node: str) -> str:
    """The kind of a statement by its node's name."""
    return KINDS.get(node) or (SqlLabel.DDL if node.startswith(DDL_PREFIXES) else "other")


def label_of(node: str) -> SqlLabel:
    """What the statement does, by its node's name; one that this grammar does not have yet is unparseable."""
    known = KINDS.get(node) or OTHERS.get(node)
    return known or (SqlLabel.DDL if node.startswith(DDL_PREFIXES) else SqlLabel.UNPARSEABLE)


# --- labels -------------------------------------------------------------------------------------------------------


def _labels(statement: Message, nodes: Sequence[Message]) -> Iterator[str]:
    inert = isinstance(statement, pg.ExplainStmt) and not _is_analyze(statement)
    for node in nodes:
        if isinstance(node, _NAMING):
            yield from _named(node)
        if (node is statement or not inert) and node.DESCRIPTOR.name.endswith("Stmt"):
            yield from _done_by(node)


def _named(node: Message) -> Iterator[str]:
    """What the node mentions: tables and functions."""
    if isinstance(node, pg.RangeVar):
        yield from _name_labels("table", [part for part in (node.schemaname, node.relname) if part])
    elif isinstance(node, pg.FuncCall):
        yield from _name_labels("function", _strings(node.funcname))
    elif isinstance(node, pg.DropStmt):
        yield from _dropped(node)


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
        yield SqlLabel.UNPARSEABLE
    elif name.startswith("Drop"):
        yield SqlLabel.DROP


def _restricts(where: pg.Node) -> bool:
    """Whether a WHERE looks at the rows at all: `WHERE true` does not."""
    return any(isinstance(node, pg.ColumnRef | pg.CurrentOfExpr) for node in walk(where))


def _is_analyze(explain: pg.ExplainStmt) -> bool:
    """EXPLAIN (ANALYZE) runs what it explains; ANALYZE false, off or 0 does not."""
    for option in explain.options:
        element = option.def_elem
        if element.defname != "analyze":
            continue
        argument = unwrap(element.arg) if element.HasField("arg") else None
        value = getattr(argument, "sval", getattr(argument, "boolval", getattr(argument, "ival", True)))
        if str(value).lower() not in {"false", "off", "0"}:
            return True
    return False


def _dropped(node: pg.DropStmt) -> Iterator[str]:
    label = "table" if node.remove_type in OBJECT_TABLES else "object"
    for each in node.objects:
        target = unwrap(each)
        if isinstance(target, pg.List):
            yield from _name_labels(label, _strings(target.items))
        elif isinstance(target, pg.ObjectWithArgs):
            yield from _name_labels("function", _strings(target.objname))


def _name_labels(prefix: str, parts: Sequence[str]) -> Iterator[str]:
    """`table:cards` and, if a schema is given, `table:app.cards`: the real names, for the rules."""
    if parts:
        yield f"{prefix}:{parts[-1]}"
    if len(parts) > 1:
        yield f"{prefix}:{'.'.join(parts[-2:])}"


def _strings(nodes: Sequence[pg.Node]) -> list[str]:
    return [node.string.sval for node in nodes if node.HasField("string")]
