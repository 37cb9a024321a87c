"""MaskedColumns: one session's knowledge of the database's masked columns, and which rule masks a result's column.

Fetched by the role's own account when the session starts, and again when something turns up that it does not know.
"""

import functools
import time
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import zip_longest

import structlog

from access.policy.resources import Resource, Role
from proxy.aside import aside
from proxy.errors import PolicyFault, UpstreamFault
from proxy.masking.rules import Masker, MaskingRule
from proxy.postgres import upstream
from proxy.postgres.cells.types import Types
from proxy.postgres.protocol.messages import Column
from proxy.postgres.relay.rows.rows import RowMasker
from proxy.postgres.sql.catalogue import Catalogue
from proxy.postgres.sql.query import QueryAnalyser
from proxy.postgres.sql.reading import COLUMNS_SQL, FUNCTIONS_SQL, SYSTEM_SQL, VIEWS_SQL, read
from proxy.postgres.upstream import Upstream

#: Result shapes whose masks are remembered.
MAX_SHAPES = 500
#: How old a catalogue may be when a statement is analysed: nobody tells of what is changed past this process, by
#: another one or by whoever comes to the database directly.
MAX_AGE_S = 60.0
#: How old it may grow while it cannot be fetched, as where a database grants no further connection.
MAX_UNFETCHED_S = 600.0

