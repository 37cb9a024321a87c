"""Which statements PostgreSQL may be asked to plan, though nobody has approved them yet. Pure.

Planning runs code: it computes what is constant, and functions that are declared immutable are. So this lists what is
proven harmless, in the text and in the catalogue, and has no word for anything else. Of the text: rows read and written
by PostgreSQL's own operators and functions. Of what the text names (HARMLESS_SQL): plain tables with columns of
PostgreSQL's own types, without rules, row security or any expression that uses what is not PostgreSQL's own; and no
function, operator or type of somebody else's that could be meant instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from proxy.syntax.sql import Unreadable, parse, unwrap, walk

_STATEMENTS = (pg.SelectStmt, pg.InsertStmt, pg.UpdateStmt, pg.DeleteStmt, pg.MergeStmt)
#: Nodes of which nothing but what they hold can run.
_NODES = frozenset(
    {
        *("SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt", "MergeWhenClause", "RangeVar"),
        *("ColumnRef", "A_Const", "A_Expr", "BoolExpr", "NullTest", "BooleanTest", "ResTarget", "ParamRef", "TypeCast"),
        *("TypeName", "FuncCall", "SubLink", "RangeSubselect", "JoinExpr", "Alias", "SortBy", "CommonTableExpr"),
        *("WithClause", "List", "String", "Integer", "Float", "Boolean", "A_Star", "CaseExpr", "CaseWhen"),
        *("CoalesceExpr", "MinMaxExpr", "OnConflictClause", "InferClause", "IndexElem", "MultiAssignRef"),
        *("SetToDefault", "RowExpr", "LockingClause", "ReturningClause", "SQLValueFunction", "WindowDef", "Node"),
    }
)
#: PostgreSQL's own functions without an effect beyond their value.
FUNCTIONS = frozenset(
    {
        *("abs", "array_agg", "avg", "bool_and", "bool_or", "btrim", "ceil", "char_length", "concat", "count"),
        *(
            "date_part",
            "date_trunc",
            "dense_rank",
            "extract",
            "floor",
            "generate_series",
            "initcap",
            "lag",
            "last_value",
        ),
        *("lead", "left", "length", "lower", "lpad", "ltrim", "max", "md5", "min", "mod", "now", "octet_length"),
        *(
            "position",
            "power",
            "rank",
            "replace",
            "right",
            "round",
            "row_number",
            "rpad",
            "rtrim",
            "sign",
            "split_part",
        ),
        *("sqrt", "string_agg", "strpos", "substr", "substring", "sum", "to_char", "to_date", "to_timestamp", "trunc"),
        *("upper", "width_bucket"),
    }
)
OPERATORS = frozenset(
    [
        "=",
        "<>",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
        "+",
        "-",
        "*",
        "/",
        "%",
        "||",
        "~",
        "~*",
        "!~",
        "!~*",
        "~~",
        "~~*",
        "!~~",
        "!~~*",
    ]
)
TYPES = frozenset(
    {
        *(
            "bool",
            "boolean",
            "bpchar",
            "bytea",
            "date",
            "decimal",
            "float4",
            "float8",
            "int2",
            "int4",
            "int8",
            "integer",
        ),
        *(
            "interval",
            "name",
            "numeric",
            "oid",
            "text",
            "time",
            "timestamp",
            "timestamptz",
            "timetz",
            "uuid",
            "varchar",
        ),
    }
)
#: What an A_Expr of these kinds is called; its operators are among OPERATORS, which are looked up all.
_WORDS = frozenset({"BETWEEN", "NOT BETWEEN", "BETWEEN SYMMETRIC", "NOT BETWEEN SYMMETRIC"})
_OWN_SCHEMA = "pg_catalog"


@dataclass(frozen=True)
class Named:
    """What a plannable statement names: schema ("" where it gives none) and name of each table, and its functions."""

    tables: tuple[tuple[str, str], ...]
    functions: tuple[str, ...]


def plannable(sql: bytes) -> Named | None:
    """What a query string names, if its text is one statement that the planner may see; else None."""
    try:
        _, tree = parse(sql)
    except Unreadable:
        return None
    if len(tree.stmts) != 1:
        return None
    statement = unwrap(tree.stmts[0].stmt)
    nodes = list(walk(statement))
    if not isinstance(statement, _STATEMENTS) or not all(map(_is_harmless, nodes)):
        return None
    made = {node.ctename for node in nodes if isinstance(node, pg.CommonTableExpr)}
    tables = {(node.schemaname, node.relname) for node in nodes if isinstance(node, pg.RangeVar)}
    functions = {_names(node.funcname)[-1] for node in nodes if isinstance(node, pg.FuncCall)}
    # A name that is a CTE's in one place may be a table's in another: then it is looked up, and must be harmless.
    return Named(tuple(sorted(tables - {("", name) for name in made})), tuple(sorted(functions)))


def _is_harmless(node: Message) -> bool:
    if node.DESCRIPTOR.name not in _NODES:
        return False
    match node:
        case pg.FuncCall():
            return _is_own(_names(node.funcname), FUNCTIONS)
        case pg.TypeName():
            return not node.pct_type and not node.setof and _is_own(_names(node.names), TYPES)
        case pg.A_Expr():
            names = _names(node.name)
            return _is_own(names, OPERATORS) or (len(names) == 1 and names[0] in _WORDS)
        case pg.SubLink():
            return not node.oper_name or _is_own(_names(node.oper_name), OPERATORS)
        case pg.SortBy():
            return not node.use_op
        case pg.SelectStmt():
            return not node.HasField("into_clause")
        case pg.RangeVar():
            return not node.catalogname
        case _:
            return True


def _is_own(names: Sequence[str], known: frozenset[str]) -> bool:
    return bool(names) and names[-1] in known and names[:-1] in ([], [_OWN_SCHEMA])


def _names(nodes: Sequence[pg.Node]) -> list[str]:
    return [node.string.sval for node in nodes if node.HasField("string")]


# --- of the catalogue ---------------------------------------------------------------------------------------------


def harmless_sql(named: Named, schemas: Sequence[str]) -> str:
    """A query for one row: `t` where all that is named is harmless to plan. Run it with search_path = pg_catalog.

    `schemas` is the search path, as current_schemas(true) gives it, in which names without a schema are looked up.
    """
    every = [(schema, name) for schema, name in named.tables]
    wanted = ", ".join(f"({_literal(schema)}, {_literal(name)})" for schema, name in every) or "(null, null)"
    return _HARMLESS.format(
        wanted=wanted,
        count=len(every),
        schemas=_array(schemas),
        functions=_array(named.functions),
        operators=_array(sorted(OPERATORS)),
        types=_array(sorted(TYPES)),
    )


#: Objects with OIDs from 16384 on are not PostgreSQL's own (FirstNormalObjectId).
_HARMLESS = """
with recursive wanted(schema, name) as (values {wanted}),
named as (
    select c.oid, w.schema, w.name from wanted w join pg_class c on c.relname = w.name
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = w.schema or (w.schema = '' and n.nspname = any ({schemas}))
),
tables(oid) as (
    select oid from named
    union select i.inhrelid from pg_inherits i join tables t on t.oid = i.inhparent
),
parts(classid, objid) as (
    select 'pg_class'::regclass, oid from tables
    union select 'pg_class'::regclass, x.indexrelid from pg_index x join tables t on t.oid = x.indrelid
    union select 'pg_constraint'::regclass, k.oid from pg_constraint k join tables t on t.oid = k.conrelid
    union select 'pg_attrdef'::regclass, d.oid from pg_attrdef d join tables t on t.oid = d.adrelid
)
select (select count(distinct (schema, name)) from named) = {count}
    and not exists (
        select from pg_class c join tables t on t.oid = c.oid where c.relkind not in ('r', 'p')
        or c.relpersistence = 't' or c.relhasrules or c.relrowsecurity
    )
    and not exists (select from pg_class c join wanted w on w.name = c.relname where c.relpersistence = 't')
    and not exists (
        select from pg_attribute a join tables t on t.oid = a.attrelid where a.attnum > 0 and a.atttypid >= 16384
    )
    and not exists (select from pg_statistic_ext s join tables t on t.oid = s.stxrelid where s.stxexprs is not null)
    and not exists (
        select from pg_depend d join parts p on p.classid = d.classid and p.objid = d.objid
        where d.refobjid >= 16384 and d.refclassid in (
            'pg_proc'::regclass, 'pg_operator'::regclass, 'pg_type'::regclass, 'pg_opclass'::regclass,
            'pg_opfamily'::regclass, 'pg_collation'::regclass)
    )
    and not exists (select from pg_proc where oid >= 16384 and proname = any ({functions}))
    and not exists (select from pg_type where oid >= 16384 and typname = any ({types}))
    and not exists (
        select from pg_operator where oid >= 16384 and oprname = any ({operators})
        and oprleft < 16384 and oprright < 16384
    )
    and not exists (select from pg_cast where oid >= 16384 and castsource < 16384 and casttarget < 16384)
"""


def _array(values: Sequence[str]) -> str:
    return f"array[{', '.join(map(_literal, values))}]::text[]"


def _literal(value: str) -> str:
    """A string literal that reads the same whatever standard_conforming_strings says."""
    escaped = value.replace("\\", "\\\\").replace("'", "''")
    return f"E'{escaped}'"
