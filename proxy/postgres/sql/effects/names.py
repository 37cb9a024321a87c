"""Names of tables, functions and other things as labels, as PostgreSQL itself writes them: the true ones. Pure.

They are for matching with rules and live in memory only; what is shown or stored of a statement is its text.
"""

from collections.abc import Iterable, Sequence

from postgast import pg_query_pb2 as pg

from proxy.postgres.sql.effects.found import Found


def strings(nodes: Sequence[pg.Node]) -> list[str]:
    """The parts of a name."""
    return [node.string.sval for node in nodes if node.HasField("string")]


def labels_of(prefix: str, parts: Sequence[str]) -> list[str]:
    """`table:cards` and, if a schema is written, `table:app.cards`. A database before the schema is left out."""
    return [f"{prefix}:{'.'.join(parts[-size:])}" for size in (1, 2) if len(parts) >= size]


def all_tables(schema: Sequence[str]) -> list[str]:
    """`table:app.*`, for what is about all tables of a schema; `schema` is its name, as a list of one."""
    return [f"table:{name}.*" for name in schema]


def relation(table: pg.RangeVar) -> list[str]:
    """The parts of a table's name, its schema first if it is written."""
    return [part for part in (table.schemaname, table.relname) if part]


def remember(found: Found, prefixes: Iterable[str], parts: Sequence[str]) -> None:
    """Remember a name that is written without a schema: the session's search path says what it means."""
    if len(parts) == 1:
        found.unqualified.update(f"{prefix}:{parts[0]}" for prefix in prefixes)
