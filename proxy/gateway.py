"""Gateway: what every listener asks before it lets anybody in, and the one place that holds the live sessions.

admit: the token points to a grant, and the grant in storage decides. enter: a session is a row, a recording and a
deadline; it ends when the relay is done, or when the grant, the process or the storage does.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Generator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import structlog

from access import grants, holds
from access.context import Access
from access.policy import Resource, Role
from access.sessions import Ending, end_session, open_session
from access.tokens import Claims, InvalidToken
from proxy.errors import AccessRefused, Fault, OurFault, RecorderFailed
from proxy.masking.policy import masker_for
from proxy.recorder import Format, Recorder
from proxy.session import LiveSession
from storage import audit
from storage.database import StorageUnavailable
from storage.model import EndReason, Grant, HoldState, Principal, Protocol, Statement
from storage.notices import RESYNC, Notice, Notices, Topic

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_FORMATS = {
    Protocol.SSH: Format.ASCIICAST,
    Protocol.KUBERNETES: Format.ASCIICAST,
    Protocol.POSTGRES: Format.JSON_LINES,
}

_NO_STORAGE = "Gatepass cannot reach its storage, so nobody is let in. Try again in a minute."

#: How often endings that storage could not take are tried again.
_RETRY_ENDINGS_S = 1.0

#: After a hold's deadline, how long to wait for whoever decides deadlines before looking oneself.
_HOLD_GRACE_S = 2.0

#: While notices cannot arrive, storage is asked this often which grants still stand.
_DEAF_S = 2.0


@dataclass(frozen=True)
class Admission:
    """A verified token's grant, with the resource and role as the policy describes them now."""

    grant: Grant
    principal: Principal
    resource: Resource
    role: Role
    protocol: Protocol
    client: str


class ExpectedHold:
    """One held statement's decision, as it will be told by a notice."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._id: UUID | None = None
        self.stirred = asyncio.Event()

    def of(self, statement_id: UUID) -> None:
        self._id = statement_id

    def concerns(self, notice: Notice) -> bool:
        return notice.topic == RESYNC or self._id is None or notice.subject == str(self._id)

    async def decision(self, held: Statement) -> Statement:
        """Wait until the hold is no longer pending; bounded by its deadline."""
        while True:
            self.stirred.clear()
            async with self._access.database.transaction() as transaction:
                now = await holds.state(transaction, held.id)
            if now.state is not HoldState.PENDING:
                return now
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stirred.wait(), _HOLD_GRACE_S)


class HoldWaiters:
    """Who waits for which held statement in this process."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._expected: set[ExpectedHold] = set()

    @contextlib.contextmanager
    def expecting(self) -> Generator[ExpectedHold]:
        """Register before the hold is written, so that no decision can slip by in between."""
        expected = ExpectedHold(self._access)
        self._expected.add(expected)
        try:
            yield expected
        finally:
            self._expected.discard(expected)

    def tell(self, notice: Notice) -> None:
        for expected in self._expected:
            if expected.concerns(notice):
                expected.stirred.set()


