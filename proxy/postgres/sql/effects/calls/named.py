"""Functions that a definition names, and whatever uses it calls: operators, aggregates, casts, types. Pure.

What uses them names them no more: `select ### 'x'` reads a file where ### was made of pg_read_file. Not counted
are those that PostgreSQL calls with `internal` values of its own (an operator's restrict and join, a function's
support): nobody writes those in SQL.
"""

from collections.abc import Iterator, Sequence

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from proxy.postgres.sql.effects.names import strings
from proxy.syntax.sql import unwrap

#: Options that name a function (PostgreSQL's documentation, CREATE AGGREGATE, OPERATOR, TYPE, TEXT SEARCH PARSER and
#: TEMPLATE; sfunc1 is an older spelling).
_OPTIONS = frozenset(
    {
        *("sfunc", "sfunc1", "finalfunc", "combinefunc", "serialfunc", "deserialfunc", "msfunc", "minvfunc"),
        *("mfinalfunc", "function", "procedure", "canonical", "subtype_diff"),
        *("input", "output", "receive", "send", "typmod_in", "typmod_out", "analyze", "subscript"),
        *("start", "gettoken", "end", "headline", "lextypes", "init", "lexize"),
    }
)


def named_functions(node: Message) -> Iterator[list[str]]:
    """The names, in their parts, of the functions that a definition will call."""
    match node:
        case pg.DefineStmt():
            yield from _of_options(node.definition)
        case pg.CreateRangeStmt():
            yield from _of_options(node.params)
        case pg.AlterTypeStmt():
            yield from _of_options(node.options)
        case pg.CreateCastStmt():
            yield strings(node.func.objname)
        case pg.CreateTransformStmt():
            yield from (strings(node.fromsql.objname), strings(node.tosql.objname))
        case pg.CreateConversionStmt():
            yield strings(node.func_name)
        case pg.CreateOpClassStmt() | pg.AlterOpFamilyStmt():
            items = [each.create_op_class_item for each in node.items]
            yield from (strings(each.name.objname) for each in items if each.itemtype == _FUNCTION)
        case _:
            return


def _of_options(options: Sequence[pg.Node]) -> Iterator[list[str]]:
    for each in options:
        value = unwrap(each.def_elem.arg)
        if each.def_elem.defname not in _OPTIONS:
            continue
        if isinstance(value, pg.TypeName):
            yield strings(value.names)
        elif isinstance(value, pg.String):
            yield [value.sval]


#: OPCLASS_ITEM_FUNCTION of nodes/parsenodes.h.
_FUNCTION = 2
