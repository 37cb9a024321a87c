"""Estimator: how many rows the planner expects a statement to touch. EXPLAIN, never ANALYZE, on its own connection.

Planning runs what is immutable, so only what `sql.plannable` proves harmless is planned, in a read-only transaction,
as the same account with the same search path. It takes two seconds at most and delays nothing else; whatever is in the
way, the answer is "unknown". Nothing of its connection is the client's.
"""

import asyncio
import json
from dataclasses import dataclass

from access.policy.resources import Resource
from access.policy.shapes.roles import Role
from proxy.credentials import Issued
from proxy.errors import Fault
from proxy.postgres import upstream
from proxy.postgres.protocol.messages import TERMINATE
from proxy.postgres.sql.plan import in_words, rows_of
from proxy.postgres.sql.plannable import Named, harmless_sql, plannable
from proxy.postgres.upstream import Upstream

#: For all of it: a reviewer's card waits for it.
TIMEOUT_S = 2.0
#: PostgreSQL's own limits, shorter, so that nothing of it goes on there.
_STATEMENT_MS, _LOCK_MS = 1_500, 500

_BEGIN = (
    f"begin read only; set local statement_timeout = {_STATEMENT_MS}; set local lock_timeout = {_LOCK_MS}; "
    "select pg_catalog.array_to_json(pg_catalog.current_schemas(true)); set local search_path = pg_catalog"
)


@dataclass(frozen=True)
class Estimator:
    """For one session's statements, as its role."""

    resource: Resource
    role: Role
    database: str

    @property
    def account(self) -> str:
        return self.role.username

    async def rows(self, sql: bytes, search_path: str) -> str:
        """In words, of one statement: "about 12 rows", or "unknown". Never raises."""
        named = plannable(sql)
        # An account that was made for this session lets nobody in a second time.
        if named is None or (isinstance(self.role, Issued) and self.role.secret is not None):
            return in_words(None)
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return in_words(await self._planned(sql, named, search_path))
        except (TimeoutError, Fault, OSError):
            return in_words(None)

    async def _planned(self, sql: bytes, named: Named, search_path: str) -> int | None:
        settings = {"database": self.database, "search_path": search_path, "client_encoding": "UTF8"}
        connection = await upstream.connect(self.resource, self.role, settings)
        try:
            explained = await _explained(connection, sql, named)
        except BaseException:
            connection.transport.abort()
            raise
        connection.transport.write(TERMINATE)
        await connection.transport.close()
        return rows_of(explained) if explained is not None else None


async def _explained(connection: Upstream, sql: bytes, named: Named) -> str | None:
    """The plan as JSON; None where it was not proven harmless."""
    [[schemas]] = await connection.fetch(_BEGIN)
    if await connection.fetch(harmless_sql(named, json.loads(schemas))) != [["t"]]:
        return None
    # Back to what the connection was opened with: the client's.
    await connection.fetch("set local search_path to default")
    generic = ", generic_plan" if b"$" in sql else ""
    rows = await connection.fetch(f"explain (format json{generic}) {sql.decode()}")
    return rows[0][0] if rows else None
