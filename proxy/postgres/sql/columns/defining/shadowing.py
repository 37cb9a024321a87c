"""Names that code of the database uses already: where it has masked columns, none of them gets another meaning. Pure.

A trigger that calls `luhn(new.cvv)` or writes `audit` means what these names mean when it runs: a function of closer
types, an operator, a temporary table come first. And what is kept may set what later statements are read by: a view of
set_config. What is listed here cannot be proven to leave such code alone.
"""

from collections.abc import Sequence

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from proxy.postgres.sql.changes import types_made
from proxy.postgres.sql.code.plain import SYSTEM_TYPES
from proxy.postgres.sql.columns.relations import Used, Why
from proxy.postgres.sql.columns.scope import Scope
from proxy.postgres.sql.effects.calls.function_effects import FUNCTION_EFFECTS
from proxy.postgres.sql.effects.calls.harmless import HARMLESS
from proxy.postgres.sql.effects.names import strings
from proxy.syntax.sql import walk

#: Of what CREATE … (…) makes by its own options: found by the types of what stands beside them.
_FOUND_BY_TYPES = frozenset({pg.OBJECT_AGGREGATE, pg.OBJECT_OPERATOR})
#: With CASCADE they take no function along whose name could be given anew, and no column but of their own type.
_KEEPING_CODE = frozenset(
    {
        *(pg.OBJECT_TABLE, pg.OBJECT_VIEW, pg.OBJECT_MATVIEW, pg.OBJECT_FOREIGN_TABLE),
        *(pg.OBJECT_TYPE, pg.OBJECT_DOMAIN, pg.OBJECT_INDEX, pg.OBJECT_SEQUENCE),
        *(pg.OBJECT_TRIGGER, pg.OBJECT_POLICY, pg.OBJECT_RULE),
    }
)
_CALLED = frozenset(
    {pg.OBJECT_FUNCTION, pg.OBJECT_PROCEDURE, pg.OBJECT_ROUTINE, pg.OBJECT_AGGREGATE, pg.OBJECT_OPERATOR}
)
_TEMPORARY, _OF_THE_SESSION = "t", "pg_temp"
_SETTER, _SETTINGS = "set_config", "pg_settings"
#: They run at once what they call, and keep nothing of it.
_AT_ONCE = (pg.CopyStmt, pg.CallStmt, pg.ExecuteStmt)


def leave_alone(node: Message, scope: Scope) -> None:
    """Raises Used where what is made may be taken for another thing of its name, or keeps a setting."""
    match node:
        case pg.CreateFunctionStmt():
            _function(node, scope)
        case pg.AlterFunctionStmt():
            raise Used(strings(node.func.objname)[-1], Why.SHADOWED)
        case pg.DefineStmt() if node.kind in _FOUND_BY_TYPES:
            raise Used(strings(node.defnames)[-1], Why.SHADOWED)
        case pg.CreateOpClassStmt() | pg.CreateConversionStmt():
            raise Used(node.DESCRIPTOR.name.removesuffix("Stmt"), Why.SHADOWED)
        case pg.DropStmt() if node.remove_type in _CALLED:
            raise Used("DROP", Why.DROPPED)
        case pg.ViewStmt():
            temporary(node.view, scope)
        case pg.CreateStmt():
            temporary(node.relation, scope)
        case pg.CreateDomainStmt():
            _type(node, strings(node.domainname), scope)
        case pg.CreateEnumStmt() | pg.CreateRangeStmt():
            _type(node, strings(node.type_name), scope)
        case pg.CompositeTypeStmt():
            _type(node, [node.typevar.schemaname, node.typevar.relname], scope)
        case pg.DropStmt() if node.behavior == pg.DROP_CASCADE and node.remove_type not in _KEEPING_CODE:
            raise Used("CASCADE", Why.DROPPED)
        case pg.DropStmt() if node.remove_type == pg.OBJECT_EXTENSION:
            raise Used("DROP EXTENSION", Why.DROPPED)
        case pg.DropOwnedStmt():
            raise Used("DROP OWNED", Why.DROPPED)
        case pg.AlterTableStmt() if node.objtype == pg.OBJECT_TYPE:
            _attributes(node, scope)
        case _:
            pass
    if not isinstance(node, _AT_ONCE):
        _keeps_no_setting(node)


def temporary(reference: pg.RangeVar, scope: Scope) -> None:
    """A temporary table comes before any other of its name, in functions with a search path of their own too."""
    if reference.relpersistence != _TEMPORARY and not reference.schemaname.startswith(_OF_THE_SESSION):
        return
    for table in scope.catalogue.named(reference.relname):
        # What has no number yet was made by this session, by this very statement perhaps: no other code knows it.
        if table.oid and not table.schema.startswith(_OF_THE_SESSION):
            raise Used(reference.relname, Why.SHADOWED)


def _type(node: Message, name: Sequence[str], scope: Scope) -> None:
    """A temporary type comes before any other of its name, and a type's name is a function's as well."""
    if any(schema.startswith(_OF_THE_SESSION) for schema in name[:-1]):
        raise Used(name[-1], Why.SHADOWED)
    for each in types_made(node):
        if each in SYSTEM_TYPES or _is_functions(each, scope):
            raise Used(each, Why.SHADOWED)


def _function(function: pg.CreateFunctionStmt, scope: Scope) -> None:
    """A trigger's is called by triggers alone, which know it by its number."""
    name = strings(function.funcname)[-1]
    if strings(function.return_type.names)[-1:] == ["trigger"]:
        return
    if name in SYSTEM_TYPES or _is_functions(name, scope):
        raise Used(name, Why.SHADOWED)


def _is_functions(name: str, scope: Scope) -> bool:
    return name in HARMLESS or name in FUNCTION_EFFECTS or bool(scope.catalogue.functions([name]))


def _attributes(change: pg.AlterTableStmt, scope: Scope) -> None:
    """The row that a function gives keeps what is masked of it."""
    for command in (each.alter_table_cmd for each in change.cmds):
        if command.subtype == pg.AT_DropColumn and scope.is_masked(command.name):
            raise Used(command.name, Why.KEPT)


def _keeps_no_setting(node: Message) -> None:
    for each in walk(node):
        match each:
            case pg.FuncCall() if strings(each.funcname)[-1:] == [_SETTER]:
                raise Used(_SETTER, Why.SETTING)
            case pg.RangeVar() if each.relname == _SETTINGS:
                raise Used(_SETTINGS, Why.SETTING)
            case _:
                pass
