"""What is plain: types and functions of PostgreSQL's own that do nothing but compute. Pure.

A name without a schema counts, for nobody may make a type of such a name where there are masked columns; a function of
such a name that the session makes is harmless itself (`bodies`).
"""

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from proxy.postgres.sql.effects.names import strings
from proxy.syntax.sql import walk

#: Types by their bare names; the grammar itself qualifies the SQL standard's (`varchar(20)`, `int`).
BUILT_IN = frozenset(
    {"text", "varchar", "bpchar", "char", "name", "int2", "int4", "int8", "float4", "float8", "numeric", "bool"}
    | {"bytea", "uuid", "json", "jsonb", "xml", "inet", "date", "time", "timetz", "timestamp", "timestamptz"}
    | {"interval"}
)
#: All that PostgreSQL 18 has in pg_catalog, pseudo-types among them: a type of such a name may be taken for it.
SYSTEM_TYPES = frozenset(
    {
        *("aclitem", "any", "anyarray", "anycompatible", "anycompatiblearray", "anycompatiblemultirange"),
        *("anycompatiblenonarray", "anycompatiblerange", "anyelement", "anyenum", "anymultirange"),
        *("anynonarray", "anyrange", "bit", "bool", "box", "bpchar", "bytea", "char", "cid", "cidr"),
        *("circle", "cstring", "date", "datemultirange", "daterange", "event_trigger", "fdw_handler"),
        *("float4", "float8", "gtsvector", "index_am_handler", "inet", "int2", "int2vector", "int4"),
        *("int4multirange", "int4range", "int8", "int8multirange", "int8range", "internal", "interval"),
        *("json", "jsonb", "jsonpath", "language_handler", "line", "lseg", "macaddr", "macaddr8", "money"),
        *("name", "numeric", "nummultirange", "numrange", "oid", "oidvector", "path"),
        *("pg_brin_bloom_summary", "pg_brin_minmax_multi_summary", "pg_ddl_command", "pg_dependencies"),
        *("pg_lsn", "pg_mcv_list", "pg_ndistinct", "pg_node_tree", "pg_snapshot", "point", "polygon"),
        *("record", "refcursor", "regclass", "regcollation", "regconfig", "regdictionary", "regnamespace"),
        *("regoper", "regoperator", "regproc", "regprocedure", "regrole", "regtype", "table_am_handler"),
        *("text", "tid", "time", "timestamp", "timestamptz", "timetz", "trigger", "tsm_handler"),
        *("tsmultirange", "tsquery", "tsrange", "tstzmultirange", "tstzrange", "tsvector", "txid_snapshot"),
        *("unknown", "uuid", "varbit", "varchar", "void", "xid", "xid8", "xml"),
    }
)
#: Those of them that hold every value of the others that a column may be turned from: no error tells of one.
WIDE = frozenset({"text", "varchar", "int8", "float8", "numeric", "bytea", "json", "jsonb", "timestamp", "timestamptz"})
#: Functions in a check that only say something about their argument.
PLAIN_FUNCTIONS = frozenset(
    {"length", "char_length", "character_length", "octet_length", "bit_length", "lower", "upper", "initcap", "btrim"}
    | {"ltrim", "rtrim", "trim", "substr", "substring", "left", "right", "replace", "translate", "position", "strpos"}
    | {"starts_with", "regexp_like", "regexp_replace", "like_escape", "similar_to_escape", "abs", "round", "num_nulls"}
    | {"num_nonnulls"}
)
#: Besides, what a default is made of: none of them is handed the row.
DEFAULT_FUNCTIONS = PLAIN_FUNCTIONS | {"now", "nextval", "gen_random_uuid", "uuidv7", "random", "clock_timestamp"}
#: Besides, what code is made of: each gives something of its arguments, or of the time.
CODE_FUNCTIONS = DEFAULT_FUNCTIONS | {
    *("concat", "concat_ws", "format", "reverse", "repeat", "lpad", "rpad", "split_part", "ascii", "chr", "md5"),
    *("ceil", "ceiling", "floor", "mod", "power", "sqrt", "sign", "trunc", "to_char", "to_number", "to_date"),
    *("date_trunc", "date_part", "make_date", "make_interval", "transaction_timestamp", "statement_timestamp"),
    *("jsonb_build_object", "json_build_object", "quote_literal", "quote_ident", "pg_sleep"),
}
SYSTEM_SCHEMA = "pg_catalog"


def is_built_in(type_name: pg.TypeName, among: frozenset[str] = BUILT_IN) -> bool:
    """Whether a type is one of these, by itself or in an array; no column's and no table's."""
    parts = strings(type_name.names)
    return not type_name.pct_type and _is_listed(parts, among)


def _is_listed(parts: list[str], among: frozenset[str]) -> bool:
    return bool(parts) and parts[:-1] in ([], [SYSTEM_SCHEMA]) and parts[-1] in among


def calls_others(expression: Message, among: frozenset[str] = PLAIN_FUNCTIONS) -> bool:
    """Whether it calls what is not listed, by a function's name, an operator's or a type's."""
    return any(called_other(node, among) for node in walk(expression))


def called_other(node: Message, among: frozenset[str] = PLAIN_FUNCTIONS) -> str:
    """What this very node calls and is not listed; empty: nothing."""
    match node:
        case pg.FuncCall() if not _is_listed(strings(node.funcname), among):
            return strings(node.funcname)[-1]
        case pg.A_Expr() if len(node.name) > 1 and strings(node.name)[0] != SYSTEM_SCHEMA:
            return ".".join(strings(node.name))
        case pg.TypeCast() if not is_built_in(node.type_name):
            return ".".join(strings(node.type_name.names))
        case _:
            return ""
