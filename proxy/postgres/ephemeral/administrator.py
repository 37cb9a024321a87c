"""The account that makes and drops the roles of sessions, at work: a connection of its own, never a client's.

It makes a role in one transaction, and drops it in another. When that is due is for `account` and `sweeper` to say.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from access.policy.resources import Resource
from access.policy.shapes.roles import Role
from proxy import credentials
from proxy.errors import UpstreamFault
from proxy.postgres import upstream
from proxy.postgres.ephemeral import columns, facts, statements
from proxy.postgres.ephemeral.columns import Column, Relation
from proxy.postgres.ephemeral.facts import Template
from proxy.postgres.ephemeral.naming import Provenance
from proxy.postgres.protocol.messages import TERMINATE
from proxy.postgres.sql import reading
from proxy.postgres.upstream import Refused, Upstream, fault, upstream_of

#: How long our statements wait for a lock: a role that something holds on to is dropped another time. The server knows
#: it for itself, for a backend that waits does not see that whom it works for has left.
MAKE_LOCK_TIMEOUT_MS = 10_000
DROP_LOCK_TIMEOUT_MS = 2_000
#: How long each of the role's own connections may take to end.
BACKEND_TIMEOUT_MS = 2_000
#: Statements that are sent as one.
_AT_ONCE = 100

#: Names mean PostgreSQL's own things: who may create functions must not have this account call them.
_SETTINGS = {"search_path": "pg_catalog", "client_encoding": "UTF8", "lock_timeout": str(MAKE_LOCK_TIMEOUT_MS)}

#: Somebody else changed the rights on the same tables at that moment: "tuple concurrently updated", and a deadlock.
_AT_THE_SAME_TIME = ("XX000", "40P01")
_TRIES = 4

_FoundT = TypeVar("_FoundT", Template, dict[str, str])
_DoneT = TypeVar("_DoneT")

#: Whether the policy denies reading columns of this name.
Denies = Callable[[str], bool]


class NotMade(UpstreamFault):
    """No role was made, for certain; the message is a sentence for the person."""


@dataclass(frozen=True)
class NewRole:
    """What a role is to be made with."""

    name: str
    verifier: str
    until: datetime
    template: str
    provenance: Provenance
    #: None: no column is denied, so the role becomes a member of its template.
    denies: Denies | None


@dataclass(frozen=True)
class Dropped:
    """What was done about a role."""

    #: Somebody else may have dropped it before.
    existed: bool = False
    connections: int = 0
    #: Objects that its heir owns now.
    reassigned: int = 0
    #: Transactions that it had prepared, and that are rolled back.
    prepared: int = 0

    def told(self) -> dict[str, object]:
        """For the audit log."""
        return {"connections": self.connections, "reassigned": self.reassigned, "prepared": self.prepared}


@dataclass(frozen=True)
class _Rights:
    """What a template may do, and which columns must not be read."""

    relations: list[Relation]
    denied: set[Column]


def administrating(resource: Resource, application_name: str) -> Role:
    """The resource's role_admin, to log in by. Raises UpstreamFault without one."""
    admin = upstream_of(resource).role_admin
    if admin is None:
        raise fault(resource, "has no role_admin in the policy")
    role = Role(name="role_admin", username=admin.username, password=admin.password)
    return credentials.issued(role, application_name)


@contextlib.asynccontextmanager
async def administrator(resource: Resource, database: str, application_name: str) -> AsyncGenerator["Administrator"]:
    """Logged in to that database; what is not committed when the block is left is not done. Raises UpstreamFault."""
    role = administrating(resource, application_name)
    connection = await upstream.connect(resource, role, {"database": database, **_SETTINGS})
    try:
        yield Administrator(connection, role.username)
        connection.transport.write(TERMINATE)
        await connection.transport.close()
    finally:
        connection.transport.abort()


