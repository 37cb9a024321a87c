"""Functions whose text arguments decide what happens: SQL, files, settings, names. Pure.

PostgreSQL's own and those of its contributed extensions. What a database's own functions do with their arguments
cannot be seen; but a text that is a whole SQL statement (`runs`) is shown as one, whatever function gets it.
"""

from collections.abc import Sequence

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from proxy.showing.literals.settings import decides
from proxy.showing.literals.uses import Role, Uses, constants, names, text_constant
from proxy.syntax.sql import Unreadable, parse_kept, unwrap, walk

_N, _F, _S = Role.NAME, Role.FILE, Role.SQL

#: What the arguments are, in order; None: data.
ARGUMENTS: dict[str, tuple[Role | None, ...]] = {
    "query_to_xml": (_S,),
    "query_to_xmlschema": (_S,),
    "query_to_xml_and_xmlschema": (_S,),
    "cursor_to_xml": (_N,),
    "table_to_xml": (_N,),
    "table_to_xmlschema": (_N,),
    "table_to_xml_and_xmlschema": (_N,),
    "schema_to_xml": (_N,),
    "schema_to_xmlschema": (_N,),
    "schema_to_xml_and_xmlschema": (_N,),
    "ts_stat": (_S,),
    "ts_rewrite": (None, _S),
    "crosstab": (_S, _S),
    "crosstab2": (_S,),
    "crosstab3": (_S,),
    "crosstab4": (_S,),
    "pg_background_launch": (_S,),
    "run_command_on_workers": (_S,),
    "run_command_on_all_nodes": (_S,),
    "run_command_on_coordinator": (_S,),
    "run_command_on_shards": (_N, _S),
    "run_command_on_placements": (_N, _S),
    "pg_read_file": (_F,),
    "pg_read_binary_file": (_F,),
    "pg_stat_file": (_F,),
    "pg_ls_dir": (_F,),
    "lo_import": (_F,),
    "lo_export": (None, _F),
    "pg_file_write": (_F,),
    "pg_file_read": (_F,),
    "pg_file_sync": (_F,),
    "pg_file_unlink": (_F,),
    "pg_file_rename": (_F, _F, _F),
    "pg_logdir_ls": (),
    "nextval": (_N,),
    "setval": (_N,),
    "currval": (_N,),
    "pg_create_physical_replication_slot": (_N,),
    "pg_create_logical_replication_slot": (_N, _N),
    "pg_drop_replication_slot": (_N,),
    "pg_replication_slot_advance": (_N,),
    "pg_logical_slot_get_changes": (_N,),
    "pg_logical_slot_peek_changes": (_N,),
    "pg_logical_slot_get_binary_changes": (_N,),
    "pg_logical_slot_peek_binary_changes": (_N,),
    "pg_create_restore_point": (_N,),
    "pg_extension_config_dump": (_N,),
    "pg_import_system_collations": (_N,),
    "dblink_disconnect": (_N,),
    "to_regclass": (_N,),
    "pg_notify": (_N,),
    "pg_prewarm": (_N,),
    "current_setting": (_N,),
}
#: They put SQL together of what they are given.
_COMPOSING = frozenset({"connectby", "xpath_table", "crosstabn", "dblink_build_sql_insert", "dblink_build_sql_update"})
#: A connection comes first, or is left out: how many text arguments there are decides.
_DBLINK: dict[str, tuple[Role, ...]] = {
    "dblink": (_S,),
    "dblink_exec": (_S,),
    "dblink_send_query": (_S,),
    "dblink_open": (_N, _S),
}
_CONNECTING = frozenset({"dblink_connect", "dblink_connect_u"})
#: pg_cron's, in its own schema: the last text is a command.
_CRON = frozenset({"schedule", "schedule_in_database", "alter_job"})
SET_CONFIG = "set_config"
#: Every name that is more than a function of values, for code of which there is no tree.
TELLING = frozenset({*ARGUMENTS, *_COMPOSING, *_DBLINK, *_CONNECTING, "cron", SET_CONFIG})

#: Types whose text form is the name of something.
_REG_TYPES = frozenset(
    {"regclass", "regproc", "regprocedure", "regoper", "regoperator", "regtype", "regrole", "regnamespace"}
    | {"regconfig", "regdictionary", "regcollation", "regdatabase"}
)
#: A text of these that stands as an argument is taken for a statement that the function runs.
_RUNNABLE = (
    *(pg.InsertStmt, pg.UpdateStmt, pg.DeleteStmt, pg.MergeStmt, pg.CopyStmt, pg.DoStmt, pg.TruncateStmt, pg.GrantStmt),
    *(pg.DropStmt, pg.AlterTableStmt, pg.CreateStmt, pg.CreateTableAsStmt, pg.CreateFunctionStmt, pg.CreateRoleStmt),
    *(pg.AlterRoleStmt, pg.AlterSystemStmt, pg.AlterOwnerStmt, pg.GrantRoleStmt, pg.DropRoleStmt, pg.DropOwnedStmt),
    *(pg.RuleStmt, pg.ViewStmt, pg.CreateTrigStmt, pg.VariableSetStmt, pg.CallStmt, pg.CreateSchemaStmt),
)
#: What makes more than a value of a SELECT.
_ACTING = (pg.RangeVar, pg.FuncCall)

