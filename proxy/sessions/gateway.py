"""Gateway: the one place in a process that holds the live sessions.

A session is a row, a recording and a deadline; it ends when the relay is done, or when the grant, the policy, the
process or the storage does.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from uuid import UUID

import structlog

from access import in_force
from access.context import Access
from access.grants import grants
from access.grants.sessions import Ending, end_session, open_session
from access.policy.policy import Policy
from proxy.errors import AccessRefused, Fault, OurFault, RecorderFailed
from proxy.masking.from_policy import masker_for
from proxy.recording.recorder import Recorder
from proxy.sessions.authenticator import NO_STORAGE, Admission, Authenticator
from proxy.sessions.holding import HoldWaiters
from proxy.sessions.session import LiveSession
from storage.database import StorageUnavailable
from storage.model import EndReason, Protocol
from storage.notices import RESYNC, Notice, Notices, Topic
from storage.recordings.formats import format_of

log: structlog.stdlib.BoundLogger = structlog.get_logger()

#: How often endings that storage could not take are tried again.
_RETRY_ENDINGS_S = 1.0

#: How often the policy is compared with the one sessions were opened under; and, while notices cannot arrive, how often
#: storage is asked which grants still stand.
_LOOK_S = 2.0


class Gateway:
    """Admits, enters, and cuts; one for every proxy process."""

    def __init__(self, access: Access, recordings: Path) -> None:
        self.access = access
        self.recordings = recordings
        #: Set while this process is registered as a proxy instance; nobody enters otherwise.
        self.instance_id: int | None = None
        self.authenticator = Authenticator(access)
        self.waiters = HoldWaiters(access)
        self._live: dict[UUID, LiveSession] = {}
        self._unsaved: list[Ending] = []
        #: Set while no session lives here.
        self.empty = asyncio.Event()
        self.empty.set()

    async def admit(self, *, username: str, token: str, protocol: Protocol, client: str) -> Admission:
        """As `Authenticator.admit`: raises AccessRefused with a sentence for the person."""
        return await self.authenticator.admit(username=username, token=token, protocol=protocol, client=client)

    # --- a session ------------------------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def enter(self, admission: Admission, *, client_software: str = "") -> AsyncGenerator[LiveSession]:
        """A live session under the admission's grant; its end is written when the block is left, however it is left."""
        session, deadline = await self._opened(admission, client_software)
        reason, detail = EndReason.CLOSED, ""
        structlog.contextvars.bind_contextvars(session_id=str(session.id))
        try:
            # The row stands and notices are heard: a revocation since the admission is either seen here or noticed.
            await self._recheck(session)
            yield session
        except Fault as fault:
            reason, detail = fault.reason, str(fault)
            raise
        except asyncio.CancelledError:
            reason = EndReason.SHUTDOWN
            raise
        except BaseException as error:
            reason, detail = EndReason.POLICY_ERROR, f"Gatepass failed ({type(error).__name__})."
            raise
        finally:
            deadline.cancel()
            if session.ending is not None:
                reason, detail = session.ending.reason, str(session.ending)
            await asyncio.shield(self._closed(session, reason, detail))

    async def _opened(self, admission: Admission, client_software: str) -> tuple[LiveSession, asyncio.TimerHandle]:
        """Insert the row; from then on the session is known here, and its deadline runs."""
        if self.instance_id is None:
            raise AccessRefused(NO_STORAGE)
        masker = masker_for(admission.policy)
        try:
            row, remaining_s = await open_session(
                self.access,
                grant_id=admission.grant.id,
                instance_id=self.instance_id,
                protocol=admission.protocol,
                client=admission.client,
                software=client_software,
            )
        except grants.GrantUnusable as error:
            raise AccessRefused(str(error)) from error
        except StorageUnavailable as error:
            raise AccessRefused(NO_STORAGE) from error
        session = LiveSession(
            self.access,
            row=row,
            grant=admission.grant,
            principal=admission.principal,
            policy=admission.policy,
            resource=admission.resource,
            role=admission.role,
            masker=masker,
            recorder=Recorder(
                self.recordings, row.id, row.started_at, format_of(admission.protocol), redact=masker.redact
            ),
            waiters=self.waiters,
        )
        self._live[row.id] = session
        self.empty.clear()
        message = f"Your access ended at {admission.grant.expires_at:%H:%M:%S} UTC, as granted."
        deadline = asyncio.get_running_loop().call_later(remaining_s, session.end, EndReason.EXPIRED, message)
        return session, deadline

    async def _closed(self, session: LiveSession, reason: EndReason, detail: str) -> None:
        try:
            segments = await asyncio.to_thread(session.recorder.close)
        except RecorderFailed as error:
            reason, detail, segments = error.reason, str(error), session.recorder.closed
        ending = Ending(session.id, reason, detail, session.counters, segments)
        log.info("session_ended", session_id=str(session.id), reason=reason.value)
        try:
            await end_session(self.access, ending)
        except StorageUnavailable:
            self._unsaved.append(ending)
        finally:
            del self._live[session.id]
            if not self._live:
                self.empty.set()

    async def save_endings(self) -> None:
        """Write the endings that storage could not take, for as long as the process lives; owned by the server."""
        while True:
            await asyncio.sleep(_RETRY_ENDINGS_S)
            with contextlib.suppress(StorageUnavailable):
                while self._unsaved:
                    await end_session(self.access, self._unsaved[0])
                    self._unsaved.pop(0)

    def holds(self, session_id: UUID) -> bool:
        """Whether this process still has that session's end to write; nobody else should close it meanwhile."""
        return session_id in self._live or any(ending.session_id == session_id for ending in self._unsaved)

    # --- cut from outside -----------------------------------------------------------------------------------------

    async def watch(self, notices: Notices) -> None:
        """End sessions whose grant was revoked or whose policy changed, wake held statements; owned by the server."""
        async with notices.subscribe(Topic.GRANT, Topic.STATEMENT, Topic.POLICY) as stream:
            while True:
                notice = await _next(stream, notices)
                if notice is not None and notice.topic in (Topic.POLICY, RESYNC):
                    with contextlib.suppress(StorageUnavailable):
                        await in_force.catch_up(self.access)
                self._follow_policy()
                if notice is None:
                    continue
                self.waiters.notify(notice)
                for session in list(self._live.values()):
                    if notice.topic == RESYNC or notice.subject == str(session.grant.id):
                        await self._recheck(session)

    def _follow_policy(self) -> None:
        """End the sessions that could not be opened as they are under the policy there is now."""
        policy = self.access.policies.current
        for session in list(self._live.values()):
            if session.policy is not policy and (change := _changed(session, policy)) is not None:
                session.end(EndReason.REVOKED, change)

    async def _recheck(self, session: LiveSession) -> None:
        try:
            async with self.access.database.transaction() as transaction:
                await grants.usable(transaction, session.grant.id)
        except grants.GrantUnusable as error:
            session.end(error.end_reason, str(error))
        except StorageUnavailable as error:
            session.end(OurFault.reason, str(OurFault(NO_STORAGE)))
            log.warning("grant_recheck_failed", session_id=str(session.id), error=str(error))

    def end_all(self, reason: EndReason, message: str) -> None:
        """Cut every live session: shutdown, or storage lost."""
        for session in list(self._live.values()):
            session.end(reason, message)

    @property
    def live_count(self) -> int:
        return len(self._live)


async def _next(stream: AsyncIterator[Notice], notices: Notices) -> Notice | None:
    """The next notice; after a while without one None, or RESYNC if none could have arrived."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LOOK_S):
            return await anext(stream)
    return None if notices.connected else Notice(RESYNC, "")


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
