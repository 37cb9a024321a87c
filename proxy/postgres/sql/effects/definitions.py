"""What statements that define things do besides: take away, change rights, reach other servers or files. Pure.

The nodes are PostgreSQL's (nodes/parsenodes.h). What only defines has no effect but its kind.
"""

from collections.abc import Iterable, Iterator

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from access.policy.labels import ANY_TABLE, SqlLabel
from proxy.postgres.sql.effects.names import all_tables, strings

_RIGHTS = (SqlLabel.PRIVILEGE, SqlLabel.GRANT)

#: Nodes that always have these effects; each group of labels is a part.
_ALWAYS: dict[str, tuple[tuple[SqlLabel, ...], ...]] = {
    "GrantStmt": (_RIGHTS,),
    "GrantRoleStmt": (_RIGHTS,),
    "AlterDefaultPrivilegesStmt": (_RIGHTS,),
    "AlterOwnerStmt": (_RIGHTS,),
    "ReassignOwnedStmt": (_RIGHTS,),
    "DropOwnedStmt": (_RIGHTS,),
    "SecLabelStmt": ((SqlLabel.PRIVILEGE,),),
    "CreatePolicyStmt": ((SqlLabel.PRIVILEGE,),),
    "AlterPolicyStmt": ((SqlLabel.PRIVILEGE,),),
    "CreateRoleStmt": ((SqlLabel.PRIVILEGE,),),
    "AlterRoleStmt": ((SqlLabel.PRIVILEGE,),),
    "DropRoleStmt": ((SqlLabel.PRIVILEGE,),),
    "CreateTableSpaceStmt": ((SqlLabel.FILE, SqlLabel.COPY_SERVER_FILE),),
    "CreatePLangStmt": ((SqlLabel.PROGRAM, SqlLabel.COPY_PROGRAM),),
    "CreateAmStmt": ((SqlLabel.OPAQUE_FUNCTION,),),
    "CreateFdwStmt": ((SqlLabel.CONNECT,), (SqlLabel.OPAQUE_FUNCTION,)),
    "AlterFdwStmt": ((SqlLabel.CONNECT,),),
    "CreateExtensionStmt": ((SqlLabel.OPAQUE_FUNCTION,),),
    "AlterExtensionStmt": ((SqlLabel.OPAQUE_FUNCTION,),),
    "CreateForeignServerStmt": ((SqlLabel.CONNECT,),),
    "AlterForeignServerStmt": ((SqlLabel.CONNECT,),),
    "CreateForeignTableStmt": ((SqlLabel.CONNECT,),),
    "CreateUserMappingStmt": ((SqlLabel.CONNECT,),),
    "AlterUserMappingStmt": ((SqlLabel.CONNECT,),),
    "ImportForeignSchemaStmt": ((SqlLabel.CONNECT,),),
    "CreateSubscriptionStmt": ((SqlLabel.CONNECT,),),
    "AlterSubscriptionStmt": ((SqlLabel.CONNECT,),),
    "DropSubscriptionStmt": ((SqlLabel.CONNECT,),),
    "CheckPointStmt": ((SqlLabel.SERVER,),),
    "CreatePublicationStmt": ((SqlLabel.SERVER,),),
    "AlterPublicationStmt": ((SqlLabel.SERVER,),),
}

#: ALTER TABLE and its kin: what takes something away from the table.
_TAKING = frozenset(
    {
        pg.AT_DropColumn,
        pg.AT_DropConstraint,
        pg.AT_DropExpression,
        pg.AT_DropIdentity,
        pg.AT_DropInherit,
        pg.AT_DropNotNull,
        pg.AT_DetachPartition,
        pg.AT_DetachPartitionFinalize,
    }
)
_ROW_SECURITY = frozenset(
    {pg.AT_EnableRowSecurity, pg.AT_DisableRowSecurity, pg.AT_ForceRowSecurity, pg.AT_NoForceRowSecurity}
)
#: Options of a role that give nobody anything; all others do.
_PERSONAL = frozenset({"password", "canlogin", "connectionlimit", "validUntil", "sysid"})
#: Options of foreign tables and servers that name a file or a program (file_fdw).
_OUTSIDE = {
    "filename": (SqlLabel.FILE, SqlLabel.COPY_SERVER_FILE),
    "program": (SqlLabel.PROGRAM, SqlLabel.COPY_PROGRAM),
}
_DROPS_CONSTRAINT = frozenset({"X", "O"})
_SYSTEM_SCHEMA = "pg_catalog"
_FUNCTIONS = frozenset({pg.OBJECT_FUNCTION, pg.OBJECT_PROCEDURE, pg.OBJECT_ROUTINE, pg.OBJECT_AGGREGATE})


def effects_of(node: Message) -> Iterator[tuple[SqlLabel, ...]]:
    """The groups of labels, each a part, that a statement has besides its kind."""
    yield from _ALWAYS.get(node.DESCRIPTOR.name, ())
    match node:
        case pg.AlterTableStmt():
            yield from _altered(node)
        case pg.CreateRoleStmt() | pg.AlterRoleStmt() if _gives_rights(node.options):
            yield _RIGHTS
        case pg.CreateFunctionStmt() | pg.AlterFunctionStmt() if _runs_as_owner(node):
            yield (SqlLabel.PRIVILEGE,)
        case pg.DropStmt(remove_type=pg.OBJECT_POLICY) | pg.RenameStmt(rename_type=pg.OBJECT_ROLE):
            yield (SqlLabel.PRIVILEGE,)
        case pg.DropStmt(remove_type=pg.OBJECT_FDW | pg.OBJECT_FOREIGN_SERVER):
            yield (SqlLabel.CONNECT,)
        case _ if _takes_away(node):
            yield (SqlLabel.DDL, SqlLabel.DROP)
        case _:
            pass
    if "options" in node.DESCRIPTOR.fields_by_name:
        yield from _outside(node)


