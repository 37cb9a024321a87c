"""What SQL asks for: kinds, labels and a text without literals, by PostgreSQL 18's own grammar (libpg_query). Pure.

A statement that cannot be read for certain carries the label `unparseable`, whatever the reason: syntax, a size or
depth that the parser does not bear, code in another language (DO), or bytes that another encoding or string mode would
cut otherwise. It executes nothing and looks nothing up.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import postgast
from google.protobuf.message import DecodeError, Message
from postgast import pg_query_pb2 as pg

from access.policy.labels import UNPARSEABLE, SqlLabel
from proxy.masking.rules import Masker
from proxy.postgres.sql.kinds import DDL_PREFIXES, KINDS, OBJECT_TABLES, OTHERS, SETTINGS
from proxy.postgres.sql.text import Token, is_plausible_name, redact, tokens, withheld
from proxy.statements import StatementFacts

#: Larger texts are not parsed: a bulk load of this size belongs into COPY.
MAX_SQL_BYTES = 8 * 1024 * 1024
#: libpg_query's C code recurses and overflows its stack somewhere above 20,000 levels. A level takes a token or more.
MAX_CHAIN_TOKENS = 8_000
#: Set operations nest to the left, whatever stands between them.
MAX_SET_OPERATIONS = 1_000

_OPEN = frozenset({pg.ASCII_40, pg.ASCII_91})
_CLOSE = frozenset({pg.ASCII_41, pg.ASCII_93})
_BORDERS = frozenset({pg.ASCII_44, pg.ASCII_59})
_SET_OPERATIONS = frozenset({pg.UNION, pg.INTERSECT, pg.EXCEPT})

#: A backslash before a quote ends a plain string or not, by standard_conforming_strings, which a session can change.
_TWO_READINGS = re.compile(rb"\\'")
#: In SJIS, BIG5, GBK and their kin a backslash can be the second byte of a character.
_SECOND_BYTE = re.compile(rb"[\x80-\xff]\\")

#: Nodes that mention a table or a function.
_NAMING = (pg.RangeVar, pg.FuncCall, pg.DropStmt)
#: Nodes that hold nothing but a value.
_VALUES = (pg.A_Const, pg.String, pg.Integer)

_redactor = Masker(())


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


def analyse(sql: bytes) -> list[StatementAnalysis]:
    """Analyse a query string, undecoded: its statements in order; none for an empty text. Never raises."""
    try:
        if len(sql) > MAX_SQL_BYTES or _SECOND_BYTE.search(sql):
            return [_unparseable(sql)]
        scanned = tokens(sql)
        if _is_too_deep(scanned) or _has_two_readings(sql, scanned):
            return [_unparseable(sql)]
        tree = postgast.parse(sql.decode())
    except (postgast.PgQueryError, DecodeError, UnicodeError):
        return [_unparseable(sql)]
    return [_analysed(sql, scanned, statement) for statement in tree.stmts]


def _unparseable(sql: bytes) -> StatementAnalysis:
    text = f"(a statement of {len(sql)} bytes that could not be parsed)"
    return StatementAnalysis(StatementFacts(text, "other", frozenset({UNPARSEABLE})), None)


def _is_too_deep(scanned: Sequence[Token]) -> bool:
    set_operations = sum(token.kind in _SET_OPERATIONS for token in scanned)
    return set_operations > MAX_SET_OPERATIONS or _chain(scanned) > MAX_CHAIN_TOKENS


def _chain(scanned: Sequence[Token]) -> int:
    """An upper bound for how deep the tree can be: tokens since the last comma, summed over open parentheses."""
    deepest = depth = here = 0
    outer: list[int] = []
    for token in scanned:
        if token.kind in _OPEN:
            outer.append(here)
            here = 0
        elif token.kind in _CLOSE and outer:
            depth -= here
            here = outer.pop()
        elif token.kind in _BORDERS:
            depth -= here
            here = 0
        depth += 1
        here += 1
        deepest = max(deepest, depth)
    return deepest


def _has_two_readings(sql: bytes, scanned: Sequence[Token]) -> bool:
    """Whether a plain string would end elsewhere with standard_conforming_strings off."""
    if not _TWO_READINGS.search(sql):
        return False
    plain = (sql[token.start : token.end] for token in scanned if token.kind in {pg.SCONST, pg.USCONST})
    return any(text[:1] not in b"Ee$" and _TWO_READINGS.search(text) for text in plain)


def _analysed(sql: bytes, scanned: Sequence[Token], raw: pg.RawStmt) -> StatementAnalysis:
    start = raw.stmt_location
    end = start + raw.stmt_len if raw.stmt_len else len(sql)
    statement = unwrap(raw.stmt)
    name = statement.DESCRIPTOR.name
    kind = kind_of(name)
    nodes = list(walk(statement))
    labels = frozenset(_labels(statement, nodes))
    own = [token for token in scanned if start <= token.start < end]
    text = _redactor.redact(redact(sql, own, settings=name in SETTINGS)) or withheld(kind)
    return StatementAnalysis(
        StatementFacts(text, kind, labels),
        statement,
        executes=next((each.name for each in nodes if isinstance(each, pg.ExecuteStmt)), None),
        prepares=statement.name if isinstance(statement, pg.PrepareStmt) else None,
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
    """`table:cards` and, if a schema is given, `table:app.cards`; names that could be values are not repeated."""
    shown = [part if is_plausible_name(part) else "?" for part in parts]
    if shown:
        yield f"{prefix}:{shown[-1]}"
    if len(shown) > 1:
        yield f"{prefix}:{'.'.join(shown[-2:])}"


def _strings(nodes: Sequence[pg.Node]) -> list[str]:
    return [node.string.sval for node in nodes if node.HasField("string")]


#: What a field holds that is neither a node nor a list of nodes; none of the grammar's lists are of scalars.
_SCALARS = (int, str, bytes, float)


# --- the tree -----------------------------------------------------------------------------------------------------


def unwrap(node: Message) -> Message:
    """The message inside a Node; itself if it is none or empty."""
    if isinstance(node, pg.Node):
        which = node.WhichOneof("node")
        return node if which is None else getattr(node, which)
    return node


def children(node: Message) -> Iterator[tuple[str, Message]]:
    """Field name and message of everything directly below a node."""
    for field, value in node.ListFields():
        if isinstance(value, Message):
            yield field.name, unwrap(value)
        elif not isinstance(value, _SCALARS):
            for item in value:
                yield field.name, unwrap(item)


def walk(node: Message) -> Iterator[Message]:
    """The node and everything below it."""
    pending = [unwrap(node)]
    while pending:
        current = pending.pop()
        yield current
        if isinstance(current, _VALUES):
            continue
        for _, value in current.ListFields():
            if isinstance(value, Message):
                pending.append(unwrap(value))
            elif not isinstance(value, _SCALARS):
                pending.extend(map(unwrap, value))
