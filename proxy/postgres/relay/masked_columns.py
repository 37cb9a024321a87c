"""MaskedColumns: one session's knowledge of the database's masked columns, and which rule masks a result's column.

Fetched by the role's own account when the session starts, and again when something turns up that it does not know.
"""

import functools
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import zip_longest
from typing import cast

import structlog

from access.policy.resources import Resource
from access.policy.shapes.roles import Role
from access.policy.shapes.upstreams import PostgresUpstream
from proxy.aside import aside
from proxy.errors import PolicyFault, UpstreamFault
from proxy.masking.rules import Masker, MaskingRule
from proxy.postgres import upstream
from proxy.postgres.cells.types import Types
from proxy.postgres.protocol.messages import Column
from proxy.postgres.relay.catalogue_changes import CatalogueChanges
from proxy.postgres.relay.rows.rows import RowMasker
from proxy.postgres.sql.catalogue import Catalogue
from proxy.postgres.sql.columns.defining.remade import Remade, in_code_sql, is_misled
from proxy.postgres.sql.plannable import Named, harmless_sql
from proxy.postgres.sql.reading import (
    COLUMNS_SQL,
    FUNCTIONS_SQL,
    SYSTEM_SQL,
    VIEWS_SQL,
    alone,
    is_partial,
    read,
)
from proxy.postgres.sql.texts.query import QueryAnalyser, QueryAnalysis
from proxy.postgres.upstream import Refused, Upstream

#: Result shapes whose masks are remembered.
MAX_SHAPES = 500
#: How old a catalogue may be when a statement is analysed: nobody tells of what is changed past this process, by
#: another one or by whoever comes to the database directly.
MAX_AGE_S = 60.0
#: The same where somebody's lock kept it from being read whole.
MAX_PARTIAL_AGE_S = 2.0
#: The same while another session may commit a change and does not hear of it yet, as in one string with what is slow.
MAX_OPEN_AGE_S = 0.5
#: How often it is tried where a lock comes up in that moment; the next time it is read around that.
_TRIES = 3
_LOCKED = "55P03"
#: How old it may grow while it cannot be fetched, as where a database grants no further connection, before statements
#: are refused.
MAX_UNFETCHED_S = 600.0

_NO_ORDER = (
    "Gatepass does not know for certain which columns {} has, for this transaction may have changed them, and this "
    "database has masked data. Name the columns in COPY, or run it outside of the transaction."
)