class Gateway:
    """Admits, enters, and cuts; one for every proxy process."""

    def __init__(self, access: Access, recordings: Path) -> None:
        self.access = access
        self.recordings = recordings
        #: Set while this process is registered as a proxy instance; nobody enters otherwise.
        self.instance_id: int | None = None
        self.waiters = HoldWaiters(access)
        self._live: dict[UUID, LiveSession] = {}
        self._unsaved: list[Ending] = []
        #: Set while no session lives here.
        self.empty = asyncio.Event()
        self.empty.set()

    # --- the door -------------------------------------------------------------------------------------------------

    async def admit(self, *, username: str, token: str, protocol: Protocol, client: str) -> Admission:
        """Check a token against the door it is used at. `username` is role@resource, `client` an address.

        Raises AccessRefused with a sentence for the person; every refusal is an audit event.
        """
        try:
            return await self._admitted(username, token, protocol, client)
        except (AccessRefused, grants.GrantUnusable) as refusal:
            await self._audit_refusal(username, str(refusal), protocol, client)
            raise AccessRefused(str(refusal)) from refusal
        except StorageUnavailable as error:
            raise AccessRefused(_NO_STORAGE) from error

    async def _admitted(self, username: str, token: str, protocol: Protocol, client: str) -> Admission:
        role_name, _, resource_name = username.partition("@")
        if not role_name or not resource_name:
            raise AccessRefused("The user name must be role@resource, for example read@payments-db.")
        claims = self._claims(token)
        if (claims.resource, claims.role) != (resource_name, role_name):
            raise AccessRefused(
                f"This token opens {claims.role}@{claims.resource}, not {role_name}@{resource_name}. "
                "Get a token for this door from Gatepass in Slack."
            )
        async with self.access.database.transaction() as transaction:
            grant = await grants.usable(transaction, claims.grant_id)
            principal = await transaction.get_one(Principal, grant.principal_id)
        if (grant.resource, grant.role, principal.id) != (resource_name, role_name, claims.principal_id):
            raise AccessRefused("This token does not match its grant. Get a new one from Gatepass in Slack.")
        resource, role = self._described(resource_name, role_name, protocol)
        return Admission(grant, principal, resource, role, protocol, client)

    def _claims(self, token: str) -> Claims:
        try:
            return self.access.keys.verify(token)
        except InvalidToken as error:
            raise AccessRefused(str(error)) from error

    def _described(self, resource_name: str, role_name: str, protocol: Protocol) -> tuple[Resource, Role]:
        resource = self.access.policies.current.resources.get(resource_name)
        role = resource.roles.get(role_name) if resource is not None else None
        if resource is None or role is None:
            raise AccessRefused(f"{role_name}@{resource_name} is no longer in the policy. Ask for access again.")
        if resource.type is not protocol:
            raise AccessRefused(f"{resource_name} is a {resource.type.value} resource; this is the {protocol} port.")
        return resource, role

    async def _audit_refusal(self, username: str, why: str, protocol: Protocol, client: str) -> None:
        why = self.access.redact(why)
        log.info("access_refused", protocol=protocol.value, client=client, why=why)
        with contextlib.suppress(StorageUnavailable):
            async with self.access.database.transaction() as transaction:
                await audit.record(
                    transaction,
                    actor="unknown",
                    action="proxy:session:refuse",
                    resource=self.access.redact(username)[:200],
                    outcome="failure",
                    detail={"protocol": protocol.value, "client": client, "why": why},
                )

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
            raise AccessRefused(_NO_STORAGE)
        masker = masker_for(self.access.policies.current)
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
            raise AccessRefused(_NO_STORAGE) from error
        session = LiveSession(
            self.access,
            row=row,
            grant=admission.grant,
            principal=admission.principal,
            resource=admission.resource,
            role=admission.role,
            masker=masker,
            recorder=Recorder(self.recordings, row.id, row.started_at, _FORMATS[admission.protocol]),
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
        ending = Ending(session.id, reason, detail, session.tally, segments)
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
        """End sessions whose grant was revoked and wake held statements; owned by the server."""
        async with notices.subscribe(Topic.GRANT, Topic.STATEMENT) as stream:
            while True:
                notice = await _next(stream, notices)
                self.waiters.tell(notice)
                for session in list(self._live.values()):
                    if notice.topic == RESYNC or notice.subject == str(session.grant.id):
                        await self._recheck(session)

    async def _recheck(self, session: LiveSession) -> None:
        try:
            async with self.access.database.transaction() as transaction:
                await grants.usable(transaction, session.grant.id)
        except grants.GrantUnusable as error:
            session.end(error.end_reason, str(error))
        except StorageUnavailable as error:
            session.end(OurFault.reason, str(OurFault(_NO_STORAGE)))
            log.warning("grant_recheck_failed", session_id=str(session.id), error=str(error))

    def end_all(self, reason: EndReason, message: str) -> None:
        """Cut every live session: shutdown, or storage lost."""
        for session in list(self._live.values()):
            session.end(reason, message)

    @property
    def live_count(self) -> int:
        return len(self._live)


async def _next(stream: AsyncIterator[Notice], notices: Notices) -> Notice:
    """The next notice; RESYNC instead whenever for a while none could have arrived."""
    while True:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_DEAF_S):
                return await anext(stream)
        if not notices.connected:
            return Notice(RESYNC, "")