_NO_ORDER = (
    "Gatepass does not know for certain which columns {} has, for this transaction may have changed them, and this "
    "database has masked data. Name the columns in COPY, or run it outside of the transaction."
)

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class CatalogueChanges:
    """How often sessions of this process changed each database's catalogue: the others fetch it again then."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, int, str]] = Counter()

    def of(self, database: tuple[str, int, str]) -> int:
        return self._counts.get(database, 0)

    def note(self, database: tuple[str, int, str]) -> None:
        self._counts[database] += 1


class MaskedColumns:
    """Owns the session's analyser, whose catalogue it keeps up to date."""

    def __init__(
        self,
        resource: Resource,
        role: Role,
        database: str,
        masker: Masker,
        changes: CatalogueChanges | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._resource = resource
        self._role = role
        self._database = database
        self._place = (resource.upstream.host, resource.upstream.port, database)
        self._masker = masker
        self.analyser = QueryAnalyser(self.is_masked)
        #: The database's own types, as they turn up.
        self.types = Types()
        self._shapes: dict[tuple[Column, ...], RowMasker] = {}
        #: Origins that even a fresh catalogue did not hold: another session's, or not committed yet.
        self._unknown: set[tuple[int, int]] = set()
        self._changes = changes or CatalogueChanges()
        self._seen = 0
        #: DDL has run, and the other sessions do not know yet: its transaction may be open.
        self._untold = False
        #: The catalogue is to be fetched before the next statement is analysed.
        self._stale = False
        self._clock = clock
        self._fetched_at = self._tried_at = clock()
        #: Counts catalogues: what was derived from another one is out of date.
        self.generation = 0

    @property
    def catalogue(self) -> Catalogue:
        return self.analyser.catalogue

    @property
    def is_stale(self) -> bool:
        """DDL has run, here or in another session of this process."""
        return self._stale or self._seen != self._changes.of(self._place)

    @property
    def is_old(self) -> bool:
        """Others may have changed it since it was fetched, or since that was last tried."""
        return self._clock() - self._tried_at > MAX_AGE_S

    def expire(self, *, changed: bool = False) -> None:
        """Fetch it before the next statement is analysed; `changed`: the session's own DDL has run."""
        self._stale = True
        self._untold = self._untold or changed

    def committed(self) -> None:
        """No transaction is open: what DDL has changed is there for everybody."""
        self.analyser.committed()
        if self._untold:
            self._changes.note(self._place)
            self._untold = False

    def is_masked(self, name: str) -> bool:
        return self._masker.column_rule(name) is not None

    async def load(self, connection: Upstream) -> None:
        """Fetch the catalogue over an idle connection. Raises UpstreamFault."""
        seen, asked_at = self._changes.of(self._place), self._clock()
        columns = await connection.fetch(COLUMNS_SQL)
        more = [VIEWS_SQL, FUNCTIONS_SQL, SYSTEM_SQL] if any(self.is_masked(row[4]) for row in columns) else []
        views, functions, system = [await connection.fetch(each) for each in more] or ([], [], [])
        work = functools.partial(read, columns, views, self.is_masked, functions, system)
        self.analyser.catalogue = await aside(work, is_long=True)
        self._shapes.clear()
        self.types.forget()
        self.generation += 1
        self._stale, self._seen = False, seen
        self._fetched_at = self._tried_at = asked_at

    async def renew(self) -> None:
        """Fetch an old one again. Raises UpstreamFault where that has failed for too long; until then it is kept."""
        self._tried_at = self._clock()
        try:
            await self.refresh()
        except UpstreamFault as fault:
            if self._clock() - self._fetched_at > MAX_UNFETCHED_S:
                raise
            log.warning("postgres_catalogue_kept", resource=self._resource.name, why=str(fault))

    async def refresh(self, columns: Sequence[Column] = ()) -> None:
        """Fetch it over a connection of its own; `columns` are those it was asked for, known or not afterwards."""
        connection = await upstream.connect(self._resource, self._role, {"database": self._database})
        try:
            if not columns or not self._knows_origins(columns):
                await self.load(connection)
            if types := self.types.missing(column.type_oid for column in columns):
                self.types.learn(types, await connection.fetch(Types.sql(types)))
        finally:
            await connection.transport.close()
        self._unknown.update(_origin(column) for column in columns if not self.catalogue.knows(column))

    def knows(self, columns: Sequence[Column]) -> bool:
        """Whether all origins and types are known; if not, refresh first."""
        return not self.types.missing(column.type_oid for column in columns) and self._knows_origins(columns)

    def _knows_origins(self, columns: Sequence[Column]) -> bool:
        return all(self.catalogue.knows(column) or _origin(column) in self._unknown for column in columns)

    def row_masker(self, columns: tuple[Column, ...]) -> RowMasker:
        """What masks rows of these columns."""
        masker = self._shapes.get(columns)
        if masker is None:
            if len(self._shapes) >= MAX_SHAPES:
                self._shapes.clear()
            masker = RowMasker(columns, [self._rule(column) for column in columns], self._masker, self.types)
            self._shapes[columns] = masker
        return masker

    def copy_rules(self, schema: str | None, table: str | None, columns: Sequence[str]) -> list[MaskingRule | None]:
        """Rules for the columns of a COPY; empty if nothing but their content is known. Raises PolicyFault.

        Where tables of several schemas have the name, the search path decides which one it is, and we do not know it:
        a column that is masked in any of them is masked. Without a list of columns their order must be known.
        """
        named = self.catalogue.named(table, schema or "") if table is not None else []
        found = [each for each in named if each.masked]
        is_certain = bool(named) and not any(each.is_uncertain for each in named) and not (found and self._untold)
        if not columns and table is not None and self.catalogue.masked and not is_certain:
            raise PolicyFault(_NO_ORDER.format(table))
        if not columns and not found:
            return []
        if columns:
            masked = {each.columns[number]: name for each in found for number, name in each.masked.items()}
            return [self._rule_of(masked.get(name), name) for name in columns]
        orders = [[self._rule_of(each.masked.get(n), name) for n, name in each.columns.items()] for each in found]
        return [next(filter(None, rules), None) for rules in zip_longest(*orders)]

    def _rule(self, column: Column) -> MaskingRule | None:
        """By origin, then by name."""
        return self._rule_of(self.catalogue.masked_name(column), column.name)

    def _rule_of(self, masked: str | None, name: str) -> MaskingRule | None:
        """By the masked column that it shows, if it shows one; else by its own name."""
        rule = self._masker.column_rule(name if masked is None else masked)
        return rule or (None if masked is None else self._any_rule())

    def _any_rule(self) -> MaskingRule:
        """For a view's column that could not be traced to one of several masked ones."""
        return next(rule for rule in self._masker.rules if rule.columns)


def _origin(column: Column) -> tuple[int, int]:
    return column.table_oid, column.attribute
