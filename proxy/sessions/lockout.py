"""Lockout: failed logins of one source, and of one person, are answered ever later and then refused for a while.

A source counts for whatever it tries. A person counts only where a token of theirs was used that this Gatepass signed:
nobody locks others out with garbage. All of it is this process's memory; `gatepass unlock` reaches every process.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Never
from uuid import UUID

import structlog

from access.context import Access
from proxy.doors.lockouts import FAILURES_PER_PRINCIPAL, FAILURES_PER_SOURCE, Failure, Lockouts
from proxy.errors import AccessRefused
from proxy.sessions.refusals import Refusals
from storage.database import StorageUnavailable
from storage.model import Principal
from storage.notices import Notices, Topic

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class LockedOut(AccessRefused):
    """Refused without a look at what was brought; it does not count as another failure."""


class Lockout:
    """That of one proxy process."""

    def __init__(self, access: Access, refusals: Refusals, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._access = access
        self._refusals = refusals
        self._clock = clock
        self._sources = Lockouts(FAILURES_PER_SOURCE)
        self._people = Lockouts(FAILURES_PER_PRINCIPAL)

    def check_source(self, source: str) -> None:
        """Raises LockedOut with a sentence for the person."""
        _check(self._sources.locked_s(source, self._clock()))

    def check_person(self, principal_id: UUID) -> None:
        """Raises LockedOut with a sentence for the person."""
        _check(self._people.locked_s(str(principal_id), self._clock()))

    async def failed(self, source: str, principal_id: UUID | None) -> float:
        """Count a failed login; returns after how many seconds to answer it."""
        failure = self._sources.failed(source, self._clock())
        if failure.locked_s is not None:
            await self._locked("source", source, failure)
        if principal_id is None:
            return failure.delay_s
        theirs = self._people.failed(str(principal_id), self._clock())
        if theirs.locked_s is not None:
            await self._locked("principal", await self._name(principal_id), theirs)
        return max(failure.delay_s, theirs.delay_s)

    def succeeded(self, source: str, principal_id: UUID) -> None:
        """Who gets in is forgiven what failed before, and so is where they come from."""
        self._sources.forget(source)
        self._people.forget(str(principal_id))

    @property
    def anybody(self) -> bool:
        """Whether anybody is locked out right now."""
        return any(kept.anybody(self._clock()) for kept in (self._sources, self._people))

    async def follow_unlocks(self, notices: Notices) -> Never:
        """Forget whom an operator unlocks; owned by the server."""
        async with notices.subscribe(Topic.LOCKOUT) as stream:
            while True:
                notice = await anext(stream)
                known = [kept.forget(notice.subject) for kept in (self._sources, self._people)]
                if any(known):
                    log.info("unlocked", who=notice.subject)

    async def _locked(self, what: str, who: str, failure: Failure) -> None:
        locked_s = failure.locked_s or 0.0
        log.warning("locked_out", **{what: who}, seconds=locked_s)
        why = f"too many failed logins; locked out for {locked_s:.0f} s"
        await self._refusals.record(f"proxy:{what}:lock", who, {"why": why, "until": f"{_until(locked_s):%FT%TZ}"})

    async def _name(self, principal_id: UUID) -> str:
        """The person's name; the id alone while storage is away."""
        try:
            async with self._access.database.transaction() as transaction:
                principal = await transaction.get(Principal, principal_id)
        except StorageUnavailable:
            return str(principal_id)
        return principal.name if principal is not None else str(principal_id)


def _check(locked_s: float) -> None:
    if locked_s > 0:
        raise LockedOut(
            f"There were too many failed logins; again at {_until(locked_s):%H:%M} UTC. "
            "Stop programs that use an old token; a Gatepass operator can unlock sooner."
        )


def _until(locked_s: float) -> datetime:
    """When that many seconds are over; in full minutes, so that nobody comes back too early."""
    return datetime.now(UTC) + timedelta(seconds=locked_s + 59)
