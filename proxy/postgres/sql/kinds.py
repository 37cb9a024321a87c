"""Which of PostgreSQL's statement nodes is of which kind, in the words of a role's rules. Pure."""

from postgast import pg_query_pb2 as pg

KINDS = {
    "SelectStmt": "select",
    "InsertStmt": "insert",
    "UpdateStmt": "update",
    "DeleteStmt": "delete",
    "MergeStmt": "merge",
    "CopyStmt": "copy",
    "CallStmt": "call",
    "DoStmt": "do",
    "VariableSetStmt": "set",
    "ConstraintsSetStmt": "set",
    "TransactionStmt": "transaction",
    "ExplainStmt": "explain",
    "PrepareStmt": "prepare",
    "ExecuteStmt": "execute",
    "DeclareCursorStmt": "declare",
    "FetchStmt": "fetch",
    "NotifyStmt": "notify",
    "ListenStmt": "notify",
    "UnlistenStmt": "notify",
    "GrantStmt": "grant",
    "GrantRoleStmt": "grant",
    "AlterDefaultPrivilegesStmt": "grant",
    "TruncateStmt": "ddl",
    "RenameStmt": "ddl",
    "CommentStmt": "ddl",
    "SecLabelStmt": "ddl",
    "DefineStmt": "ddl",
    "IndexStmt": "ddl",
    "RuleStmt": "ddl",
    "ViewStmt": "ddl",
    "CompositeTypeStmt": "ddl",
    "ImportForeignSchemaStmt": "ddl",
    "ReassignOwnedStmt": "ddl",
    "RefreshMatViewStmt": "ddl",
}

#: Every other node with such a name changes the catalogue.
DDL_PREFIXES = ("Create", "Alter", "Drop")

#: Statements in which a bare word can be a value.
SETTINGS = frozenset({"VariableSetStmt", "AlterRoleSetStmt", "AlterDatabaseSetStmt", "AlterSystemStmt"})

#: What DROP can name that a rule would call a table.
OBJECT_TABLES = frozenset(
    {pg.OBJECT_TABLE, pg.OBJECT_VIEW, pg.OBJECT_MATVIEW, pg.OBJECT_FOREIGN_TABLE, pg.OBJECT_SEQUENCE, pg.OBJECT_INDEX}
)
