"""Scope: which relations a place in a statement sees, and what a reference there means. Pure.

A reference means the nearest column of its name. Where that is not certain, because a relation is not known or one of
several may be meant, it is masked if any of them is. What looks like a column and is none of its relation's is a
function of the whole row (`c.f` is `f(c)`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from proxy.postgres.sql.catalogue import SYSTEM_COLUMNS, Catalogue, IsMasked
from proxy.postgres.sql.columns.relations import Column, Relation, Rest, Used, Why, joined
from proxy.syntax.sql import unwrap

#: What a query gives: the query, where it stands, and whether its columns come to a reader as what they are.
Query = Callable[[Message, "Scope", bool], Relation]


@dataclass(frozen=True)
class Scope:
    """A place in a statement."""

    catalogue: Catalogue
    is_masked: IsMasked
    query: Query
    #: What FROM clauses give, the innermost query's first.
    levels: tuple[tuple[Relation, ...], ...] = ()
    #: What WITH queries give, by name.
    queries: Mapping[str, Callable[[], Relation]] = field(default_factory=dict[str, Callable[[], Relation]])

    def inside(self, relations: Sequence[Relation]) -> "Scope":
        """Within a query of these relations."""
        return replace(self, levels=(tuple(relations), *self.levels))

    def beside(self, relations: Sequence[Relation]) -> "Scope":
        """Behind further relations of the same FROM."""
        first, *outer = self.levels or ((),)
        return replace(self, levels=((*first, *relations), *outer))

    def having(self, queries: Mapping[str, Callable[[], Relation]]) -> "Scope":
        """Where these WITH queries are known as well."""
        return replace(self, queries={**self.queries, **queries})

    # --- references ---------------------------------------------------------------------------------------------------

    def column(self, reference: pg.ColumnRef) -> Column | None:
        """The column that a reference means, a row without masked columns being one; None: there is no such column.

        Raises Used for whole rows with masked columns.
        """
        names = [each.sval if isinstance(each, pg.String) else "" for each in map(unwrap, reference.fields)]
        return self._unqualified(names[0]) if len(names) == 1 else self._qualified(names)

    def star(self, reference: pg.ColumnRef) -> Relation:
        """What `*` or `c.*` stands for. Raises Used where nothing has that name."""
        if len(reference.fields) == 1:
            return joined("*", self.levels[0] if self.levels else ())
        names = [each.sval for each in map(unwrap, reference.fields) if isinstance(each, pg.String)]
        found = self._called(names)
        if not found:
            raise Used(f"{names[-1]}.*", Why.NO_SUCH_COLUMN)
        return joined("*", found)

    def has(self, name: str) -> bool:
        """Whether a relation of this very query has, or may have, a column of this name."""
        return any(self._of(relation, name) for relation in (self.levels[0] if self.levels else ()))

    def _unqualified(self, name: str) -> Column | None:
        found: list[Column] = []
        certain = False
        for level in self.levels:
            found += [column for relation in level if (column := self._of(relation, name)) is not None]
            certain = any(relation.known and _has(relation, name) for relation in level)
            if certain:
                break
        if not certain and (rows := self._called([name])):
            found.append(_row(name, rows))
        return next((column for column in found if column.masked), next(iter(found), None))

    def _of(self, relation: Relation, name: str) -> Column | None:
        """The column that a relation has of this name, or may have."""
        column = relation.find(name)
        if column is not None:
            return column
        if relation.is_table and name in SYSTEM_COLUMNS:
            return Column(name)
        if relation.rest is Rest.MASKED:
            return Column(name, name)
        if relation.rest is Rest.NAMED:
            return Column(name, name if self.is_masked(name) else "", traced=False)
        return None

    def _qualified(self, names: Sequence[str]) -> Column:
        rows = self._called(names[:-1])
        if not rows:
            raise Used(".".join(names), Why.NO_SUCH_COLUMN)
        found = [self._field(row, names) for row in rows]
        return next((column for column in found if column.masked), found[0])

    def _field(self, row: Relation, names: Sequence[str]) -> Column:
        """`c.f`: a column of c, or the function f of all of it."""
        name = names[-1]
        is_own = _has(row, name) or row.rest is Rest.MASKED or not row.masked
        column = self._of(row, name) if is_own else None
        if column is None and self.is_masked(name):
            # What is masked by its name is a column, though not one that is known yet.
            raise Used(".".join(names[-2:]), Why.NO_SUCH_COLUMN)
        return column if column is not None else _row(".".join(names[-2:]), [row])

    def _called(self, names: Sequence[str]) -> tuple[Relation, ...]:
        """The nearest relations of this name; with a schema also further ones, which no alias hides then."""
        found: tuple[Relation, ...] = ()
        for level in self.levels:
            found += tuple(relation for relation in level if relation.name == names[-1])
            if found and len(names) == 1:
                break
        return found


def _has(relation: Relation, name: str) -> bool:
    return relation.find(name) is not None or (relation.is_table and name in SYSTEM_COLUMNS)


def _row(name: str, rows: Sequence[Relation]) -> Column:
    """A whole row, or a function of it; what a function gives is no more than what its columns are."""
    for row in rows:
        if row.masked:
            raise Used(name, Why.WHOLE_ROW, row.masked)
    return Column(name)
