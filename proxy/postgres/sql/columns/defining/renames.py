"""Renames and moves: what may get another name or schema where a database has masked columns. Pure.

What the catalogue knows by a name must keep it, or nothing would tell any more what it gives: tables of masked columns,
these columns, and functions and types, which may give rows of them. The rest is listed.
"""

from postgast import pg_query_pb2 as pg

from proxy.postgres.sql.columns.relations import Used, Why
from proxy.postgres.sql.columns.scope import Scope
from proxy.postgres.sql.columns.sources import table_of
from proxy.postgres.sql.effects.names import strings

#: Their names are in no catalogue of ours; ALTER INDEX renames tables as well.
_NO_TABLES = frozenset({pg.OBJECT_INDEX, pg.OBJECT_SEQUENCE})
#: What belongs to a table and has a name that no query uses.
_PARTS = frozenset({pg.OBJECT_TABCONSTRAINT, pg.OBJECT_TRIGGER, pg.OBJECT_POLICY, pg.OBJECT_RULE})
#: What may be named or moved as it likes, for it gives no rows and no query finds any by it.
_OTHERS = frozenset(
    {
        *(pg.OBJECT_ROLE, pg.OBJECT_DATABASE, pg.OBJECT_TABLESPACE, pg.OBJECT_DOMCONSTRAINT, pg.OBJECT_COLLATION),
        *(pg.OBJECT_PUBLICATION, pg.OBJECT_SUBSCRIPTION, pg.OBJECT_STATISTIC_EXT, pg.OBJECT_EVENT_TRIGGER),
        *(pg.OBJECT_TSCONFIGURATION, pg.OBJECT_TSDICTIONARY, pg.OBJECT_TSPARSER, pg.OBJECT_TSTEMPLATE),
        *(pg.OBJECT_FDW, pg.OBJECT_FOREIGN_SERVER),
    }
)
_FUNCTIONS = frozenset({pg.OBJECT_FUNCTION, pg.OBJECT_PROCEDURE, pg.OBJECT_ROUTINE, pg.OBJECT_AGGREGATE})
_TABLES = frozenset({pg.OBJECT_TABLE, pg.OBJECT_VIEW, pg.OBJECT_MATVIEW, pg.OBJECT_FOREIGN_TABLE, pg.OBJECT_SEQUENCE})


def rename(change: pg.RenameStmt, scope: Scope) -> None:
    """Masked columns keep their names, and their tables too. Raises Used."""
    if scope.is_masked(change.subname) and change.rename_type not in _PARTS:
        raise Used(change.subname, Why.RENAMED)
    if change.rename_type in _PARTS:
        return
    if not change.HasField("relation"):
        _others(change.rename_type, change.newname, scope)
        return
    if change.rename_type in _NO_TABLES and not scope.catalogue.named(change.relation.relname):
        return
    table = table_of(change.relation, scope)
    column = table.find(change.subname) if change.rename_type == pg.OBJECT_COLUMN else None
    if (column is not None and column.masked) or (table.masked and change.rename_type != pg.OBJECT_COLUMN):
        raise Used(change.subname or table.name, Why.RENAMED)


def move(change: pg.AlterObjectSchemaStmt, scope: Scope) -> None:
    """Into another schema: only what gives no masked rows. Raises Used.

    From then on no schema that is written before a name says anything in the session (`Catalogue.is_unsettled`).
    """
    if change.object_type in _FUNCTIONS:
        name = strings(change.object.object_with_args.objname)
        if any(function.masked for function in scope.catalogue.functions(name[-1:])):
            raise Used(name[-1], Why.KEPT)
    elif change.object_type not in _TABLES:
        _others(change.object_type, change.newschema, scope)
    elif change.object_type != pg.OBJECT_SEQUENCE and (table := table_of(change.relation, scope)).masked:
        raise Used(f"this change of {table.name}", Why.SHAPE)


def _others(kind: int, name: str, scope: Scope) -> None:
    if scope.catalogue.masked and kind not in _OTHERS:
        raise Used(name, Why.KEPT)
