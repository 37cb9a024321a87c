"""Which of PostgreSQL's statement nodes is of which kind, in the words of a role's rules. Pure."""

from postgast import pg_query_pb2 as pg

from access.policy.labels import SqlLabel
from proxy.syntax.sql import unwrap

KINDS: dict[str, SqlLabel] = {
    "SelectStmt": SqlLabel.SELECT,
    "InsertStmt": SqlLabel.INSERT,
    "UpdateStmt": SqlLabel.UPDATE,
    "DeleteStmt": SqlLabel.DELETE,
    "MergeStmt": SqlLabel.MERGE,
    "CopyStmt": SqlLabel.COPY,
    "CallStmt": SqlLabel.CALL,
    "DoStmt": SqlLabel.DO,
    "VariableSetStmt": SqlLabel.SET,
    "ConstraintsSetStmt": SqlLabel.SET,
    "TransactionStmt": SqlLabel.TRANSACTION,
    "ExplainStmt": SqlLabel.EXPLAIN,
    "PrepareStmt": SqlLabel.PREPARE,
    "ExecuteStmt": SqlLabel.EXECUTE,
    "DeclareCursorStmt": SqlLabel.DECLARE,
    "FetchStmt": SqlLabel.FETCH,
    "NotifyStmt": SqlLabel.NOTIFY,
    "ListenStmt": SqlLabel.NOTIFY,
    "UnlistenStmt": SqlLabel.NOTIFY,
    "GrantStmt": SqlLabel.GRANT,
    "GrantRoleStmt": SqlLabel.GRANT,
    "AlterDefaultPrivilegesStmt": SqlLabel.GRANT,
    "TruncateStmt": SqlLabel.DDL,
    "RenameStmt": SqlLabel.DDL,
    "CommentStmt": SqlLabel.DDL,
    "SecLabelStmt": SqlLabel.DDL,
    "DefineStmt": SqlLabel.DDL,
    "IndexStmt": SqlLabel.DDL,
    "RuleStmt": SqlLabel.DDL,
    "ViewStmt": SqlLabel.DDL,
    "CompositeTypeStmt": SqlLabel.DDL,
    "ImportForeignSchemaStmt": SqlLabel.DDL,
    "ReassignOwnedStmt": SqlLabel.DDL,
    "RefreshMatViewStmt": SqlLabel.DDL,
}

#: Statements of no other kind, which go by PostgreSQL's own name for their node.
OTHERS: dict[str, SqlLabel] = {
    "ReturnStmt": SqlLabel.RETURN,
    "ReplicaIdentityStmt": SqlLabel.REPLICA_IDENTITY,
    "VariableShowStmt": SqlLabel.SHOW,
    "ClosePortalStmt": SqlLabel.CLOSE_PORTAL,
    "LoadStmt": SqlLabel.LOAD,
    "ClusterStmt": SqlLabel.CLUSTER,
    "VacuumStmt": SqlLabel.VACUUM,
    "CheckPointStmt": SqlLabel.CHECKPOINT,
    "DiscardStmt": SqlLabel.DISCARD,
    "LockStmt": SqlLabel.LOCK,
    "ReindexStmt": SqlLabel.REINDEX,
    "DeallocateStmt": SqlLabel.DEALLOCATE,
}

#: Every other node with such a name changes the catalogue.
DDL_PREFIXES = ("Create", "Alter", "Drop")

#: What DROP can name that a rule would call a table.
OBJECT_TABLES = frozenset(
    {pg.OBJECT_TABLE, pg.OBJECT_VIEW, pg.OBJECT_MATVIEW, pg.OBJECT_FOREIGN_TABLE, pg.OBJECT_SEQUENCE, pg.OBJECT_INDEX}
)


def kind_of(node: str) -> str:
    """The kind of a statement by its node's name."""
    return KINDS.get(node) or (SqlLabel.DDL if node.startswith(DDL_PREFIXES) else "other")


def label_of(node: str) -> SqlLabel:
    """What the statement does, by its node's name; one that this grammar does not have yet is unparseable."""
    known = KINDS.get(node) or OTHERS.get(node)
    return known or (SqlLabel.DDL if node.startswith(DDL_PREFIXES) else SqlLabel.UNPARSEABLE)


def is_analyze(explain: pg.ExplainStmt) -> bool:
    """EXPLAIN (ANALYZE) runs what it explains; ANALYZE false, off or 0 does not."""
    for option in explain.options:
        element = option.def_elem
        if element.defname != "analyze":
            continue
        argument = unwrap(element.arg) if element.HasField("arg") else None
        value = getattr(argument, "sval", getattr(argument, "boolval", getattr(argument, "ival", True)))
        if str(value).lower() not in {"false", "off", "0"}:
            return True
    return False
