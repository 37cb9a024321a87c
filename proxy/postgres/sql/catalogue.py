"""Which columns of the upstream's database are masked by their name, views included. Pure.

RowDescription names a column's origin by (table OID, attribute number), which survive alias, subquery, CTE and
RETURNING, so `select cvv as x` is masked too. `reading` makes it.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from proxy.postgres.protocol.messages import Column

#: OIDs below are PostgreSQL's own objects (FirstNormalObjectId).
FIRST_USER_OID = 16_384
#: Every table has them besides its own (PostgreSQL documentation, "System Columns").
SYSTEM_COLUMNS = frozenset({"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"})

IsMasked = Callable[[str], bool]


@dataclass
class Table:
    """A table or view; `masked` are the attribute numbers of its masked columns."""

    oid: int
    schema: str
    name: str
    columns: dict[int, str] = field(default_factory=dict[int, str])
    masked: dict[int, str] = field(default_factory=dict[int, str])
    is_view: bool = False
    #: The type of a row that is no table's.
    is_type: bool = False
    #: Made by the session and not read yet: it may have other columns, and masked ones among them.
    is_uncertain: bool = False


@dataclass(frozen=True)
class Function:
    """One that is not PostgreSQL's own; the columns that it gives, each with the masked one that it shows, or none."""

    schema: str
    name: str
    columns: tuple[tuple[str, str], ...]

    @property
    def masked(self) -> bool:
        return any(masked for _, masked in self.columns)


class Place(NamedTuple):
    """A masked column: the schema of what shows it (empty: any), its position among the columns there are, its name."""

    schema: str
    position: int
    column: str


class Tables:
    """Tables that a session made, each once."""

    def __init__(self) -> None:
        self._named: dict[str, list[Table]] = {}

    def add(self, tables: Iterable[Table]) -> None:
        for table in tables:
            named = self._named.setdefault(table.name, [])
            if table not in named:
                named.append(table)

    def clear(self) -> None:
        self._named.clear()

    def __len__(self) -> int:
        return sum(map(len, self._named.values()))

    def __iter__(self) -> Iterator[Table]:
        return (table for named in self._named.values() for table in named)


class Catalogue:
    """Tables by OID and by name, those that have masked columns, and functions.

    `system` are PostgreSQL's own tables and views; `counts_plainly`: no function but PostgreSQL's is called count.
    """

    def __init__(
        self,
        tables: Iterable[Table] = (),
        functions: Iterable[Function] = (),
        system: Iterable[Table] = (),
        *,
        counts_plainly: bool = True,
    ) -> None:
        self._tables: dict[int, Table] = {}
        self._named: dict[str, list[Table]] = {}
        self.masked: dict[str, list[Table]] = {}
        for table in tables:
            self._tables[table.oid] = table
            self._name(table)
        self._system: dict[str, list[Table]] = {}
        for table in system:
            self._system.setdefault(table.name, []).append(table)
        self._functions: dict[str, list[Function]] = {}
        for function in functions:
            self._functions.setdefault(function.name, []).append(function)
        self.counts_plainly = counts_plainly
        #: Schemas may have been renamed, so one that is written before a name says nothing.
        self.is_unsettled = False

    def _name(self, table: Table) -> None:
        if table.is_type:
            return
        self._named.setdefault(table.name, []).append(table)
        if table.masked:
            self.masked.setdefault(table.name, []).append(table)

    def mask(self, table: Table) -> None:
        """Take note that a table of it was found to have masked columns."""
        found = self.masked.setdefault(table.name, [])
        if table not in found:
            found.append(table)

    def remember(self, tables: Iterable[Table], *, unsettled: bool = False) -> bool:
        """Take note of what the session makes, and of what may make functions or move tables. Whether it is new."""
        new = [table for table in tables if table not in self._named.get(table.name, ())]
        for table in new:
            self._name(table)
        news = bool(new) or (unsettled and not self.is_unsettled)
        if unsettled:
            self.is_unsettled, self.counts_plainly = True, False
        return news

    def named(self, name: str, schema: str = "") -> list[Table]:
        """The tables and views that a name may mean; PostgreSQL's own where no other has it."""
        found = [each for each in self._named.get(name, ()) if self._is_in(schema, each)]
        return found or [each for each in self._system.get(name, ()) if schema in {"", each.schema}]

    @property
    def has_functions(self) -> bool:
        """Whether it has one that is not PostgreSQL's own, or any is made in the session."""
        return bool(self._functions) or self.is_unsettled

    def functions(self, name: Sequence[str]) -> list[Function]:
        """The functions that a name may mean, with a schema or without; PostgreSQL's own are none of them."""
        schema = name[-2] if len(name) > 1 and not self.is_unsettled else ""
        return [each for each in self._functions.get(name[-1], ()) if schema in {"", each.schema}]

    def _is_in(self, schema: str, table: Table) -> bool:
        is_temporary = schema == "pg_temp" and table.schema.startswith("pg_temp")
        return schema in {"", table.schema} or not table.schema or is_temporary or self.is_unsettled

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

    def has_moved_since(self, before: "Catalogue") -> bool:
        """Whether a name that it had means no table any more, or those of other columns, or in other places."""
        return any(_orders(tables) != _orders(self._named.get(name, ())) for name, tables in before._named.items())

    def masked_places(self, names: Collection[str] | None = None) -> dict[str, set[Place]]:
        """Where masked columns stand, by the label of the tables, views or functions that show them.

        `names` are the tables asked for; without them it is all tables and functions.
        """
        found: dict[str, set[Place]] = {}
        asked = self.masked.values() if names is None else [self.masked.get(name, []) for name in names]
        for table in (table for tables in asked for table in tables):
            places = found.setdefault(f"table:{table.name}", set())
            order = enumerate(sorted(table.columns))
            places.update(
                Place(table.schema, position, table.columns[number])
                for position, number in order
                if number in table.masked
            )
        if names is not None:
            return found
        for function in (function for functions in self._functions.values() for function in functions):
            if function.masked:
                places = found.setdefault(f"function:{function.name}", set())
                columns = enumerate(function.columns)
                places.update(Place(function.schema, position, name) for position, (name, masked) in columns if masked)
        return found


def _orders(tables: Iterable[Table]) -> set[tuple[str, ...]]:
    return {tuple(table.columns.values()) for table in tables}
