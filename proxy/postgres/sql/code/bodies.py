"""Code that a client makes: functions, procedures and DO blocks, and whether they read no rows for certain. Pure.

What a name in a body means is found when it runs: a view may take a table's place by then, and a cursor may be open
that shows masked columns. So no body that reads rows can be proven harmless where a database has masked columns. What
remains are expressions of a function's own arguments and, in a trigger, of what is not masked in its row: in SQL by
the tree, in PL/pgSQL by its tokens (`plpgsql`). Whatever is not listed here makes the code one that is not followed.
A DO block of definitions alone never comes here: its statements are read one by one (`effects.blocks`).
"""

from collections.abc import Callable, Iterable, Iterator

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from proxy.postgres.sql.catalogue import Catalogue
from proxy.postgres.sql.code import plpgsql
from proxy.postgres.sql.code.plain import CODE_FUNCTIONS, SYSTEM_SCHEMA, called_other, is_built_in
from proxy.postgres.sql.effects.names import strings
from proxy.syntax.sql import Unreadable, children, parse, unwrap, walk

#: What a function may give besides values of plain types.
_RESULTS = frozenset({"void", "trigger"})
#: Of columns that are each of a plain type.
_RECORD = "record"
_GIVING = frozenset({pg.FUNC_PARAM_OUT, pg.FUNC_PARAM_INOUT, pg.FUNC_PARAM_TABLE})
#: What a statement of a body is made of. None of them reads a table, a cursor or a prepared statement.
_NODES = (
    *(pg.SelectStmt, pg.ReturnStmt, pg.ResTarget, pg.List, pg.String, pg.Integer, pg.Float, pg.Boolean, pg.BitString),
    *(pg.A_Const, pg.A_Expr, pg.A_ArrayExpr, pg.A_Indices, pg.A_Indirection, pg.BoolExpr, pg.BooleanTest, pg.NullTest),
    *(pg.CaseExpr, pg.CaseWhen, pg.CoalesceExpr, pg.MinMaxExpr, pg.ColumnRef, pg.ParamRef, pg.FuncCall, pg.TypeCast),
    *(pg.TypeName, pg.SQLValueFunction, pg.NamedArgExpr, pg.Node),
)
_SELECT = frozenset({"target_list", "where_clause", "limit_option", "op"})
#: Options of a function that are about how it is run, not what it does.
_OPTIONS = frozenset(
    {"as", "language", "volatility", "strict", "security", "leakproof", "cost", "rows", "parallel", "set", "window"}
)

IsMasked = Callable[[str], bool]


def unproven(tree: Message, catalogue: Catalogue, is_masked: IsMasked) -> str | None:
    """What the code that the statement makes or runs may read rows by; None: it reads none, or there is no code."""
    if not isinstance(tree, pg.DoStmt | pg.CreateFunctionStmt):
        return None
    names = {
        name.lower() for name in (column for each in catalogue.masked for column in catalogue.masked_columns(each))
    }

    def is_hidden(name: str) -> bool:
        return name in names or is_masked(name)

    if isinstance(tree, pg.DoStmt):
        return _body(_options(tree.args), "plpgsql", frozenset(), is_hidden)
    return _function(tree, catalogue, is_hidden)


def _function(function: pg.CreateFunctionStmt, catalogue: Catalogue, is_hidden: IsMasked) -> str | None:
    name = strings(function.funcname)
    parameters = [each for each in map(unwrap, function.parameters) if isinstance(each, pg.FunctionParameter)]
    gives_columns = any(each.mode in _GIVING for each in parameters)
    for each in parameters:
        if not is_built_in(each.arg_type) or (each.HasField("defexpr") and _expression(each.defexpr)):
            return each.name or ".".join(strings(each.arg_type.names))
    result = function.return_type
    if function.HasField("return_type") and not is_built_in(result) and not _is_result(result, record=gives_columns):
        return ".".join(strings(result.names))
    is_trigger = strings(result.names)[-1:] == ["trigger"]
    if function.replace and not is_trigger and catalogue.functions(name):
        # What it is called by already, a check or a view, may hand it masked values.
        return f"OR REPLACE {name[-1]}"
    options = _options(function.options)
    if unknown := next((each for each in options if each not in _OPTIONS), None):
        return unknown
    if function.HasField("sql_body"):
        return next(_statements(function.sql_body), None)
    names = frozenset(each.name for each in parameters if each.name)
    return _body(options, "sql", names, is_hidden)


def _is_result(result: pg.TypeName, *, record: bool) -> bool:
    parts = strings(result.names)
    named = _RESULTS | ({_RECORD} if record else frozenset())
    return not result.pct_type and parts[:-1] in ([], [SYSTEM_SCHEMA]) and parts[-1] in named


def _options(nodes: Iterable[pg.Node]) -> dict[str, Message]:
    return {each.def_elem.defname: unwrap(each.def_elem.arg) for each in nodes}


def _body(options: dict[str, Message], default: str, parameters: frozenset[str], is_hidden: IsMasked) -> str | None:
    """What stands behind AS, in a language that can be read."""
    language = getattr(options.get("language"), "sval", default).lower()
    body = options.get("as")
    text = body if isinstance(body, pg.String) else next((each for _, each in children(body or pg.List())), None)
    if not isinstance(text, pg.String) or (isinstance(body, pg.List) and len(body.items) != 1):
        return language
    if language == "plpgsql":
        return plpgsql.unproven(text.sval, parameters, is_hidden)
    return _sql(text.sval) if language == "sql" else language


def _sql(body: str) -> str | None:
    if "\\" in body:
        # With standard_conforming_strings off the server takes the body's own backslashes for escapes.
        return "\\"
    try:
        _, tree = parse(body.encode("utf-8", "surrogatepass"))
    except Unreadable:
        return "SQL"
    return next((found for each in tree.stmts for found in _statements(each.stmt)), None)


def _statements(body: Message) -> Iterator[str]:
    """What a body's statements may read rows by: each is a SELECT of expressions, or RETURN."""
    first = unwrap(body)
    if isinstance(first, pg.List):
        for each in first.items:
            yield from _statements(each)
    elif not isinstance(first, pg.SelectStmt | pg.ReturnStmt):
        yield first.DESCRIPTOR.name.removesuffix("Stmt").upper()
    elif found := _expression(first):
        yield found


def _expression(expression: Message) -> str | None:
    """What it may read rows by, or call."""
    for node in walk(expression):
        if not isinstance(node, _NODES):
            return getattr(node, "relname", "") or node.DESCRIPTOR.name
        match node:
            case pg.SelectStmt():
                if not {field.name for field, _ in node.ListFields()} <= _SELECT:
                    return "SELECT … FROM"
            case pg.ColumnRef() if len(node.fields) > 1 or not strings(node.fields):
                # `x.f` is the function f of the argument x.
                return ".".join(strings(node.fields)) or "*"
            case pg.A_Indirection() if strings(node.indirection):
                return strings(node.indirection)[-1]
            case _ if other := called_other(node, CODE_FUNCTIONS):
                return other
            case _:
                pass
    return None