class Administrator:
    """One such connection."""

    def __init__(self, connection: Upstream, account: str) -> None:
        self._connection = connection
        self._account = account

    # --- making -------------------------------------------------------------------------------------------------------

    async def make(self, new: NewRole) -> None:
        """Make the role with all of its rights, or not at all. Raises NotMade; UpstreamFault where nobody can tell."""
        try:
            template = self._found(facts.read_template(new.template, await self._ask(facts.template(new.template))))
            settings = self._found(facts.read_settings(await self._ask(facts.settings(new.template))))
            rights = await self._rights(new.template, new.denies) if new.denies is not None else None
            await self._again(lambda: self._made(new, template, settings, rights))
        except Refused as refusal:
            raise self._amiss(f"{refusal.words} ({refusal.code})") from refusal

    async def _made(
        self, new: NewRole, template: Template, settings: Mapping[str, str], rights: _Rights | None
    ) -> None:
        await self._do(statements.begin(MAKE_LOCK_TIMEOUT_MS))
        await self._do(*statements.create(new.name, new.verifier, new.until, new.provenance.comment()))
        if rights is None:
            await self._do(statements.join(new.name, new.template))
        else:
            await self._grant(new.name, template, rights)
        for setting, value in settings.items():
            await self._do(*statements.keep_setting(new.name, setting, value))
        await self._do("commit")

    async def _rights(self, template: str, denies: Denies) -> _Rights:
        """Asked outside of a transaction, for the catalogue's queries are transactions of their own."""
        listed = await self._ask(reading.COLUMNS_SQL)
        views, uses = await self._ask(reading.VIEWS_SQL), await self._ask(facts.USES)
        relations = columns.relations(
            await self._ask(facts.column_rights(template)), await self._ask(facts.table_rights(template))
        )
        return _Rights(relations, await asyncio.to_thread(_denied, listed, views, uses, denies))

    async def _grant(self, name: str, template: Template, rights: _Rights) -> None:
        """Column by column, and then ask whether that is what came of it."""

        def denied(column: Column) -> bool:
            return column in rights.denied

        await self._do(*(each for relation in rights.relations for each in columns.grants(relation, name, denied)))
        others = await self._ask(facts.other_rights(template.name, name))
        await self._do(*(f"grant {words} to {statements.identifier(name)}" for [words] in others))
        if rights.denied and (found := await self._ask(facts.readable_anyway(name, sorted(rights.denied)))):
            raise self._amiss(
                f"it could read {found[0][0]}.{found[0][1]}, which masking denies, by a right that everybody has: "
                "REVOKE that FROM PUBLIC"
            )
        wanted = [column for relation in rights.relations for column in columns.readable(relation, denied)]
        if wanted and (found := await self._ask(facts.not_readable(name, wanted))):
            raise self._amiss(
                f"{self._account} cannot hand on the right to read {found[0][0]}: "
                f"GRANT SELECT ON {found[0][0]} TO {self._account} WITH GRANT OPTION"
            )
        if found := await self._ask(facts.may_create(name)):
            raise self._amiss(f"everybody may create things in the {found[0][0]}: REVOKE CREATE FROM PUBLIC")

    async def lock(self, name: str) -> None:
        """Let nobody log in as the role any more. Raises UpstreamFault."""
        try:
            await self._do(statements.lock(name))
        except Refused as refusal:
            raise self._amiss(f"{refusal.words} ({refusal.code})") from refusal

    # --- dropping -----------------------------------------------------------------------------------------------------

    async def drop(self, name: str, heir: str | None) -> Dropped:
        """End the role's connections, hand on or drop what it owns here, and drop it. Raises UpstreamFault.

        Without a heir, what it owns is dropped with it. Temporary things are gone with its connections.
        """
        try:
            return await self._again(lambda: self._dropped(name, heir))
        except Refused:
            await self._do("rollback", statements.OURSELVES)
            if await self._ask(facts.exists(name)):
                raise
            return Dropped()

    async def _dropped(self, name: str, heir: str | None) -> Dropped:
        if not (rows := await self._ask(facts.exists(name))):
            return Dropped()
        version = int(rows[0][0])
        await self._do(statements.wait_at_most(DROP_LOCK_TIMEOUT_MS), statements.belong_to_us(name, version))
        ended, prepared = await self._end(name, version)
        # A transaction in which the role changed its password keeps us from it: only now that none is left. What logged
        # in up to here is ended too.
        await self._do(statements.lock(name))
        more_ended, more_prepared = await self._end(name, version)
        await self._do(statements.begin(DROP_LOCK_TIMEOUT_MS))
        [[owned, _]] = await self._ask(facts.holdings(name))
        if heir is not None:
            await self._do(statements.leave(name, heir))
        await self._revoke(name, version)
        reassigned = int(owned) if heir is not None else 0
        if reassigned and heir is not None:
            await self._hand_over(name, heir)
        [[_, left]] = await self._ask(facts.holdings(name))
        if int(left):
            await self._do(statements.drop_owned(name))
        await self._do(statements.drop(name), "commit")
        return Dropped(True, ended + more_ended, reassigned, prepared + more_prepared)

    async def _end(self, name: str, version: int) -> tuple[int, int]:
        """End all that it has under way: how many connections, and how many prepared transactions."""
        ended = await self._ask(facts.ended_connections(name, BACKEND_TIMEOUT_MS))
        return len(ended), await self._forget_prepared(name, version)

    async def _forget_prepared(self, name: str, version: int) -> int:
        """Roll back what PREPARE TRANSACTION left, as the role itself: it would hold its locks for ever. How many."""
        if prepared := await self._ask(facts.prepared(name)):
            await self._do(statements.become_us(name, version), statements.become(name))
            for [transaction] in prepared:
                await self._do(statements.roll_back_prepared(transaction))
            await self._do(statements.OURSELVES)
        return len(prepared)

    async def _revoke(self, name: str, version: int) -> None:
        """Each right by whoever granted it, for REVOKE passes over what others granted; and what was made of it."""
        for words, grantor in await self._ask(facts.granted(name, version)):
            revoke = f"revoke {words} from {statements.identifier(name)} cascade"
            await self._do(*([statements.become(grantor), revoke, statements.OURSELVES] if grantor else [revoke]))

    async def _hand_over(self, name: str, heir: str) -> None:
        """Schemas first: what stands in one goes to nobody who may not create things there, which the heir then may."""
        await self._do(*(statements.hand_over_schema(each, heir) for [each] in await self._ask(facts.schemas(name))))
        lent = [schema for [schema] in await self._ask(facts.schemas_to_lend(name, heir))]
        await self._do(*(statements.lend(each, heir) for each in lent))
        await self._do(statements.reassign(name, heir))
        await self._do(*(statements.take_back(each, heir) for each in lent))

    # --- the connection -----------------------------------------------------------------------------------------------

    async def candidates(self) -> list[list[str]]:
        """Rows of facts.CANDIDATES. Raises UpstreamFault."""
        return await self._ask(facts.CANDIDATES)

    async def _again(self, work: Callable[[], Awaitable[_DoneT]]) -> _DoneT:
        """Do it once more where another process changed the same rights at that moment, and both could not be kept."""
        for _ in range(_TRIES - 1):
            try:
                return await work()
            except Refused as refusal:
                if refusal.code not in _AT_THE_SAME_TIME:
                    raise
                await self._do("rollback", statements.OURSELVES)
        return await work()

    async def _ask(self, query: str) -> list[list[str]]:
        return await self._connection.fetch(query)

    async def _do(self, *what: str) -> None:
        for start in range(0, len(what), _AT_ONCE):
            await self._connection.fetch(statements.joined(what[start : start + _AT_ONCE]))

    def _found(self, read: _FoundT | str) -> _FoundT:
        if isinstance(read, str):
            raise self._amiss(read)
        return read

    def _amiss(self, why: str) -> NotMade:
        name = self._connection.resource.name
        return NotMade(f"No role could be made for this session on {name}: {why}. Ask your Gatepass operator.")


def _denied(
    listed: Sequence[Sequence[str]], views: Sequence[Sequence[str]], uses: Sequence[Sequence[str]], denies: Denies
) -> set[Column]:
    known = reading.read(listed, views, denies)
    all_columns = [(int(row[0]), int(row[3])) for row in listed]
    return columns.denied(known, all_columns, [((int(a), int(b)), (int(c), int(d))) for a, b, c, d in uses])
