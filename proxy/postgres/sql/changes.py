"""Changes of tables and types that would run other code over masked columns that hold rows already. Pure.

A domain's check sees each value when a column gets the domain as its type, or when the domain gets another check; a
partition's check and triggers see the rows that move into it. Such code can tell what it sees by a NOTICE, so these
changes are refused. What was there before the session came cannot be seen through.
"""

from collections.abc import Callable, Iterator

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from proxy.syntax.sql import unwrap, walk

#: Types that a masked column may be given by their bare names; the grammar itself qualifies the SQL standard's
#: (`varchar(20)`, `int`), and `pg_catalog.` says that any other is PostgreSQL's own.
BUILT_IN = frozenset(
    {"text", "varchar", "bpchar", "char", "name", "int2", "int4", "int8", "float4", "float8", "numeric", "bool"}
    | {
        "bytea",
        "uuid",
        "json",
        "jsonb",
        "xml",
        "inet",
        "date",
        "time",
        "timetz",
        "timestamp",
        "timestamptz",
        "interval",
    }
)
#: Functions in a check of a new table that only say something about their argument.
_PLAIN_FUNCTIONS = frozenset(
    {"length", "char_length", "character_length", "octet_length", "bit_length", "lower", "upper", "initcap", "btrim"}
    | {"ltrim", "rtrim", "trim", "substr", "substring", "left", "right", "replace", "translate", "position", "strpos"}
    | {"starts_with", "regexp_like", "regexp_replace", "like_escape", "similar_to_escape", "abs", "round", "num_nulls"}
    | {"num_nonnulls"}
)
_SYSTEM_SCHEMA = "pg_catalog"
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
            case pg.CreateDomainStmt() if node.domainname and node.domainname[-1].string.sval in BUILT_IN:
                yield node.domainname[-1].string.sval
            case pg.RenameStmt() if node.rename_type in {pg.OBJECT_DOMAIN, pg.OBJECT_TYPE} and node.newname in BUILT_IN:
                yield node.newname
            case pg.AlterDomainStmt() if node.subtype in _LOOKING:
                yield "ALTER DOMAIN"
            case _:
                pass


def names_domain_change(words: set[str]) -> bool:
    """Whether code of these words could change a domain."""
    return "domain" in words and not words.isdisjoint({"alter", "create"})


def _command(command: pg.AlterTableCmd, is_masked: Callable[[str], bool]) -> Iterator[str]:
    """A masked column keeps to PostgreSQL's own types, and expressions of it to PostgreSQL's own functions."""
    if not is_masked(command.name):
        return
    column = unwrap(getattr(command, "def"))
    if command.subtype == pg.AT_AlterColumnType and isinstance(column, pg.ColumnDef):
        if not _is_built_in(column.type_name) or _calls_others(column.raw_default):
            yield command.name
    elif command.subtype in {pg.AT_ColumnDefault, pg.AT_SetExpression} and _calls_others(column, defaults=True):
        yield command.name


def _table(table: pg.CreateStmt, is_masked: Callable[[str], bool], *, reads_masked: bool) -> Iterator[str]:
    if reads_masked and table.HasField("partbound"):
        yield table.relation.relname
    for node in walk(table):
        if isinstance(node, pg.Constraint) and node.contype == pg.CONSTR_CHECK and _calls_others(node.raw_expr):
            yield from (name for name in _columns(node.raw_expr) if is_masked(name))


def _columns(expression: Message) -> Iterator[str]:
    for node in walk(expression):
        if isinstance(node, pg.ColumnRef) and isinstance(last := unwrap(node.fields[-1]), pg.String):
            yield last.sval


def _is_built_in(type_name: pg.TypeName) -> bool:
    parts = [each.string.sval for each in type_name.names]
    return not type_name.pct_type and (parts[:-1] == [_SYSTEM_SCHEMA] or (len(parts) == 1 and parts[0] in BUILT_IN))


#: Besides, what a default is made of: none of them is handed the row.
_DEFAULT_FUNCTIONS = _PLAIN_FUNCTIONS | {"now", "nextval", "gen_random_uuid", "uuidv7", "random", "clock_timestamp"}


def _calls_others(expression: Message, *, defaults: bool = False) -> bool:
    """Whether it calls what may not be PostgreSQL's own."""
    known = _DEFAULT_FUNCTIONS if defaults else _PLAIN_FUNCTIONS
    for node in walk(expression):
        if isinstance(node, pg.FuncCall):
            parts = [each.string.sval for each in node.funcname]
            if parts[:-1] != [_SYSTEM_SCHEMA] and not (len(parts) == 1 and parts[0] in known):
                return True
        if isinstance(node, pg.A_Expr) and len(node.name) > 1 and node.name[0].string.sval != _SYSTEM_SCHEMA:
            return True
        if isinstance(node, pg.TypeCast) and not _is_built_in(node.type_name):
            return True
    return False
