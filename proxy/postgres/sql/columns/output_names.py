"""The name of an output that has no AS: by its last part (FigureColname in PostgreSQL's parse_target.c). Pure.

A name that PostgreSQL would not give would hide a function of the whole row behind a column, so none is guessed: what
is not listed has none.
"""

from enum import IntEnum

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from proxy.postgres.sql.effects.names import strings
from proxy.syntax.sql import unwrap

UNNAMED = "?column?"


class _Strength(IntEnum):
    """A cast gives its type's name where what is cast has a weak one."""

    NONE = 0
    WEAK = 1
    GOOD = 2


_FIXED: dict[type[Message], str] = {
    pg.A_ArrayExpr: "array",
    pg.RowExpr: "row",
    pg.CoalesceExpr: "coalesce",
    pg.GroupingFunc: "grouping",
    pg.MergeSupportFunc: "merge_action",
    pg.XmlSerialize: "xmlserialize",
    pg.JsonParseExpr: "json",
    pg.JsonScalarExpr: "json_scalar",
    pg.JsonSerializeExpr: "json_serialize",
    pg.JsonObjectConstructor: "json_object",
    pg.JsonArrayConstructor: "json_array",
    pg.JsonArrayQueryConstructor: "json_array",
    pg.JsonObjectAgg: "json_objectagg",
    pg.JsonArrayAgg: "json_arrayagg",
}
_SUBLINKS = {pg.EXISTS_SUBLINK: "exists", pg.ARRAY_SUBLINK: "array"}
_LEAST_GREATEST = {pg.IS_GREATEST: "greatest", pg.IS_LEAST: "least"}
_JSON_FUNCTIONS = {pg.JSON_EXISTS_OP: "json_exists", pg.JSON_QUERY_OP: "json_query", pg.JSON_VALUE_OP: "json_value"}


def name_of(value: Message) -> str:
    """The output's name, or UNNAMED."""
    return _figured(value)[0] or UNNAMED


def _figured(value: Message) -> tuple[str, _Strength]:
    match value:
        case pg.TypeCast():
            name, strength = _figured(unwrap(value.arg))
            return (name, strength) if strength is _Strength.GOOD else _weak(strings(value.type_name.names)[-1])
        case pg.CollateClause():
            return _figured(unwrap(value.arg))
        case pg.CaseExpr():
            name, strength = _figured(unwrap(value.defresult))
            return (name, strength) if strength is _Strength.GOOD else _weak("case")
        case pg.A_Indirection():
            fields = strings(value.indirection)
            return _good(fields[-1]) if fields else _figured(unwrap(value.arg))
        case _:
            return _good(_plain(value))


def _good(name: str) -> tuple[str, _Strength]:
    return name, _Strength.GOOD if name else _Strength.NONE


def _weak(name: str) -> tuple[str, _Strength]:
    return name, _Strength.WEAK


def _plain(value: Message) -> str:
    match value:
        case pg.ColumnRef():
            last = unwrap(value.fields[-1])
            return last.sval if isinstance(last, pg.String) else ""
        case pg.FuncCall():
            return strings(value.funcname)[-1]
        case pg.A_Expr():
            return "nullif" if value.kind == pg.AEXPR_NULLIF else ""
        case pg.SubLink():
            return _SUBLINKS.get(value.sub_link_type) or _subselect(value)
        case pg.MinMaxExpr():
            return _LEAST_GREATEST.get(value.op, "")
        case pg.JsonFuncExpr():
            return _JSON_FUNCTIONS.get(value.op, "")
        case pg.SQLValueFunction():
            return pg.SQLValueFunctionOp.Name(value.op).removeprefix("SVFOP_").removesuffix("_N").lower()
        case _:
            return _FIXED.get(type(value), "")


def _subselect(link: pg.SubLink) -> str:
    """That of the one column of a subquery that gives a value."""
    select = unwrap(link.subselect)
    if link.sub_link_type != pg.EXPR_SUBLINK or not isinstance(select, pg.SelectStmt) or not select.target_list:
        return ""
    target = select.target_list[0].res_target
    return target.name or _figured(unwrap(target.val))[0] or UNNAMED
