"""Relation: what a FROM item, a query or a RETURNING gives, as columns that show a masked one or none. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property

from proxy.postgres.sql.catalogue import Catalogue, Function, Table

#: A target list has at most 1,664 entries, and a FROM a few such tables: each level of `l.*, r.*` doubles them.
MAX_COLUMNS = 20_000


class Why(IntEnum):
    """What stands in the way; `hints` has a sentence for each."""

    USED = 0
    COMPARED = 1
    WHOLE_ROW = 2
    MOVED = 3
    RENAMED = 4
    NOT_KNOWN = 5
    NO_SUCH_COLUMN = 6
    SHAPE = 7
    COUNTED = 8
    AROUND = 9
    CODE = 10
    DEPTH = 11
    BODY = 12
    KEPT = 13
    GROWN = 14
    PLANNED = 15
    ENCODED = 16
    SHADOWED = 17
    SETTING = 18
    PLACES = 19
    DROPPED = 20


class Used(Exception):
    """A masked column, a row with one, or what may be either is used otherwise than shown."""

    def __init__(self, name: str, why: Why = Why.USED, masked: str = "") -> None:
        """`name` as the statement has it, `masked` the column's own, where that is known."""
        super().__init__(name)
        self.name = name
        self.why = why
        self.masked = masked or name


class Rest(IntEnum):
    """What columns a relation may have besides those that are listed."""

    NONE = 0
    #: Some, which their names tell: a function's.
    NAMED = 1
    #: Some, and each may be a masked one: a table's that is not known.
    MASKED = 2


@dataclass(frozen=True)
class Column:
    """One column; `masked` is the masked column that it shows, empty if it shows none."""

    name: str
    masked: str = ""
    #: Whether the server's RowDescription names the masked column as this one's origin.
    traced: bool = True


@dataclass(frozen=True)
class Relation:
    """Columns under one name."""

    name: str
    columns: tuple[Column, ...] = ()
    #: Whether they stand in this order, and in every relation that may be meant.
    known: bool = True
    rest: Rest = Rest.NONE
    #: Whether it has the system columns, which only tables have.
    is_table: bool = False

    @property
    def masked(self) -> str:
        """A masked column that it shows; empty: it shows none."""
        found = next((column.masked for column in self.columns if column.masked), "")
        return found or ((self.name or "*") if self.rest is Rest.MASKED else "")

    def find(self, name: str) -> Column | None:
        """Its column of this name; the masked one where several have it."""
        return self._by_name.get(name)

    @cached_property
    def _by_name(self) -> dict[str, Column]:
        found: dict[str, Column] = {}
        for column in self.columns:
            if column.name not in found or column.masked:
                found[column.name] = column
        return found

    def called(self, name: str, columns: Sequence[str] = ()) -> "Relation":
        """Under an alias: `as c (a, b)` renames its first two columns."""
        if not columns:
            return replace(self, name=name or self.name)
        if self.known:
            pairs = zip(columns, self.columns, strict=False)
            renamed = tuple(replace(column, name=new) for new, column in pairs) + self.columns[len(columns) :]
        else:
            # Which of its columns stands where is not known: each new name may be any of them.
            traced = self.rest is not Rest.NAMED and all(column.traced for column in self.columns)
            renamed = tuple(Column(each, self.masked, traced=traced) for each in columns) + self.columns
        return replace(self, name=name or self.name, columns=renamed)


def of_tables(name: str, found: Sequence[Table], catalogue: Catalogue) -> Relation:
    """A table or view: any that the name may mean, for the search path is the client's.

    One that is not known may show what it likes, in a database that has masked columns. One that the session made and
    that was not read yet has an OID that nobody knows: only its columns' names tell what is masked.
    """
    if not found:
        return Relation(name, known=False, rest=Rest.MASKED if catalogue.masked else Rest.NAMED, is_table=True)
    traced = all(table.oid for table in found)
    rows = _any_of(
        name,
        [
            [Column(each, table.masked.get(n, ""), traced=traced) for n, each in table.columns.items()]
            for table in found
        ],
    )
    if any(table.is_uncertain for table in found):
        rows = replace(rows, known=False, rest=Rest.MASKED)
    return replace(rows, is_table=all(not table.is_view for table in found))


def of_functions(name: str, found: Sequence[Function]) -> Relation:
    """The rows of functions of one name. They have no origin, so only their names can tell what is masked."""
    rows = _any_of(name, [[Column(each, masked, traced=False) for each, masked in one.columns] for one in found])
    return replace(rows, known=False, rest=Rest.NAMED)


def _any_of(name: str, candidates: Sequence[list[Column]]) -> Relation:
    if candidates and all(columns == candidates[0] for columns in candidates):
        return Relation(name, tuple(candidates[0]))
    return Relation(name, tuple(dict.fromkeys(column for columns in candidates for column in columns)), known=False)


def joined(name: str, relations: Iterable[Relation]) -> Relation:
    """The columns of several side by side. Raises Used where they are more than any server bears."""
    parts = list(relations)
    if sum(len(each.columns) for each in parts) > MAX_COLUMNS:
        raise Used(name or "*", Why.DEPTH)
    return Relation(
        name,
        tuple(column for each in parts for column in each.columns),
        known=all(each.known for each in parts),
        rest=max((each.rest for each in parts), default=Rest.NONE),
    )
