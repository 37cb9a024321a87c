"""Which columns of the upstream's database are masked by their name, views included. Pure.

RowDescription names a column's origin by (table OID, attribute number), which survive alias, subquery, CTE and
RETURNING, so `select cvv as x` is masked too. A view has an OID of its own: its columns are traced through its
definition. Fetching the rows is relay/masked_columns.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from proxy.postgres.protocol.messages import Column
from proxy.postgres.sql.analysis import analyse
from proxy.postgres.sql.columns import masked_outputs

#: OIDs below are PostgreSQL's own objects (FirstNormalObjectId).
FIRST_USER_OID = 16_384

#: The client's search path must not decide what our own queries mean.
_AS_IS = "begin; set local search_path = pg_catalog; {}; commit"

#: Every column of the tables and views that are not PostgreSQL's own: OID, schema, table, number, column.
COLUMNS_SQL = _AS_IS.format(
    "select a.attrelid, n.nspname, c.relname, a.attnum, a.attname"
    " from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid"
    " join pg_catalog.pg_namespace n on n.oid = c.relnamespace"
    " where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'v', 'm', 'f', 'p') and c.oid >= 16384"
    " order by a.attrelid, a.attnum"
)
#: Definitions of views, oldest first, so that a view comes after what it reads.
VIEWS_SQL = _AS_IS.format(
    "select c.oid, pg_catalog.pg_get_viewdef(c.oid) from pg_catalog.pg_class c"
    " where c.relkind in ('v', 'm') and c.oid >= 16384 order by c.oid"
)

IsMasked = Callable[[str], bool]


@dataclass
class Table:
    """A table or view; `masked` are the attribute numbers of its masked columns."""

    oid: int
    schema: str
    name: str
    columns: dict[int, str] = field(default_factory=dict[int, str])
    masked: dict[int, str] = field(default_factory=dict[int, str])


class Catalogue:
    """Tables by OID, and by name those that have masked columns."""

    def __init__(self, tables: Iterable[Table] = ()) -> None:
        self._tables = {table.oid: table for table in tables}
        self.masked: dict[str, list[Table]] = {}
        for table in self._tables.values():
            if table.masked:
                self.masked.setdefault(table.name, []).append(table)

    def knows(self, column: Column) -> bool:
        """Whether a column's origin is known; PostgreSQL's own tables, and no table at all, always are."""
        if column.table_oid < FIRST_USER_OID or column.attribute <= 0:
            return True
        table = self._tables.get(column.table_oid)
        return table is not None and column.attribute in table.columns

    def masked_name(self, column: Column) -> str | None:
        """The name whose rule masks a column of this origin; None if none does."""
        table = self._tables.get(column.table_oid)
        return table.masked.get(column.attribute) if table is not None else None

    def table(self, oid: int) -> Table | None:
        return self._tables.get(oid)

    def masked_columns(self, table: str) -> set[str]:
        """Names of the masked columns of whatever tables have this name, in any schema."""
        return {each.columns[number] for each in self.masked.get(table, ()) for number in each.masked}


def read(columns: Iterable[Sequence[str]], views: Iterable[Sequence[str]], is_masked: IsMasked) -> Catalogue:
    """Build the catalogue from the rows of COLUMNS_SQL and VIEWS_SQL."""
    tables: dict[int, Table] = {}
    for oid, schema, name, number, column in columns:
        table = tables.setdefault(int(oid), Table(int(oid), schema, name))
        table.columns[int(number)] = column
        if is_masked(column):
            table.masked[int(number)] = column
    _trace([(int(oid), definition) for oid, definition in views if int(oid) in tables], tables, is_masked)
    return Catalogue(tables.values())


def _trace(views: list[tuple[int, str]], tables: dict[int, Table], is_masked: IsMasked) -> None:
    """Mark what views show of masked columns, until nothing changes: `create or replace` can turn the order around."""
    changed = True
    while changed:
        changed = False
        known = Catalogue(tables.values())
        for oid, definition in views:
            if not any(name in definition for name in known.masked):
                continue
            found = _masked_in_view(definition, tables[oid], known, is_masked)
            new = {number: name for number, name in found.items() if number not in tables[oid].masked}
            tables[oid].masked.update(new)
            changed = changed or bool(new)


def _masked_in_view(definition: str, view: Table, known: Catalogue, is_masked: IsMasked) -> dict[int, str]:
    """Attribute numbers of a view that show a masked column, with the name whose rule holds."""
    [statement, *_] = analyse(definition.encode()) or [None]
    if statement is None or statement.tree is None:
        return dict(view.columns)
    shown = masked_outputs(statement.tree, known.masked_columns, is_masked)
    numbers = list(view.columns)
    return {numbers[index]: name for index, name in shown.items() if index < len(numbers)}
