"""Changes of tables and types that would run other code over masked columns that hold rows already. Pure.

A domain's check sees each value when a column gets the domain as its type, or when the domain gets another check; a
partition's check and triggers see the rows that move into it. Such code can tell what it sees by a NOTICE, so these
changes are refused. What was there before the session came cannot be seen through.
"""

from collections.abc import Callable, Iterator

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from proxy.postgres.sql.code.plain import BUILT_IN, DEFAULT_FUNCTIONS, WIDE, calls_others, is_built_in
from proxy.postgres.sql.effects.names import strings
from proxy.syntax.sql import unwrap, walk

_MULTIRANGE = "multirange_type_name"
#: They compare by bytes.
_COLLATIONS = frozenset({"C", "POSIX", "ucs_basic", "pg_c_utf8"})
#: ALTER DOMAIN … ADD CONSTRAINT, and VALIDATE CONSTRAINT: both look at all values that there are.
_LOOKING = frozenset({"C", "V"})


def run_code(tree: Message, is_masked: Callable[[str], bool], *, reads_masked: bool) -> Iterator[str]:
    """What the statement would have other code look at, or the type by which it would do so.

    `is_masked` tells of a column of the named tables; `reads_masked`: one of these tables has masked columns.
    """
    for node in walk(tree):
        match node:
            case pg.AlterTableCmd():
                yield from _command(node, is_masked)
            case pg.CreateStmt():
                yield from _table(node, is_masked, reads_masked=reads_masked)
            case pg.CreateDomainStmt() if any(calls_others(each, DEFAULT_FUNCTIONS) for each in node.constraints):
                yield strings(node.domainname)[-1]
            case pg.AlterDomainStmt() if node.subtype in _LOOKING:
                yield "ALTER DOMAIN"
            case pg.CreateCastStmt():
                yield "CREATE CAST"
            case pg.DefineStmt() if node.replace:
                yield f"OR REPLACE {strings(node.defnames)[-1]}"
            case _:
                pass
    yield from (name for name in types_made(tree) if name in BUILT_IN)


def types_made(tree: Message) -> Iterator[str]:
    """Names of the types that it makes, each of which is a function's name as well (`code(x)`)."""
    match tree:
        case pg.CreateDomainStmt():
            yield strings(tree.domainname)[-1]
        case pg.CreateEnumStmt():
            yield strings(tree.type_name)[-1]
        case pg.CreateRangeStmt():
            name = strings(tree.type_name)[-1]
            yield from (name, name.replace("range", "multirange", 1), f"{name}_multirange")
            for option in (each.def_elem for each in tree.params):
                if option.defname == _MULTIRANGE and isinstance(given := unwrap(option.arg), pg.TypeName):
                    yield strings(given.names)[-1]
        case pg.CompositeTypeStmt():
            yield tree.typevar.relname
        case pg.DefineStmt() if tree.kind == pg.OBJECT_TYPE:
            yield strings(tree.defnames)[-1]
        case _:
            return


def _command(command: pg.AlterTableCmd, is_masked: Callable[[str], bool]) -> Iterator[str]:
    """A masked column keeps to PostgreSQL's own types, and expressions of it to PostgreSQL's own functions.

    Where it holds values already, its type has room for all of them: an error would tell which have none.
    """
    column = unwrap(getattr(command, "def"))
    name = column.colname if command.subtype == pg.AT_AddColumn and isinstance(column, pg.ColumnDef) else command.name
    if not is_masked(name):
        return
    if isinstance(column, pg.ColumnDef):
        is_known = is_built_in(column.type_name) and not _is_collated(column)
        if command.subtype == pg.AT_AlterColumnType:
            is_known = is_known and is_built_in(column.type_name, WIDE) and not column.type_name.typmods
        if not is_known or calls_others(column.raw_default):
            yield name
    elif command.subtype in {pg.AT_ColumnDefault, pg.AT_SetExpression} and calls_others(column, DEFAULT_FUNCTIONS):
        yield name


def _is_collated(column: pg.ColumnDef) -> bool:
    """By a collation that may call unlike values alike, so that a key of the column would tell guesses."""
    return column.HasField("coll_clause") and strings(column.coll_clause.collname)[-1] not in _COLLATIONS


def _table(table: pg.CreateStmt, is_masked: Callable[[str], bool], *, reads_masked: bool) -> Iterator[str]:
    if reads_masked and table.HasField("partbound"):
        yield table.relation.relname
    for node in walk(table):
        if isinstance(node, pg.Constraint) and node.contype == pg.CONSTR_CHECK and calls_others(node.raw_expr):
            yield from (name for name in _columns(node.raw_expr) if is_masked(name))


def _columns(expression: Message) -> Iterator[str]:
    for node in walk(expression):
        if isinstance(node, pg.ColumnRef) and isinstance(last := unwrap(node.fields[-1]), pg.String):
            yield last.sval
