"""Collects from a statement's tree what its literals are for. Pure.

Where the tree says where a literal stands, that token is meant; where it does not (options, file names, bodies), the
token that says the same value behind the place that the tree does give.
"""

from collections.abc import Callable, Sequence
from typing import Any

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from proxy.showing.literals.calls import collect_call, collect_cast, runs
from proxy.showing.literals.settings import decides, is_secret
from proxy.showing.literals.uses import Role, Uses, constants, names
from proxy.syntax.new_words import NEW_WORDS
from proxy.syntax.sql import Token, unwrap
from proxy.syntax.words import units

#: A DO block's language where it names none.
_PROCEDURAL = "plpgsql"
#: Statements whose options say what they do, or where to.
_DECIDING_OPTIONS = (
    *(pg.ExplainStmt, pg.CreateForeignTableStmt, pg.CreateForeignServerStmt, pg.AlterForeignServerStmt),
    *(pg.ImportForeignSchemaStmt, pg.CreateFdwStmt, pg.AlterFdwStmt, pg.CreateSubscriptionStmt, pg.CreatedbStmt),
    *(pg.AlterSubscriptionStmt, pg.AlterDatabaseStmt, pg.CreatePublicationStmt, pg.AlterPublicationStmt),
    *(pg.CreateUserMappingStmt, pg.AlterUserMappingStmt, pg.AlterTableStmt),
)
#: What gives texts to code that cannot be seen.
_CALLING = (pg.FuncCall, pg.ExecuteStmt, pg.CreateTrigStmt, *NEW_WORDS)
_USER_MAPPINGS = (pg.CreateUserMappingStmt, pg.AlterUserMappingStmt)
#: Schemas whose rows are code or settings.
_CODE_SCHEMAS = frozenset({"pg_catalog", "cron"})

_SYMBOL = (
    "It makes a function of a compiled library, whose code cannot be shown. Have somebody who runs the database do it."
)
_CATALOGUE = (
    "It writes into PostgreSQL's own catalogue, whose values are code and settings. Use the statement that does this."
)
_LOST = "A part of it that decides what runs was not found in its text. Write it as one plain literal."


def uses_of(
    sql: bytes,
    tokens: Sequence[Token],
    statement: Message,
    nodes: Sequence[Message],
    *,
    looks_into_data: bool = True,
) -> Uses:
    """What the literals of one statement are for; `tokens` are its own, `nodes` its tree, walked.

    Unless it looks into data, the answer is the same whatever the data is.
    """
    uses = Uses(sql, units(tokens), looks_into_data)
    for node in nodes:
        if (collect := _COLLECTORS.get(type(node))) is not None:
            collect(uses, node)
        elif isinstance(node, pg.DefElem):
            _option(uses, node, statement)
    for node in nodes:  # what is known better than by the option's name
        if isinstance(node, pg.DoStmt):
            _code(uses, node.args, _PROCEDURAL)
        elif isinstance(node, pg.CreateFunctionStmt):
            _code(uses, node.options, "")
    if looks_into_data and any(isinstance(node, _CALLING) for node in nodes):
        _statements(uses)
    return uses


def _statements(uses: Uses) -> None:
    """Texts that are SQL, in a statement that calls something: it may run any of them, however they get there."""
    for token in uses.strings():
        if token.start not in uses.by_start and runs(uses.value(token)):
            uses.add(token, Role.SQL)


def _found(uses: Uses, token: Token | None, role: Role, name: str = "") -> None:
    if token is None:
        uses.refuse(_LOST)
    else:
        uses.add(token, role, name)


def _subscription(uses: Uses, node: pg.CreateSubscriptionStmt | pg.AlterSubscriptionStmt) -> None:
    if node.conninfo:
        _found(uses, uses.behind(frozenset({pg.CONNECTION}), node.conninfo), Role.SECRET)


def _transaction(uses: Uses, node: pg.TransactionStmt) -> None:
    if node.gid:
        _found(uses, uses.find(node.gid), Role.OPTION)


def _write(uses: Uses, node: pg.InsertStmt | pg.UpdateStmt | pg.MergeStmt) -> None:
    _written(uses, node.relation)


def _written(uses: Uses, relation: pg.RangeVar) -> None:
    if relation.schemaname in _CODE_SCHEMAS or relation.relname.startswith("pg_"):
        uses.refuse(_CATALOGUE)


def _copy(uses: Uses, copy: pg.CopyStmt) -> None:
    if copy.is_from:
        _written(uses, copy.relation)
    if not copy.filename:
        return
    kinds = frozenset({pg.PROGRAM}) if copy.is_program else frozenset({pg.FROM, pg.TO})
    _found(uses, uses.behind(kinds, copy.filename), Role.COMMAND if copy.is_program else Role.FILE)


def _security_label(uses: Uses, node: pg.SecLabelStmt) -> None:
    if node.label:
        _found(uses, uses.behind(frozenset({pg.IS}), node.label), Role.DECIDING)


def _setting(uses: Uses, setting: pg.VariableSetStmt) -> None:
    for argument in setting.args:
        for constant in constants(argument):
            _found(uses, uses.at(constant.location), Role.SETTING, setting.name)


def _option(uses: Uses, option: pg.DefElem, statement: Message) -> None:
    argument = unwrap(option.arg)
    if not isinstance(argument, pg.String):
        return
    token = uses.find(argument.sval, option.location)
    if token is None:
        return  # a bare word, which is shown
    if is_secret(option.defname) or (isinstance(statement, _USER_MAPPINGS) and option.defname != "user"):
        uses.add(token, Role.SECRET)
    elif option.defname == "program":
        uses.add(token, Role.COMMAND)
    elif option.defname == "filename":
        uses.add(token, Role.FILE)
    else:
        deciding = isinstance(statement, _DECIDING_OPTIONS) and decides(option.defname)
        uses.add(token, Role.DECIDING if deciding else Role.OPTION)


def _code(uses: Uses, options: Sequence[pg.Node], language: str) -> None:
    """The body of a DO block or function, in the language that it names."""
    by_name = {each.def_elem.defname: each.def_elem for each in options}
    if (named := by_name.get("language")) is not None:
        language = named.arg.string.sval
        if (token := uses.at(named.location + 1)) is not None and token.start in uses.by_start:
            uses.add(token, Role.NAME)
    if (body := by_name.get("as")) is None:
        return
    inner = unwrap(body.arg)
    texts = names(inner.items) if isinstance(inner, pg.List) else [body.arg.string.sval]
    if len(texts) != 1:
        uses.refuse(_SYMBOL)
        return
    _found(uses, uses.find(texts[0], body.location), Role.BODY, language)


_COLLECTORS: dict[type[Message], Callable[[Uses, Any], None]] = {
    pg.FuncCall: collect_call,
    pg.TypeCast: collect_cast,
    pg.VariableSetStmt: _setting,
    pg.CopyStmt: _copy,
    pg.LoadStmt: lambda uses, node: _found(uses, uses.find(node.filename), Role.FILE),
    pg.CreateTableSpaceStmt: lambda uses, node: _found(uses, uses.find(node.location), Role.FILE),
    pg.CreateSubscriptionStmt: _subscription,
    pg.AlterSubscriptionStmt: _subscription,
    pg.SecLabelStmt: _security_label,
    pg.TransactionStmt: _transaction,
    pg.InsertStmt: _write,
    pg.UpdateStmt: _write,
    pg.MergeStmt: _write,
}
