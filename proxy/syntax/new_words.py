"""Words of SQL that were no words before PostgreSQL 16 or 17: to an older server each is the name of a function. Pure.

`json_value(a, 'x')` calls a function of somebody's own there, found by the search path. (PostgreSQL documentation,
appendix C, "SQL Key Words", of each version; release notes of 16 and 17 on SQL/JSON and MERGE_ACTION().)
"""

from typing import NamedTuple

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg


class Word(NamedTuple):
    """A word that looks like a call, and the version of PostgreSQL from which on it is none."""

    name: str
    since: int


_BY_NODE: dict[type[Message], Word] = {
    pg.JsonObjectConstructor: Word("json_object", 16),
    pg.JsonArrayConstructor: Word("json_array", 16),
    pg.JsonArrayQueryConstructor: Word("json_array", 16),
    pg.JsonObjectAgg: Word("json_objectagg", 16),
    pg.JsonArrayAgg: Word("json_arrayagg", 16),
    pg.JsonParseExpr: Word("json", 17),
    pg.JsonScalarExpr: Word("json_scalar", 17),
    pg.JsonSerializeExpr: Word("json_serialize", 17),
    pg.JsonTable: Word("json_table", 17),
    pg.MergeSupportFunc: Word("merge_action", 17),
}
_BY_OPERATION = {
    pg.JSON_EXISTS_OP: Word("json_exists", 17),
    pg.JSON_QUERY_OP: Word("json_query", 17),
    pg.JSON_VALUE_OP: Word("json_value", 17),
}
#: The nodes that such words become.
NEW_WORDS = (*_BY_NODE, pg.JsonFuncExpr)


def new_word(node: Message) -> Word | None:
    """The word that the node was written with; None: it is none of these."""
    return _BY_OPERATION.get(node.op) if isinstance(node, pg.JsonFuncExpr) else _BY_NODE.get(type(node))
