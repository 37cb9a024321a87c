"""How a statement uses masked columns: shown as they are, or inside an expression. Pure.

A masked column that is selected as it is comes back masked, because its origin is known. `substr(cvv, 1, 1)`,
`cvv = '123'`, `cards::text`, a UNION or a copy into another table would show it in pieces, so those are refused. Names
decide, without looking anything up: an alias of a masked column is masked throughout the statement, so more is refused
than must be, never less. Functions that were written earlier (SECURITY DEFINER, PL/pgSQL) cannot be seen through: their
results are masked by name and content alone.
"""

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from proxy.postgres.sql.analysis import children, unwrap, walk
from proxy.postgres.sql.changes import names_domain_change, run_code

IsMasked = Callable[[str], bool]
MaskedColumnsOf = Callable[[str], set[str]]

#: They take SQL as text, or show table contents by other ways than columns.
READERS = frozenset(
    {
        "query_to_xml",
        "query_to_xmlschema",
        "query_to_xml_and_xmlschema",
        "cursor_to_xml",
        "table_to_xml",
        "table_to_xml_and_xmlschema",
        "schema_to_xml",
        "schema_to_xml_and_xmlschema",
        "database_to_xml",
        "database_to_xml_and_xmlschema",
        "ts_stat",
        "dblink",
        "dblink_exec",
        "dblink_open",
        "dblink_send_query",
        "pg_logical_slot_get_changes",
        "pg_logical_slot_peek_changes",
        "pg_logical_slot_get_binary_changes",
        "pg_logical_slot_peek_binary_changes",
    }
)
#: The planner's statistics hold the most common values of every column.
STATISTICS = frozenset({"pg_stats", "pg_statistic", "pg_stats_ext", "pg_stats_ext_exprs", "pg_statistic_ext_data"})

_WORD = re.compile(r"\w+")
#: A name (or a string) spelt in code points, which hides what it says.
_UNICODE_NAME = re.compile(r"""[uU]&["']""")
_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
#: SQL that a function's body puts together cannot be looked into.
_DYNAMIC = "execute"
#: Rows that triggers, rules and upserts know by these names.
_ROW_VARIABLES = frozenset({"new", "old", "excluded"})
#: ALTER TABLE that lets another table show this one's rows.
_LENDING = frozenset({pg.AT_AddInherit, pg.AT_AttachPartition})


@dataclass
class _Names:
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


def misuse(tree: Message, masked_columns: MaskedColumnsOf, is_masked: IsMasked, *, any_masked: bool) -> str | None:
    """The masked column, `*` or table that the statement uses otherwise than showing it; None if there is none.

    `any_masked`: the database has masked columns at all, so what reads by other ways than columns is refused too.
    """
    names = _names(tree, masked_columns, is_masked)
    if any_masked and (found := _reads_around(tree)):
        return found
    if any_masked and (found := _in_code(tree, masked_columns, is_masked)):
        return found
    if any_masked and (found := next(run_code(tree, names.has, reads_masked=bool(names.columns)), None)):
        return found
    return next(_statement(tree, names), None)


def masked_outputs(tree: Message, masked_columns: MaskedColumnsOf, is_masked: IsMasked) -> dict[int, str]:
    """Position -> masked column, for what a view's definition shows of one in any form."""
    names = _names(tree, masked_columns, is_masked)
    return _outputs(tree, names) if isinstance(tree, pg.SelectStmt) else {}


def _outputs(select: pg.SelectStmt, names: _Names) -> dict[int, str]:
    if select.HasField("larg"):
        return _outputs(select.larg, names) | _outputs(select.rarg, names)
    shown: dict[int, str] = {}
    for index, target in enumerate(select.target_list):
        for node in walk(target):
            if isinstance(node, pg.ColumnRef) and (found := names.in_reference(node)):
                shown[index] = found
    return shown


# --- names --------------------------------------------------------------------------------------------------------


def _names(tree: Message, masked_columns: MaskedColumnsOf, is_masked: IsMasked) -> _Names:
    """Collect names and follow aliases until no new one turns up."""
    nodes = list(walk(tree))
    tables = {node.relname for node in nodes if isinstance(node, pg.RangeVar)}
    names = _Names(is_masked, {column for table in tables for column in masked_columns(table)})
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


