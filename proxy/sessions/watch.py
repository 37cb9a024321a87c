"""Watch: what ends live sessions from outside. A grant that was revoked, a policy that is no longer in force.

Sessions end by one query and then all of them at once, before anything else is awaited: how long a cut takes does not
grow with their number. Whatever cannot be known for certain ends them too.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Never

import structlog

from access import in_force
from access.context import Access
from access.grants import grants
from access.policy.policy import Policy
from proxy.errors import OurFault
from proxy.sessions.authenticator import NO_STORAGE
from proxy.sessions.holding import HoldWaiters
from proxy.sessions.live import LiveSessions
from proxy.sessions.session import LiveSession
from storage.database import StorageUnavailable
from storage.model import EndReason
from storage.notices import RESYNC, Notice, Notices, Topic

log: structlog.stdlib.BoundLogger = structlog.get_logger()

#: How often storage is asked which grants still stand and which policy is in force, whether or not a notice came.
LOOK_S = 2.0
#: How long a policy that is not the one in force may be that of a process in the midst of adopting its own.
STALE_GRACE_S = 1.0
#: How long a session that the policy ends waits for what its grant says of it.
WORDS_S = 0.5
#: How long sessions go on while the policy in force cannot be read.
UNREAD_S = 10.0

_STALE = (
    "This Gatepass process has another policy than the one in force, so no session goes on here. "
    "Connect again in a moment; if that is refused as well, tell your Gatepass operator."
)
_UNREAD = "Gatepass cannot read which policy is in force, so no session can go on. Connect again later."


class Watch:
    """Ends the live sessions of one process that may not go on."""

    def __init__(
        self, access: Access, live: LiveSessions, waiters: HoldWaiters, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._access = access
        self._live = live
        self._waiters = waiters
        self._clock = clock
        #: When the policy in force was last known to be this process's, and since when it is known not to be.
        self._agreed_at = clock()
        self._stale_since: float | None = None

    async def run(self, notices: Notices) -> None:
        """Until cancelled; each concern on its own, so that none waits for another's storage."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._wake_held_statements(notices))
            group.create_task(self._follow_grants(notices))
            group.create_task(self._look_at_grants())
            group.create_task(self._follow_policy(notices))

    async def check(self, session: LiveSession) -> None:
        """End a session that was opened just now if its grant or its policy changed meanwhile."""
        await self.recheck_grants([session])
        try:
            async with self._access.database.transaction() as transaction:
                policy = await in_force.policy_in_force(self._access, transaction)
        except StorageUnavailable:
            session.end(OurFault.reason, NO_STORAGE)
            return
        if policy is None:
            session.end(EndReason.REVOKED, _STALE)
        else:
            await self._end_changed([session], policy)

    # --- held statements ----------------------------------------------------------------------------------------------

    async def _wake_held_statements(self, notices: Notices) -> None:
        async with notices.subscribe(Topic.STATEMENT) as stream:
            async for notice in stream:
                self._waiters.notify(notice)

    # --- grants -------------------------------------------------------------------------------------------------------

    async def _follow_grants(self, notices: Notices) -> None:
        async with notices.subscribe(Topic.GRANT) as stream:
            while True:
                notice = await _next(stream, notices)
                if notice is not None:
                    await self.recheck_grants(session for session in self._live if _concerns(notice, session))

    async def recheck_grants(self, sessions: Iterable[LiveSession]) -> None:
        """End those sessions whose grants open nothing any more: one query for all of them."""
        going_on = [session for session in sessions if session.ending is None]
        try:
            await self._end_without_grant(going_on)
        except StorageUnavailable as error:
            log.warning("grants_not_rechecked", sessions=len(going_on), why=str(error))
            for session in going_on:
                session.end(OurFault.reason, NO_STORAGE)

    async def look_at_grants(self) -> None:
        """The same for all sessions, although nobody said that a grant changed: a notice may be lost on its way, and a
        deadline come while this machine slept. A storage that does not answer once is no reason to end them.
        """
        going_on = [session for session in self._live if session.ending is None]
        try:
            await self._end_without_grant(going_on)
        except StorageUnavailable as error:
            log.warning("grants_not_looked_at", sessions=len(going_on), why=str(error))

    async def _look_at_grants(self) -> Never:
        while True:
            await asyncio.sleep(LOOK_S)
            await self.look_at_grants()

    async def _end_without_grant(self, sessions: Sequence[LiveSession]) -> None:
        if not sessions:
            return
        async with self._access.database.transaction() as transaction:
            problems = await grants.problems(transaction, {session.grant.id for session in sessions})
            # Here and not after the block: nothing is waited for in between, not even the end of the transaction.
            for session in sessions:
                if (problem := problems.get(session.grant.id)) is not None:
                    session.end(problem.end_reason, str(problem))

    # --- the policy ---------------------------------------------------------------------------------------------------

    async def _follow_policy(self, notices: Notices) -> None:
        async with notices.subscribe(Topic.POLICY) as stream:
            while True:
                wait_s = await self.recheck_policy()
                await _next(stream, notices, wait_s)

    async def recheck_policy(self) -> float:
        """End the sessions that the policy in force does not carry; returns after how many seconds to look again."""
        await self._end_changed(self._live, self._access.policies.current)
        if not len(self._live):
            self._agree()
            return LOOK_S
        try:
            agrees = await in_force.catch_up(self._access)
        except StorageUnavailable as error:
            log.warning("policy_in_force_not_read", why=str(error))
            if self._clock() - self._agreed_at > UNREAD_S:
                self._live.end_all(OurFault.reason, _UNREAD)
            return LOOK_S
        if agrees:
            self._agree()
            await self._end_changed(self._live, self._access.policies.current)
            return LOOK_S
        return self._disagree()

    async def _end_changed(self, sessions: Iterable[LiveSession], policy: Policy) -> None:
        """End the sessions that could not be opened as they are under this policy.

        What changed it may have revoked their grants as well, and said why: those who left are told so. Storage that
        does not answer changes the words and nothing else.
        """
        changed = {
            session.id: (session, change)
            for session in sessions
            if session.ending is None and session.policy is not policy
            if (change := _changed(session, policy)) is not None
        }
        if not changed:
            return
        try:
            async with asyncio.timeout(WORDS_S):
                await self._end_without_grant([session for session, _ in changed.values()])
        except (StorageUnavailable, TimeoutError) as error:
            log.warning("grants_not_asked_for_words", sessions=len(changed), why=str(error))
        finally:
            for session, change in changed.values():
                session.end(EndReason.REVOKED, change)

    def _agree(self) -> None:
        self._agreed_at, self._stale_since = self._clock(), None

    def _disagree(self) -> float:
        """A process whose own file was read again a moment ago adopts it right now; any other one is left behind."""
        if self._stale_since is None:
            self._stale_since = self._clock()
        if (left_s := self._stale_since + STALE_GRACE_S - self._clock()) > 0:
            return left_s
        log.error("sessions_cut_for_a_stale_policy", sessions=len(self._live))
        self._live.end_all(EndReason.REVOKED, _STALE)
        return LOOK_S


async def _next(stream: AsyncIterator[Notice], notices: Notices, wait_s: float = LOOK_S) -> Notice | None:
    """The next notice; after a while without one None, or RESYNC if none could have arrived."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(wait_s):
            return await anext(stream)
    return None if notices.connected else Notice(RESYNC, "")


def _concerns(notice: Notice, session: LiveSession) -> bool:
    return notice.topic == RESYNC or notice.subject == str(session.grant.id)


def _changed(session: LiveSession, policy: Policy) -> str | None:
    """Why the session cannot go on under this policy, as a sentence for the person; None if it can."""
    if (refusal := grants.still_allowed(policy, session.grant, session.principal.name)) is not None:
        return refusal
    resource = policy.resources[session.resource.name]
    role = resource.roles[session.role.name]
    same = (resource.upstream, role, policy.masking) == (
        session.resource.upstream,
        session.role,
        session.policy.masking,
    )
    return None if same else f"The policy for {role.name}@{resource.name} has changed. Connect again to go on under it."