log: structlog.stdlib.BoundLogger = structlog.get_logger()


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
        upstream = cast("PostgresUpstream", resource.upstream)
        self._place = (upstream.host, upstream.port, database)
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
        #: DDL was sent since all was quiet the last time.
        self._is_changing = False
        #: Columns may stand in other places since all was quiet the last time.
        self.is_moving = False
        #: It may be committed before the server says so.
        self._is_open = False
        #: The catalogue is to be fetched before the next statement is analysed.
        self._stale = False
        self._clock = clock
        self._fetched_at = self._tried_at = clock()
        self._is_partial = False
        #: Counts catalogues: what was derived from another one is out of date.
        self.generation = 0

    @property
    def catalogue(self) -> Catalogue:
        return self.analyser.catalogue

    @property
    def is_stale(self) -> bool:
        """DDL has run, here or in another session of this process."""
        return self._stale or self.is_behind

    @property
    def is_behind(self) -> bool:
        """DDL of another session of this process has been committed since it was fetched, or may have been."""
        if self._seen != self._changes.of(self._place):
            return True
        is_open = self._changes.is_open(self._place, own=self._is_open)
        return is_open and self._clock() - self._tried_at > MAX_OPEN_AGE_S

    @property
    def is_old(self) -> bool:
        """Others may have changed it since it was fetched, or since that was last tried."""
        return self._clock() - self._tried_at > (MAX_PARTIAL_AGE_S if self._is_partial else MAX_AGE_S)

    def expire(self, *, changed: bool = False) -> None:
        """Fetch it before the next statement is analysed; `changed`: the session's own DDL has run."""
        self._stale = True
        self._untold = self._untold or changed

    def sent(self, analysis: QueryAnalysis) -> None:
        """A statement is sent to run.

        What it commits is there for everybody before this session hears of it: the server may answer no sooner than
        it has run all of a string or a batch, or wait for a client that does not read.
        """
        self._is_changing = self._is_changing or analysis.is_ddl
        self.is_moving = self.is_moving or analysis.moves_columns
        if self._is_changing and analysis.may_end_block and not self._is_open:
            self._is_open = True
            self._changes.begin(self._place)

    def committed(self, *, is_quiet: bool) -> None:
        """No transaction is open: what DDL has changed is there for everybody. `is_quiet`: nothing was sent since."""
        self.analyser.committed()
        if self._untold:
            self._changes.note(self._place)
            self._untold = False
        if is_quiet:
            self._is_changing = self.is_moving = False
            self._close()

    def _close(self) -> None:
        if self._is_open:
            self._is_open = False
            self._changes.end(self._place)

    def left(self, *, is_quiet: bool) -> None:
        """The session is over. `is_quiet`: all that it sent is answered, so the server rolls back what is open."""
        if not is_quiet and (self._is_changing or self._untold):
            self._changes.note(self._place)
            self._changes.linger(self._place, MAX_AGE_S)
        self._close()

    def is_masked(self, name: str) -> bool:
        return self._masker.column_rule(name) is not None

    async def load(self, connection: Upstream) -> None:
        """Fetch the catalogue over an idle connection. Raises UpstreamFault."""
        seen, asked_at = self._changes.of(self._place), self._clock()
        columns = await _fetched(connection, COLUMNS_SQL)
        more = [VIEWS_SQL, FUNCTIONS_SQL, SYSTEM_SQL] if any(self.is_masked(row[4]) for row in columns) else []
        views, functions, system = [await _fetched(connection, each) for each in more] or ([], [], [])
        work = functools.partial(read, columns, views, self.is_masked, functions, system)
        found = await aside(work, is_long=True)
        self.analyser.server = connection.version
        self.analyser.catalogue = found
        self._shapes.clear()
        self.types.forget()
        self.generation += 1
        self._stale, self._seen = False, seen
        self._fetched_at = self._tried_at = asked_at
        self._is_partial = is_partial(columns, views)

    async def catch_up(self, *, is_idle: bool) -> str:
        """Fetch it. Why it may not have all that is known to have been made; empty: it has, or had until of late.

        What an open transaction of the client's own has made is not committed, and remembered apart.
        """
        is_needed = self.is_stale if is_idle else self.is_behind
        self._tried_at = self._clock()
        try:
            await self.refresh()
        except UpstreamFault as fault:
            log.warning("postgres_catalogue_kept", resource=self._resource.name, why=str(fault))
            return str(fault) if is_needed or self._clock() - self._fetched_at > MAX_UNFETCHED_S else ""
        return ""

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

    async def in_code(self, remakes: Iterable[Remade]) -> Remade | None:
        """The first of these that misleads code of the database; None: none does. Raises UpstreamFault."""
        connection = await upstream.connect(self._resource, self._role, {"database": self._database})
        try:
            for each in remakes:
                rows = await connection.fetch(alone(in_code_sql(each)))
                misled = functools.partial(is_misled, each, [(what, text) for what, text in rows])
                if await aside(misled, is_long=True):
                    return each
        finally:
            await connection.transport.close()
        return None

    async def are_harmless(self, named: Iterable[Named], schemas: Sequence[str]) -> bool:
        """Whether planning what these name runs no code, as the server's catalogue has it. Raises UpstreamFault."""
        connection = await upstream.connect(self._resource, self._role, {"database": self._database})
        try:
            answers = [await connection.fetch(alone(harmless_sql(each, schemas))) for each in named]
        finally:
            await connection.transport.close()
        return all(answer == [["t"]] for answer in answers)

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


async def _fetched(connection: Upstream, sql: str) -> list[list[str]]:
    """Rows of a query of `reading`, which leaves alone what is locked when it begins. Raises UpstreamFault."""
    for _ in range(_TRIES - 1):
        try:
            return await connection.fetch(sql)
        except Refused as refusal:
            if refusal.code != _LOCKED:
                raise
        await connection.fetch("rollback")
    return await connection.fetch(sql)


def _origin(column: Column) -> tuple[int, int]:
    return column.table_oid, column.attribute
