"""Changes of tables: ALTER TABLE, and the constraints and keys that tables are given. Pure.

A constraint on rows that are there tells about each of them, and so does a key that refers to them.
"""

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from proxy.postgres.sql.columns.expressions import check_all
from proxy.postgres.sql.columns.relations import Column, Used, Why
from proxy.postgres.sql.columns.scope import Scope
from proxy.postgres.sql.columns.sources import table_of
from proxy.postgres.sql.effects.names import strings
from proxy.syntax.sql import walk

#: What ALTER TABLE may do with a table of masked columns; constraints and expressions are looked at besides.
_COMMANDS = frozenset(
    {
        *(pg.AT_AddColumn, pg.AT_DropColumn, pg.AT_AlterColumnType, pg.AT_ColumnDefault, pg.AT_SetExpression),
        *(pg.AT_DropExpression, pg.AT_DropNotNull, pg.AT_SetNotNull, pg.AT_SetStatistics, pg.AT_SetOptions),
        *(pg.AT_ResetOptions, pg.AT_SetStorage, pg.AT_SetCompression, pg.AT_AddIdentity, pg.AT_SetIdentity),
        *(pg.AT_DropIdentity, pg.AT_AddConstraint, pg.AT_AlterConstraint, pg.AT_ValidateConstraint),
        *(pg.AT_DropConstraint, pg.AT_ChangeOwner, pg.AT_DropCluster, pg.AT_SetLogged),
        *(pg.AT_SetUnLogged, pg.AT_SetAccessMethod, pg.AT_SetTableSpace, pg.AT_SetRelOptions),
        *(pg.AT_ResetRelOptions, pg.AT_EnableTrig, pg.AT_EnableAlwaysTrig, pg.AT_EnableReplicaTrig),
        *(pg.AT_DisableTrig, pg.AT_EnableTrigAll, pg.AT_DisableTrigAll, pg.AT_EnableTrigUser),
        *(pg.AT_DisableTrigUser, pg.AT_DropInherit, pg.AT_ReplicaIdentity, pg.AT_EnableRowSecurity),
        *(pg.AT_DisableRowSecurity, pg.AT_ForceRowSecurity, pg.AT_NoForceRowSecurity),
        *(pg.AT_DetachPartition, pg.AT_DetachPartitionFinalize, pg.AT_DropOf),
    }
)
#: Constraints without an expression, and without another table.
_PLAIN_CONSTRAINTS = frozenset(
    {
        *(pg.CONSTR_NULL, pg.CONSTR_NOTNULL, pg.CONSTR_IDENTITY, pg.CONSTR_PRIMARY, pg.CONSTR_UNIQUE),
        *(pg.CONSTR_ATTR_DEFERRABLE, pg.CONSTR_ATTR_NOT_DEFERRABLE, pg.CONSTR_ATTR_DEFERRED),
        *(pg.CONSTR_ATTR_IMMEDIATE, pg.CONSTR_ATTR_ENFORCED, pg.CONSTR_ATTR_NOT_ENFORCED),
    }
)


def alter(change: pg.AlterTableStmt, scope: Scope) -> None:
    """Raises Used where it shows, or tells, something of masked columns."""
    table = table_of(change.relation, scope)
    inside = scope.inside([table])
    for command in (each.alter_table_cmd for each in change.cmds):
        if table.masked and command.subtype not in _COMMANDS:
            raise Used(f"this change of {table.name}", Why.SHAPE)
        for node in walk(command):
            if isinstance(node, pg.Constraint):
                check_constraint(node, inside, has_rows=True)
            elif isinstance(node, pg.ColumnDef):
                check_all([node.raw_default], inside)
            elif isinstance(node, pg.RangeVar):
                _lend(node, command, inside)
        if command.subtype in {pg.AT_ColumnDefault, pg.AT_SetExpression}:
            check_all([getattr(command, "def")], inside)


def _lend(other: pg.RangeVar, command: pg.AlterTableCmd, scope: Scope) -> None:
    """Another table shows this one's rows, or its checks see them."""
    table = table_of(other, scope)
    if table.masked and command.subtype not in {pg.AT_DropInherit, pg.AT_DetachPartition, pg.AT_AddConstraint}:
        raise Used(f"this change of {table.name}", Why.SHAPE)


def check_constraint(constraint: pg.Constraint, inside: Scope, *, has_rows: bool) -> None:
    """Raises Used. `has_rows`: it may look at rows that are there already."""
    match constraint.contype:
        case pg.CONSTR_CHECK:
            if has_rows:
                check_all([constraint.raw_expr], inside)
        case pg.CONSTR_DEFAULT | pg.CONSTR_GENERATED:
            check_all([constraint.raw_expr], inside)
        case pg.CONSTR_FOREIGN:
            referred = table_of(constraint.pktable, inside)
            for names, place in ((constraint.fk_attrs, inside), (constraint.pk_attrs, inside.inside([referred]))):
                _compare(strings(names), place)
        case pg.CONSTR_EXCLUSION:
            check_all([constraint.where_clause], inside)
            for node in walk(constraint):
                if isinstance(node, pg.IndexElem):
                    check_element(node, inside)
        case pg.CONSTR_PRIMARY | pg.CONSTR_UNIQUE if has_rows:
            # Whether it can be made tells whether two are the same, and its index has the rows in their order.
            _compare(strings(constraint.keys), inside)
        case other if other in _PLAIN_CONSTRAINTS:
            pass
        case _:
            raise Used("CONSTRAINT", Why.SHAPE)


def _compare(names: list[str], place: Scope) -> None:
    for name in names:
        if _found(name, place).masked:
            raise Used(name, Why.COMPARED)


def _found(name: str, place: Scope) -> Column:
    own = place.levels[0][0].find(name)
    return own if own is not None else Column(name, name if place.is_masked(name) else "")


def check_element(element: Message, inside: Scope) -> None:
    """A column or an expression of an index or a partition key. Raises Used."""
    if not isinstance(element, pg.IndexElem | pg.PartitionElem):
        raise Used(element.DESCRIPTOR.name, Why.SHAPE)
    check_all([element.expr], inside)
    _compare([element.name] if element.name else [], inside)