def tables_within(node: Message) -> list[str]:
    """Labels of the tables that a statement is about and does not name: all of a schema, or of the database."""
    match node:
        case pg.VacuumStmt(rels=[]) | pg.ReindexStmt(kind=pg.REINDEX_OBJECT_DATABASE):
            return [ANY_TABLE]
        case pg.ClusterStmt() if not node.HasField("relation"):
            return [ANY_TABLE]
        case pg.AlterTableMoveAllStmt() | pg.DropOwnedStmt() | pg.ReassignOwnedStmt():
            return [ANY_TABLE]
        case pg.CreatePublicationStmt(for_all_tables=True):
            return [ANY_TABLE]
        case pg.CreatePublicationStmt() | pg.AlterPublicationStmt():
            return list(_published(node))
        case _:
            return all_tables(_schemas_of(node))


def _published(node: pg.CreatePublicationStmt | pg.AlterPublicationStmt) -> Iterator[str]:
    for each in (one.publication_obj_spec for one in node.pubobjects):
        if each.pubobjtype == pg.PUBLICATIONOBJ_TABLES_IN_SCHEMA:
            yield from all_tables([each.name])
        elif each.pubobjtype == pg.PUBLICATIONOBJ_TABLES_IN_CUR_SCHEMA:
            # Which one that is follows from the search path of the moment.
            yield ANY_TABLE


def _schemas_of(node: Message) -> list[str]:
    """The schemas all of whose tables a statement is about: it renames them, or gives rights to what is in them."""
    match node:
        case pg.RenameStmt(rename_type=pg.OBJECT_SCHEMA):
            return [node.subname]
        case pg.AlterOwnerStmt(object_type=pg.OBJECT_SCHEMA):
            return [node.object.string.sval]
        case pg.GrantStmt(targtype=pg.ACL_TARGET_ALL_IN_SCHEMA, objtype=pg.OBJECT_TABLE | pg.OBJECT_SEQUENCE):
            return strings(node.objects)
        case pg.ImportForeignSchemaStmt():
            return [node.local_schema]
        case pg.ReindexStmt(kind=pg.REINDEX_OBJECT_SCHEMA):
            return [node.name]
        case pg.ReindexStmt(kind=pg.REINDEX_OBJECT_SYSTEM):
            return [_SYSTEM_SCHEMA]
        case _:
            return []


def functions_of(node: Message) -> list[list[str]]:
    """The names, in their parts, of the functions that a statement changes, describes or gives rights to."""
    match node:
        case pg.AlterFunctionStmt():
            return [strings(node.func.objname)]
        case pg.RenameStmt(rename_type=kind):
            objects = [node.object]
        case pg.AlterOwnerStmt(object_type=kind) | pg.AlterObjectSchemaStmt(object_type=kind):
            objects = [node.object]
        case pg.AlterObjectDependsStmt(object_type=kind):
            objects = [node.object]
        case pg.CommentStmt(objtype=kind) | pg.SecLabelStmt(objtype=kind) | pg.AlterExtensionContentsStmt(objtype=kind):
            objects = [node.object]
        case pg.GrantStmt(targtype=pg.ACL_TARGET_OBJECT, objtype=kind):
            objects = list(node.objects)
        case _:
            return []
    return [strings(each.object_with_args.objname) for each in objects] if kind in _FUNCTIONS else []


def _altered(node: pg.AlterTableStmt) -> Iterator[tuple[SqlLabel, ...]]:
    commands = {each.alter_table_cmd.subtype for each in node.cmds}
    if not commands.isdisjoint(_TAKING):
        yield SqlLabel.DDL, SqlLabel.DROP
    if pg.AT_ChangeOwner in commands:
        yield _RIGHTS
    if not commands.isdisjoint(_ROW_SECURITY):
        yield (SqlLabel.PRIVILEGE,)
    for each in node.cmds:
        options = getattr(each.alter_table_cmd, "def").list.items
        yield from (_OUTSIDE[name] for name in _names(options) if name in _OUTSIDE)


def _gives_rights(options: Iterable[pg.Node]) -> bool:
    return not _PERSONAL.issuperset(_names(options))


def _runs_as_owner(node: Message) -> bool:
    """SECURITY DEFINER lends its owner's rights to whoever calls it."""
    options = getattr(node, "options" if isinstance(node, pg.CreateFunctionStmt) else "actions")
    return any(each.def_elem.defname == "security" and each.def_elem.arg.boolean.boolval for each in options)


def _takes_away(node: Message) -> bool:
    """ALTER … DROP of what is no table."""
    match node:
        case pg.AlterDomainStmt():
            return node.subtype in _DROPS_CONSTRAINT
        case pg.AlterExtensionContentsStmt():
            return node.action < 0
        case pg.AlterOpFamilyStmt():
            return node.is_drop
        case pg.AlterPublicationStmt():
            return node.action == pg.AP_DropObjects
        case pg.AlterTSConfigurationStmt():
            return node.kind == pg.ALTER_TSCONFIG_DROP_MAPPING
        case _:
            return False


def _outside(node: Message) -> Iterator[tuple[SqlLabel, ...]]:
    if isinstance(node, pg.CreateForeignTableStmt | pg.CreateForeignServerStmt | pg.AlterForeignServerStmt):
        yield from (_OUTSIDE[name] for name in _names(node.options) if name in _OUTSIDE)


def _names(options: Iterable[pg.Node]) -> list[str]:
    return [each.def_elem.defname for each in options]