_COMPOSED = (
    "It calls {} with SQL that is put together when it runs. Write that SQL as one literal, or run it as a statement."
)
_COMPUTED = "It calls {} with a name, path or setting that is found when it runs. Write it as one literal."


def collect_call(uses: Uses, call: pg.FuncCall) -> None:
    """Note what the text arguments of a call are."""
    parts = names(call.funcname)
    name = parts[-1] if parts else ""
    arguments = [unwrap(argument) for argument in call.args]
    if name in _COMPOSING or (name in TELLING and any(isinstance(each, pg.NamedArgExpr) for each in arguments)):
        uses.refuse(_COMPOSED.format(name))
    elif name == SET_CONFIG:
        _set_config(uses, arguments)
    elif name in _DBLINK:
        _dblink(uses, name, arguments)
    elif name in _CONNECTING:
        _each(uses, name, arguments, (Role.SECRET,) * len(arguments))
    elif name in _CRON and parts[:-1] == ["cron"]:
        _cron(uses, name, arguments)
    elif name in ARGUMENTS:
        _each(uses, name, arguments, ARGUMENTS[name])


def collect_cast(uses: Uses, cast: pg.TypeCast) -> None:
    """`'customers'::regclass` names a table."""
    constant = text_constant(cast.arg)
    type_name = names(cast.type_name.names)
    if constant is not None and type_name and type_name[-1] in _REG_TYPES:
        _add(uses, constant, Role.NAME)


def _each(uses: Uses, name: str, arguments: Sequence[Message], roles: Sequence[Role | None]) -> None:
    for argument, role in zip(arguments, roles, strict=False):
        if role is not None:
            _argument(uses, name, argument, role)


def _argument(uses: Uses, name: str, argument: Message, role: Role) -> None:
    constant = text_constant(argument)
    if constant is not None:
        _add(uses, constant, role)
    elif role is Role.SQL:
        if not _is_boolean(argument):
            uses.refuse(_COMPOSED.format(name))
    elif role is Role.FILE:
        uses.refuse(_COMPUTED.format(name))
    else:
        for inner in constants(argument):
            if inner.HasField("sval"):
                _add(uses, inner, role)


def _add(uses: Uses, constant: pg.A_Const, role: Role, name: str = "") -> None:
    token = uses.at(constant.location)
    if token is not None:
        uses.add(token, role, name)


def _is_boolean(argument: Message) -> bool:
    return isinstance(argument, pg.A_Const) and argument.HasField("boolval")


def _dblink(uses: Uses, name: str, arguments: Sequence[Message]) -> None:
    texts = [argument for argument in arguments if not _is_boolean(argument)]
    roles = _DBLINK[name]
    before = (Role.SECRET,) * (len(texts) - len(roles))
    _each(uses, name, texts, (*before[:1], *roles))
    if len(texts) != len(before[:1]) + len(roles):
        uses.refuse(_COMPOSED.format(name))


def _cron(uses: Uses, name: str, arguments: Sequence[Message]) -> None:
    for argument in arguments:
        constant = text_constant(argument)
        if constant is None:
            uses.refuse(_COMPOSED.format(f"cron.{name}"))
        else:
            _add(uses, constant, Role.SQL if _parses(constant.sval.sval) else Role.DECIDING)


def _set_config(uses: Uses, arguments: Sequence[Message]) -> None:
    """set_config(name, value, is_local) is SET."""
    name = text_constant(arguments[0]) if arguments else None
    if name is None or len(arguments) < 2:
        uses.refuse(_COMPUTED.format(SET_CONFIG))
        return
    _add(uses, name, Role.NAME)
    value = text_constant(arguments[1])
    if value is not None:
        _add(uses, value, Role.SETTING, name.sval.sval)
    elif decides(name.sval.sval):
        uses.refuse(_COMPUTED.format(SET_CONFIG))


def _parses(text: str) -> bool:
    try:
        return bool(parse_kept(text.encode()).stmts)
    except (Unreadable, UnicodeError):
        return False


def runs(text: str) -> bool:
    """Whether a text is SQL that does something: changes something, reads a table or calls a function."""
    if text.isalnum():
        return False
    try:
        statements = parse_kept(text.encode()).stmts
    except (Unreadable, UnicodeError):
        return False
    return any(isinstance(unwrap(each.stmt), _RUNNABLE) or _reads(each.stmt) for each in statements)


def _reads(statement: Message) -> bool:
    select = unwrap(statement)
    return isinstance(select, pg.SelectStmt) and any(isinstance(each, _ACTING) for each in walk(select))