def _shows_masked(target: pg.ResTarget, names: _Names) -> bool:
    value = unwrap(target.val)
    return isinstance(value, pg.ColumnRef) and names.in_reference(value) is not None


# --- ways around columns ------------------------------------------------------------------------------------------


def _reads_around(tree: Message) -> str | None:
    for node in walk(tree):
        if isinstance(node, pg.RangeVar) and node.relname in STATISTICS:
            return node.relname
        if isinstance(node, pg.FuncCall) and node.funcname and node.funcname[-1].string.sval in READERS:
            return node.funcname[-1].string.sval
        if isinstance(node, pg.CreateTableAsStmt) and isinstance(unwrap(node.query), pg.ExecuteStmt):
            return "CREATE TABLE AS EXECUTE"
    return None


def _in_code(tree: Message, masked_columns: MaskedColumnsOf, is_masked: IsMasked) -> str | None:
    """A masked column or table that a DO block or a function's body names, or a way to name one unseen."""
    if not isinstance(tree, pg.DoStmt | pg.CreateFunctionStmt):
        return None
    for node in walk(tree):
        if isinstance(node, pg.String):
            if _UNICODE_NAME.search(node.sval):
                return "U&"
            # With standard_conforming_strings off the server takes the body's own backslashes for escapes.
            words = _WORD.findall(f"{node.sval} {_unescaped(node.sval)}".lower())
            if names_domain_change(set(words)):
                return "domain"
            for word in words:
                if is_masked(word) or masked_columns(word) or word == _DYNAMIC or word in READERS | STATISTICS:
                    return word
    return None


def _unescaped(text: str) -> str:
    """The text with the escapes of an E'' string decoded (PostgreSQL docs, "String Constants with C-Style Escapes")."""
    return _ESCAPE.sub(
        lambda found: (
            chr(int(found[1], 8) & 0xFF) if found[1] else _character(found[2] or found[3] or found[4]) or found[5] or ""
        ),
        text,
    )


def _character(digits: str | None) -> str:
    return chr(int(digits, 16)) if digits and int(digits, 16) <= sys.maxunicode else ""


# --- uses ---------------------------------------------------------------------------------------------------------


def _statement(node: Message, names: _Names) -> Iterator[str]:
    """Masked names in one statement that are more than shown."""
    if isinstance(node, pg.SelectStmt):
        yield from _select(node, names, shown=True)
    elif isinstance(node, pg.CopyStmt):
        yield from _copy(node, names)
    elif isinstance(node, pg.DeclareCursorStmt | pg.PrepareStmt | pg.ExplainStmt):
        yield from _statement(unwrap(node.query), names)
    elif isinstance(node, pg.ViewStmt):
        yield from _view(node, names)
    elif isinstance(node, pg.RenameStmt | pg.CreateTrigStmt | pg.AlterTableStmt):
        yield from _change(node, names)
    else:
        yield from _below(node, names)


def _copy(copy: pg.CopyStmt, names: _Names) -> Iterator[str]:
    """COPY of a table to the client is masked column by column; anything else that leaves is refused."""
    if not copy.is_from and copy.filename and names.columns:
        yield copy.relation.relname or "*"
    yield from _below(copy, names)


def _view(view: pg.ViewStmt, names: _Names) -> Iterator[str]:
    """A view may show masked columns under their own names: others could not be told apart before it is committed."""
    query = unwrap(view.query)
    if isinstance(query, pg.SelectStmt):
        yield from _select(query, names, shown=True)
        for shown in _outputs(query, names).values():
            if view.aliases or (shown == "*" and not all(map(names.is_masked, names.columns))):
                yield shown
        for target in query.target_list:
            value = unwrap(target.res_target.val)
            if isinstance(value, pg.ColumnRef) and (found := names.in_reference(value)) not in {None, "*"}:
                yield from () if names.is_masked(target.res_target.name or str(found)) else (str(found),)


