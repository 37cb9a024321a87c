"""What the functions that a statement calls do: harmless, of known effects, or opaque. Pure.

Harmless ones are listed (harmless.py); whatever is not listed is opaque, for nothing is looked up. What this cannot
see: a function of the database's own that is called as if it were a column (`c.f`), by an operator or by a cast.
"""

from collections.abc import Iterator, Sequence

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from access.policy.labels import ANY_SETTING, SqlLabel
from proxy.postgres.sql.effects.calls.function_effects import FUNCTION_EFFECTS, PLANNED
from proxy.postgres.sql.effects.calls.harmless import HARMLESS, INFORMATION_SCHEMA
from proxy.postgres.sql.effects.found import Found
from proxy.postgres.sql.effects.names import labels_of, remember, strings
from proxy.postgres.sql.effects.scope import Scope
from proxy.postgres.sql.effects.settings import is_code
from proxy.syntax.sql import unwrap

_SYSTEM_SCHEMA = "pg_catalog"
_INFORMATION_SCHEMA = "information_schema"
#: Ways to take a sample that PostgreSQL has itself.
_SAMPLING = frozenset({"bernoulli", "system"})
#: A statement that changes rows numbers them by the way.
_NUMBERING = "nextval"
#: In the mode of lo_open (libpq/libpq-fs.h).
_INV_WRITE = 0x20000
#: What runs text, or acts elsewhere, is one part: a rule about either decides.
_TOGETHER = frozenset({SqlLabel.UNPARSEABLE, SqlLabel.CONNECT, SqlLabel.SERVER})
#: What the older label of an effect is.
_ALSO = {SqlLabel.FILE: SqlLabel.COPY_SERVER_FILE, SqlLabel.PROGRAM: SqlLabel.COPY_PROGRAM}


def add_call(found: Found, call: pg.FuncCall, scope: Scope) -> None:
    """A function call, wherever it stands."""
    name = strings(call.funcname)
    if name[-1:] == ["lo_open"]:
        # PostgreSQL itself takes opening for writing as writing: no read-only transaction may.
        found.by_value = True
        if scope.runs and _opens_to_write(call):
            found.add([SqlLabel.WRITE], labels_of("function", name), scope.kept_by)
    if name[-1:] != ["set_config"]:
        add_function(found, name, scope)
    elif scope.runs:
        # Which setting it is, a literal says.
        found.by_value = True
        found.add([SqlLabel.SESSION, SqlLabel.SET, _setting(call)], labels_of("function", name), scope.kept_by)
        if is_code(_setting(call)):
            found.add([SqlLabel.PROGRAM, SqlLabel.COPY_PROGRAM, _setting(call)], scope.kept_by)


def add_function(found: Found, name: Sequence[str], scope: Scope, beside: Sequence[str] = ()) -> None:
    """A function that is called, or made to be called later; `beside` are labels that its parts have too."""
    if is_harmless(name):
        return
    labels = [*labels_of("function", name), *beside]
    remember(found, ("function",), name)
    effects = FUNCTION_EFFECTS.get(name[-1]) or FUNCTION_EFFECTS.get(".".join(name[-2:]), ()) if name else ()
    if not effects:
        found.add([SqlLabel.OPAQUE_FUNCTION], labels, _caller(scope))
    elif scope.runs or name[-1] in PLANNED:
        numbered = scope.changes if name[-1] == _NUMBERING else ()
        for group in _groups(effects):
            found.add(group, labels, scope.kept_by, numbered)


def add_attribute(found: Found, node: pg.ColumnRef | pg.A_Indirection, scope: Scope) -> None:
    """`x.f` and `(x).f` call a function of one argument where there is no such column, whatever x is.

    (PostgreSQL documentation, "Using Composite Types in Queries".) Only names that are known to do something count.
    """
    names = strings(node.fields[1:] if isinstance(node, pg.ColumnRef) else node.indirection)
    for name in names:
        if name in FUNCTION_EFFECTS:
            add_function(found, [name], scope)


def is_harmless(name: Sequence[str]) -> bool:
    """Whether it is PostgreSQL's own and does nothing but compute."""
    if not name:
        return False
    if name[:-1] == [_INFORMATION_SCHEMA]:
        return name[-1] in INFORMATION_SCHEMA
    return name[:-1] in ([], [_SYSTEM_SCHEMA]) and name[-1] in HARMLESS


def add_sampling(found: Found, sample: pg.RangeTableSample, scope: Scope) -> None:
    """TABLESAMPLE calls a function by its name."""
    if (name := strings(sample.method)) and name[-1] not in _SAMPLING:
        found.add([SqlLabel.OPAQUE_FUNCTION], labels_of("function", name), scope.kept_by)


def add_operator(found: Found, expression: Message, scope: Scope) -> None:
    """OPERATOR(schema.+) calls that schema's function."""
    name = strings(expression.name)  # type: ignore[attr-defined]
    if len(name) > 1 and name[0] != _SYSTEM_SCHEMA:
        found.add([SqlLabel.OPAQUE_FUNCTION], labels_of("function", name), scope.kept_by)


def _caller(scope: Scope) -> frozenset[str]:
    """CALL runs what cannot be seen, and EXPLAIN nothing: their rules are about such a function as well."""
    return scope.kept_by | (scope.kinds & {SqlLabel.CALL, SqlLabel.EXPLAIN})


def _groups(effects: Sequence[SqlLabel]) -> Iterator[list[SqlLabel]]:
    together = [effect for effect in effects if effect in _TOGETHER]
    if together:
        yield together
    for effect in effects:
        if effect not in _TOGETHER:
            yield [effect, _ALSO[effect]] if effect in _ALSO else [effect]


def _opens_to_write(call: pg.FuncCall) -> bool:
    """Whether the mode of lo_open is a literal with INV_WRITE; any other mode is judged where something is written."""
    mode = unwrap(call.args[1]) if len(call.args) > 1 else None
    return isinstance(mode, pg.A_Const) and mode.HasField("ival") and bool(mode.ival.ival & _INV_WRITE)


def _setting(call: pg.FuncCall) -> str:
    """The setting that set_config changes, which PostgreSQL compares without regard to case."""
    first = unwrap(call.args[0]) if call.args else None
    while isinstance(first, pg.TypeCast):
        first = unwrap(first.arg)
    if isinstance(first, pg.A_Const) and first.HasField("sval") and not _is_named(call):
        return f"set:{first.sval.sval.lower()}"
    return ANY_SETTING


def _is_named(call: pg.FuncCall) -> bool:
    """Arguments by name can stand in any order."""
    return any(isinstance(unwrap(each), pg.NamedArgExpr) for each in call.args)
