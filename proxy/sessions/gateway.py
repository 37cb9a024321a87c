"""Gateway: the one place in a process that opens sessions, and closes them.

A session is a row, a recording and a deadline; it ends when the relay is done, or when the grant, the policy, the
process or the storage does.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from functools import partial
from pathlib import Path
from typing import Never
from uuid import UUID

import structlog

from access.context import Access
from access.errors import Refused
from access.grants import grants
from access.grants.caps import TooManySessions
from access.grants.grants import GrantUnusable
from access.grants.sessions import Ending, open_session
from access.identity.presented import Presented
from access.tokens import InvalidCredential
from proxy.doors.unknown_keys import UnknownKeys
from proxy.errors import AccessRefused, Fault, OurFault, RecorderFailed
from proxy.masking.from_policy import masker_for
from proxy.recording.recorder import Recorder
from proxy.sessions.authenticator import NO_STORAGE, Admission, Authenticator
from proxy.sessions.books import Books
from proxy.sessions.endings import Endings
from proxy.sessions.holding import HoldWaiters
from proxy.sessions.live import LiveSessions
from proxy.sessions.logins import LoginWaiters
from proxy.sessions.session import LiveSession
from proxy.sessions.watch import Watch
from storage.database import StorageUnavailable
from storage.model import EndReason, Protocol, Session
from storage.notices import Notices
from storage.recordings.formats import format_of

log: structlog.stdlib.BoundLogger = structlog.get_logger()

#: Sessions that are opened at once: however many clients come, cuts find a connection of the pool that is free.
OPENINGS_AT_ONCE = 4


class Gateway:
    """Admits, enters, and cuts; one for every proxy process."""

    def __init__(self, access: Access, recordings: Path) -> None:
        self.access = access
        self.recordings = recordings
        #: Set while this process is registered as a proxy instance; nobody enters otherwise.
        self.instance_id: int | None = None
        #: Set when sessions of a process that died were closed: what they left elsewhere can be cleared away.
        self.recovered = asyncio.Event()
        self.authenticator = Authenticator(access)
        self.waiters = HoldWaiters(access)
        self.logins = LoginWaiters(access)
        self.unknown_keys = UnknownKeys()
        self.live = LiveSessions()
        self._openings = asyncio.Semaphore(OPENINGS_AT_ONCE)
        self._endings = Endings(access)
        self._watch = Watch(access, self.live, self.waiters)
        self._books = Books(access, self.live)

    async def admit(self, *, username: str, token: str, protocol: Protocol, client: str) -> Admission:
        """As `Authenticator.admit`: raises AccessRefused with a sentence for the person."""
        return await self.authenticator.admit(username=username, token=token, protocol=protocol, client=client)

    async def admit_by(self, brought: Presented, *, username: str, protocol: Protocol, client: str) -> Admission:
        """As `Authenticator.admit_by`: raises AccessRefused with a sentence for the person."""
        return await self.authenticator.admit_by(brought, username=username, protocol=protocol, client=client)

    # --- a session ------------------------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def enter(self, admission: Admission, *, client_software: str = "") -> AsyncGenerator[LiveSession]:
        """A live session under the admission's grant; its end is written when the block is left, however it is left."""
        async with self._openings:
            session, deadline = await self._opened(admission, client_software)
        reason, detail = EndReason.CLOSED, ""
        structlog.contextvars.bind_contextvars(session_id=str(session.id))
        try:
            session.recorder.begin()
            # The row stands and notices are heard: a revocation since the admission is either seen here or noticed.
            async with self._openings:
                await self._watch.check(session)
                await self._ask_again(session, admission)
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
        row, remaining_s = await self._row(admission, client_software)
        masker = masker_for(admission.policy, admission.protocol)
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
        self.live.add(session)
        deadline = asyncio.get_running_loop().call_later(
            remaining_s, session.end, EndReason.EXPIRED, grants.over(admission.grant)
        )
        return session, deadline

    async def _row(self, admission: Admission, client_software: str) -> tuple[Session, float]:
        """The session's row, and the seconds until the grant's deadline. Raises AccessRefused, which is on record."""
        if self.instance_id is None:
            raise AccessRefused(NO_STORAGE)
        try:
            return await open_session(
                self.access,
                grant_id=admission.grant.id,
                instance_id=self.instance_id,
                protocol=admission.protocol,
                client=admission.client,
                software=client_software,
                proof=admission.proof,
                credential=admission.credential,
                check=partial(admission.let_in.check, self.access),
            )
        except (GrantUnusable, TooManySessions, InvalidCredential, Refused) as error:
            await self.authenticator.note_refusal(admission, str(error))
            raise AccessRefused(str(error)) from error
        except StorageUnavailable as error:
            raise AccessRefused(NO_STORAGE) from error

    async def _ask_again(self, session: LiveSession, admission: Admission) -> None:
        """End the session if what let it in ended while its row was written; what ends later finds it open.

        Asked again, and not locked where it was asked first: what ends a sign-in or a key cuts no session that is open,
        so it would gain nothing by waiting for this one, and nobody who ends one waits for whoever connects.
        """
        if session.ending is not None:
            return
        try:
            async with self.access.database.transaction() as transaction:
                await admission.let_in.check(self.access, transaction, admission.grant)
        except (InvalidCredential, Refused) as error:
            session.end(EndReason.REVOKED, str(error))
        except StorageUnavailable:
            session.end(OurFault.reason, NO_STORAGE)

    async def _closed(self, session: LiveSession, reason: EndReason, detail: str) -> None:
        try:
            segments = await asyncio.to_thread(session.recorder.close)
        except RecorderFailed as error:
            reason, detail, segments = error.reason, str(error), session.recorder.closed
        log.info("session_ended", session_id=str(session.id), reason=reason.value)
        try:
            await self._endings.write(Ending(session.id, reason, detail, session.counters, segments))
        finally:
            self.live.remove(session)

    async def save_endings(self) -> Never:
        """Write the endings that storage could not take, for as long as the process lives; owned by the server."""
        await self._endings.save()

    async def keep_books(self) -> Never:
        """Save what live sessions do, every second; owned by the server."""
        await self._books.run()

    def holds(self, session_id: UUID) -> bool:
        """Whether this process still has that session's end to write; nobody else should close it meanwhile."""
        return session_id in self.live or session_id in self._endings

    # --- cut from outside -----------------------------------------------------------------------------------------

    async def watch(self, notices: Notices) -> None:
        """End sessions whose grant was revoked or whose policy changed, wake held statements; owned by the server."""
        await self._watch.run(notices)

    def end_all(self, reason: EndReason, message: str) -> None:
        """Cut every live session: shutdown, or storage lost."""
        self.live.end_all(reason, message)