def _change(change: pg.RenameStmt | pg.CreateTrigStmt | pg.AlterTableStmt, names: _Names) -> Iterator[str]:
    """Masked columns keep their names, their tables too, and no trigger or heir gets at their rows."""
    if isinstance(change, pg.RenameStmt) and names.has(change.subname):
        yield change.subname
    elif names.columns and not isinstance(change, pg.AlterTableStmt):
        renames_column = isinstance(change, pg.RenameStmt) and change.rename_type == pg.OBJECT_COLUMN
        yield from () if renames_column else (change.relation.relname,)
    elif names.columns and any(isinstance(n, pg.AlterTableCmd) and n.subtype in _LENDING for n in walk(change)):
        yield change.relation.relname
    for node in walk(change):
        # A check that comes later is run on the rows that are there: it tells about each, or shows it to a function.
        if isinstance(node, pg.Constraint) and node.contype == pg.CONSTR_CHECK:
            yield from _below(node, names)
    yield from _below(change, names)


def _select(select: pg.SelectStmt, names: _Names, *, shown: bool) -> Iterator[str]:
    """`shown`: what it selects comes to the client, or to an outer query, as the columns they are."""
    combined = select.HasField("larg")
    shown = shown and not combined and not select.HasField("into_clause")
    for field_name, child in children(select):
        if field_name == "target_list" and isinstance(child, pg.ResTarget):
            yield from _target(child, names, shown=shown, calls=_calls_functions(select))
        elif field_name in {"larg", "rarg"} and isinstance(child, pg.SelectStmt):
            yield from _select(child, names, shown=False)
        else:
            yield from _expression(field_name, child, names)


def _target(target: pg.ResTarget, names: _Names, *, shown: bool, calls: bool) -> Iterator[str]:
    """One output column. A function's result has no origin, so a masked name in it must not be renamed."""
    value = unwrap(target.val)
    if not isinstance(value, pg.ColumnRef):
        yield from _expression("val", value, names)
        return
    found = names.in_reference(value)
    if found is None:
        return
    is_row = found != "*" and not names.has(found)
    renamed = calls and target.name and not names.is_masked(target.name)
    if not shown or is_row or renamed:
        yield found


def _calls_functions(select: pg.SelectStmt) -> bool:
    return any(isinstance(node, pg.RangeFunction) for source in select.from_clause for node in walk(source))


def _below(node: Message, names: _Names) -> Iterator[str]:
    for field_name, child in children(node):
        yield from _expression(field_name, child, names)


def _expression(field_name: str, node: Message, names: _Names) -> Iterator[str]:
    """Anything inside a statement: a masked name in it is a use, but for the places where it only names or shows."""
    match node:
        case pg.ColumnRef():
            if found := names.in_reference(node):
                yield found
        case pg.SelectStmt():
            yield from _select(node, names, shown=field_name == "ctequery")
        case pg.RangeSubselect():
            for name, child in children(node):
                if isinstance(child, pg.SelectStmt):
                    yield from _select(child, names, shown=True)
                else:
                    yield from _expression(name, child, names)
        case pg.SubLink() if node.sub_link_type == pg.EXISTS_SUBLINK:
            yield from _statement(unwrap(node.subselect), names)
        case pg.NullTest() if isinstance(unwrap(node.arg), pg.ColumnRef) and names.in_reference(
            unwrap(node.arg)  # pyright: ignore[reportArgumentType] - the line above says that it is one
        ) not in {"*", *names.rows}:
            # Whether there is a value at all is not masked: NULL stays NULL.
            return
        case pg.JoinExpr():
            yield from _join(node, names)
        case pg.ResTarget():
            yield from _assigned(field_name, node, names)
        case pg.Constraint() if node.contype == pg.CONSTR_CHECK:
            return
        case _:
            yield from _below(node, names)


def _join(join: pg.JoinExpr, names: _Names) -> Iterator[str]:
    if join.is_natural and names.rows:
        yield "NATURAL JOIN"
    yield from (each.string.sval for each in join.using_clause if names.has(each.string.sval))
    yield from _below(join, names)


def _assigned(field_name: str, target: pg.ResTarget, names: _Names) -> Iterator[str]:
    """RETURNING shows a column; SET may move one within its row, into one masked by its own name, and no other."""
    value = unwrap(target.val)
    if field_name in {"returning_list", "exprs"}:
        yield from _target(target, names, shown=True, calls=False)
    elif (
        names.moves
        or not isinstance(value, pg.ColumnRef)
        or not (target.name in names.columns or names.is_masked(target.name))
    ):
        yield from _expression("val", value, names)
