"""Sweeper: drops the roles of sessions that are over, where nobody did: the process died, or the server was away.

A role goes when storage says that its session has ended, or when its time has been over for a while, which is how those
of another Gatepass's sessions go. Several processes may sweep at once; who comes second finds nothing.
"""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping
from typing import Never
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlmodel import col

from access.policy.resources import Resource
from access.policy.shapes.accounts import Credential
from access.policy.shapes.upstreams import PostgresUpstream
from proxy.errors import Fault
from proxy.postgres.ephemeral.account import DROPPED, KEPT, kept_because
from proxy.postgres.ephemeral.administrator import Dropped, administrator
from proxy.postgres.ephemeral.naming import Provenance, provenance
from proxy.postgres.upstream import Refused
from proxy.sessions.gateway import Gateway
from storage.audit import trail
from storage.database import StorageUnavailable
from storage.model import Session, SessionState
from storage.waiting import wait_set

log: structlog.stdlib.BoundLogger = structlog.get_logger()

#: How often all upstreams with such roles are looked at.
SWEEP_S = 30.0
#: How long one of them may take, and each of its roles.
UPSTREAM_TIMEOUT_S = 20.0
ROLE_TIMEOUT_S = 10.0

#: How the sweeper's own connections name themselves.
APPLICATION = "gatepass:sweep"
#: There to ask about roles, which are in no database, where a resource has none of its own.
ANY_DATABASE = "postgres"

_NO_SUCH_DATABASE = "3D000"


class Sweeper:
    """One for every listener."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        #: Roles that could not be dropped, which is said once of each; who was tried longest ago is first.
        self._kept: dict[str, None] = {}

    async def run(self) -> Never:
        """Until cancelled: at once, every so often, and when sessions of a process that died were closed."""
        recovered = self._gateway.recovered
        while True:
            recovered.clear()
            try:
                await self.sweep()
            except Exception as error:
                log.exception("ephemeral_roles_not_swept", error=type(error).__name__)
            await wait_set(recovered, SWEEP_S)

    async def sweep(self) -> int:
        """Look at every upstream once; returns how many roles were dropped."""
        resources = _upstreams(self._gateway.access.policies.current.resources)
        return sum(await asyncio.gather(*(self._swept(resource) for resource in resources)))

    async def _swept(self, resource: Resource) -> int:
        dropped = 0
        try:
            async with asyncio.timeout(UPSTREAM_TIMEOUT_S):
                for name, role in self._in_turn(await self._over(resource)):
                    dropped += await self._drop(resource, name, role)
        except (TimeoutError, Fault, OSError, StorageUnavailable) as error:
            log.warning("ephemeral_roles_not_swept", resource=resource.name, why=kept_because(error))
        return dropped

    async def _over(self, resource: Resource) -> list[tuple[str, Provenance]]:
        """Roles whose sessions are over, and what is known of each."""
        async with administrator(resource, _database(resource), APPLICATION) as admin:
            rows = await admin.candidates()
        found = [(name, role, late == "t") for name, comment, late in rows if (role := provenance(name, comment))]
        ended = await self._ended([role.session for _, role, _ in found])
        over = [(name, role) for name, role, late in found if late or role.session in ended]
        return [(name, role) for name, role in over if not self._gateway.holds(role.session)]

    def _in_turn(self, over: list[tuple[str, Provenance]]) -> list[tuple[str, Provenance]]:
        """Those that were kept come last, so that however many wait for something, the others do not."""
        tried = {name: turn for turn, name in enumerate(self._kept, start=1)}
        return sorted(over, key=lambda each: tried.get(each[0], 0))

    async def _ended(self, sessions: list[UUID]) -> frozenset[UUID]:
        over = select(col(Session.id)).where(col(Session.id).in_(sessions), col(Session.state) == SessionState.ENDED)
        async with self._gateway.access.database.transaction() as transaction:
            return frozenset((await transaction.scalars(over)).all())

    async def _drop(self, resource: Resource, name: str, role: Provenance) -> bool:
        try:
            async with asyncio.timeout(ROLE_TIMEOUT_S):
                dropped = await _dropped(resource, name, role)
        except (TimeoutError, Fault, OSError) as error:
            is_news = name not in self._kept
            self._kept.pop(name, None)
            self._kept[name] = None
            if is_news:
                log.warning("ephemeral_role_kept", role=name, resource=resource.name, why=kept_because(error))
                await self._record(KEPT, role, {"role": name, "why": kept_because(error)}, failed=True)
            return False
        self._kept.pop(name, None)
        if dropped.existed:
            log.info("ephemeral_role_swept", role=name, resource=resource.name)
            await self._record(DROPPED, role, {"role": name, **dropped.told(), "by": "sweep"})
        return dropped.existed

    async def _record(
        self, action: str, role: Provenance, detail: Mapping[str, object], *, failed: bool = False
    ) -> None:
        with contextlib.suppress(StorageUnavailable):
            async with self._gateway.access.database.transaction() as transaction:
                await trail.record(
                    transaction,
                    actor="gatepass",
                    action=action,
                    resource=role.resource,
                    outcome="failure" if failed else "success",
                    session=role.session,
                    detail={"person": role.person, **detail},
                )


async def _dropped(resource: Resource, name: str, role: Provenance) -> Dropped:
    """In the database where it may own something; in another one, if that is no more."""
    try:
        async with administrator(resource, role.database, APPLICATION) as admin:
            return await admin.drop(name, role.heir)
    except Refused as refusal:
        if refusal.code != _NO_SUCH_DATABASE:
            raise
    async with administrator(resource, _database(resource), APPLICATION) as admin:
        return await admin.drop(name, role.heir)


def _upstreams(resources: Mapping[str, Resource]) -> Iterable[Resource]:
    """A resource for each server that has such roles; several may open databases of one."""
    found: dict[tuple[str, int, str], Resource] = {}
    for resource in resources.values():
        upstream = resource.upstream
        ephemeral = any(role.credential is Credential.EPHEMERAL for role in resource.roles.values())
        if ephemeral and isinstance(upstream, PostgresUpstream) and upstream.role_admin is not None:
            found.setdefault((upstream.host, upstream.port, upstream.role_admin.username), resource)
    return found.values()


def _database(resource: Resource) -> str:
    bound_to = resource.upstream.database if isinstance(resource.upstream, PostgresUpstream) else None
    return bound_to or ANY_DATABASE
