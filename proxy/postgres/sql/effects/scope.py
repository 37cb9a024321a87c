"""Scope: what is known of a place in a statement's tree: which kind is around it, which names WITH gives. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from proxy.syntax.sql import children

#: Statements that may begin with WITH.
_WITH = (pg.SelectStmt, pg.InsertStmt, pg.UpdateStmt, pg.DeleteStmt, pg.MergeStmt)
#: Code in strings inside code in strings.
MAX_DEPTH = 8


@dataclass(frozen=True)
class Known:
    """The names of one WITH, of which the first `count` are known."""

    places: Mapping[str, int]
    count: int

    def has(self, name: str) -> bool:
        return self.places.get(name, self.count) < self.count


@dataclass(frozen=True)
class Scope:
    """The place of a node."""

    #: The kind of the statement around it, as a rule names it.
    kinds: frozenset[str] = frozenset()
    #: Besides, the kind of what keeps it for later (a view, a function), which every part of it has.
    kept_by: frozenset[str] = frozenset()
    #: Names of WITH queries, which are no tables: those of each WITH around it, as far as they are known here.
    queries: tuple["Known", ...] = ()
    #: The kind of the nearest statement around it that changes rows.
    changes: frozenset[str] = frozenset()
    #: Under a plain EXPLAIN nothing runs.
    runs: bool = True
    depth: int = 0

    @property
    def labels(self) -> frozenset[str]:
        return self.kinds | self.kept_by

    def of(self, *kinds: str) -> "Scope":
        """Inside a statement of this kind."""
        return replace(self, kinds=frozenset(kinds))

    def changing(self, kind: str) -> "Scope":
        """Inside a statement that changes rows."""
        return replace(self, kinds=frozenset({kind}), changes=frozenset({kind}))

    def kept(self, *kinds: str) -> "Scope":
        """Inside what is kept for later."""
        return replace(self, kept_by=self.kept_by | frozenset(kinds))

    def explained(self) -> "Scope":
        return replace(self, runs=False)

    def running(self) -> "Scope":
        """What is computed whatever is around it."""
        return replace(self, runs=True)

    def deeper(self) -> "Scope":
        """Inside a string of code, which knows no WITH query of the statement around it."""
        return replace(self, depth=self.depth + 1, queries=())

    def knows(self, table: pg.RangeVar) -> bool:
        """Whether the name is that of a WITH query."""
        return not table.schemaname and any(known.has(table.relname) for known in self.queries)


def below(node: Message, scope: Scope, *, without: frozenset[str] = frozenset()) -> Iterator[tuple[Message, Scope]]:
    """What stands below a node, each with its scope; `without` some of its fields.

    The names of its WITH are known everywhere in it, in the WITH queries themselves only behind their own
    (PostgreSQL documentation, SELECT, "WITH Clause"); with RECURSIVE in all of them.
    """
    if not isinstance(node, _WITH) or not node.with_clause.ctes:
        yield from ((child, scope) for field, child in children(node) if field not in without)
        return
    queries = [each.common_table_expr for each in node.with_clause.ctes]
    places = {query.ctename: place for place, query in enumerate(queries)}
    for place, query in enumerate(queries):
        known = len(queries) if node.with_clause.recursive else place
        yield query, replace(scope, queries=(*scope.queries, Known(places, known)))
    inside = replace(scope, queries=(*scope.queries, Known(places, len(queries))))
    yield from ((child, inside) for field, child in children(node) if field not in without and field != "with_clause")
