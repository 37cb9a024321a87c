"""Which columns a session's role may read: those of its template, but for what the masking policy denies. Pure.

Denied is a column by its name, whatever a view shows of it, and what is generated from it. Rows come from `facts`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from proxy.postgres.ephemeral.statements import identifier, names
from proxy.postgres.sql.catalogue import Catalogue

#: A column: its table's OID and its number there.
Column = tuple[int, int]
#: `user` of a column, such as a view's, and the column that it is made from.
Use = tuple[Column, Column]
Rows = Iterable[Sequence[str]]

#: All columns of a view, in a Use.
EVERY_COLUMN = 0


@dataclass
class Relation:
    """A table or view, and what the template may do with it: numbers of columns for each privilege."""

    oid: int
    schema: str
    name: str
    columns: dict[int, str] = field(default_factory=dict[int, str])
    #: SELECT, INSERT and UPDATE -> numbers of the columns.
    by_column: dict[str, set[int]] = field(default_factory=dict[str, set[int]])
    #: DELETE and TRUNCATE, which are for whole tables.
    whole: set[str] = field(default_factory=set[str])

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


def relations(column_rows: Rows, table_rows: Rows) -> list[Relation]:
    """From the rows of facts.column_rights and facts.table_rights; only those with some right."""
    found: dict[int, Relation] = {}
    for oid, schema, name, number, column, *rights in column_rows:
        relation = found.setdefault(int(oid), Relation(int(oid), schema, name))
        relation.columns[int(number)] = column
        for privilege, allowed in zip(("select", "insert", "update"), rights, strict=True):
            if allowed == "t":
                relation.by_column.setdefault(privilege, set()).add(int(number))
    for oid, privilege in table_rows:
        if int(oid) in found:
            found[int(oid)].whole.add(privilege)
    return [relation for relation in found.values() if relation.by_column or relation.whole]


def denied(catalogue: Catalogue, columns: Iterable[Column], uses: Iterable[Use]) -> set[Column]:
    """The columns that must not be read: those that `catalogue` has as masked, and what is made of them.

    `uses` are generated columns and views with the columns that they are made from. A view that the catalogue has
    traced shows what it says; one that uses a denied column the trace could not know of is denied whole.
    """
    of_table: dict[int, list[Column]] = {}
    for column in columns:
        of_table.setdefault(column[0], []).append(column)
    found = {each for own in of_table.values() for each in own if _is_masked(catalogue, each)}
    traced = frozenset(found)
    uses = list(uses)
    before = -1
    while before != len(found):
        before = len(found)
        for (oid, number), source in uses:
            if source in found and number != EVERY_COLUMN:
                found.add((oid, number))
            elif source in found and source not in traced:
                found.update(of_table.get(oid, ()))
    return found


def _is_masked(catalogue: Catalogue, column: Column) -> bool:
    table = catalogue.table(column[0])
    return table is not None and column[1] in table.masked


def grants(relation: Relation, role: str, denied: Callable[[Column], bool]) -> Iterator[str]:
    """GRANT for one relation. Denied columns may be filled, as with a new card, and neither read nor changed."""
    table = f"{identifier(relation.schema)}.{identifier(relation.name)}"
    parts: list[str] = []
    for privilege, numbers in relation.by_column.items():
        allowed = [n for n in sorted(numbers) if privilege == "insert" or not denied((relation.oid, n))]
        if allowed:
            parts.append(f"{privilege} ({names([relation.columns[number] for number in allowed])})")
    parts += sorted(relation.whole)
    if parts:
        yield f"grant {', '.join(parts)} on {table} to {identifier(role)}"


def readable(relation: Relation, denied: Callable[[Column], bool]) -> list[Column]:
    """What the role should be able to read of it afterwards."""
    numbers = sorted(relation.by_column.get("select", ()))
    return [(relation.oid, number) for number in numbers if not denied((relation.oid, number))]
