"""Account: what one session logs in to its upstream by. A role's fixed one, or one that is made for the session alone.

One of its own is made before the login, locked after it, so that nobody logs in by it a second time, and dropped when
the session is over. Whatever goes wrong before the login refuses the session; what goes wrong at its end is left to
the sweeper, and on record.
"""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncGenerator, Mapping

import structlog
from pydantic import SecretStr

from access import changes
from access.context import Access
from access.policy.shapes.accounts import Credential
from access.policy.shapes.roles import Role
from proxy import credentials
from proxy.errors import Fault, PolicyFault, UpstreamFault
from proxy.postgres.ephemeral import naming
from proxy.postgres.ephemeral.administrator import Administrator, NewRole, NotMade, administrating, administrator
from proxy.postgres.ephemeral.denial import denied_by
from proxy.postgres.ephemeral.naming import Provenance
from proxy.postgres.protocol.verifier import verifier
from proxy.postgres.upstream import Refused
from proxy.sessions.session import LiveSession
from storage.audit import trail
from storage.database import StorageUnavailable

log: structlog.stdlib.BoundLogger = structlog.get_logger()

#: How long a client may wait for its role.
MAKE_TIMEOUT_S = 20.0
#: How long a session's end may take on this account; the sweeper does what is not done by then.
DROP_TIMEOUT_S = 3.0

MADE, DROPPED, KEPT = "proxy:role:make", "proxy:role:drop", "proxy:role:keep"
_PASSWORD_BYTES = 32


class Turns:
    """Roles with grants by column are made and dropped one by one: they change the rights on the same tables."""

    def __init__(self) -> None:
        self._locks: dict[tuple[str, str], asyncio.Lock] = {}

    def of(self, resource: str, database: str) -> asyncio.Lock:
        return self._locks.setdefault((resource, database), asyncio.Lock())


class Account:
    """One session's; `role` to connect with, `asking` for what the gateway asks of the catalogue beside it."""

    def __init__(self, access: Access, session: LiveSession, database: str, turns: Turns) -> None:
        self._access = access
        self._session = session
        self._database = database
        self._turn = turns.of(session.resource.name, database)
        self.name = naming.application_name(session.principal.name, session.id)
        self.is_ephemeral = session.role.credential is Credential.EPHEMERAL
        self.role: Role = credentials.issued(session.role, self.name)
        self._making: asyncio.Future[None] | None = None
        #: There may be a role by its name on the server.
        self._perhaps_made = False

    @property
    def asking(self) -> Role:
        """Who may read the catalogue at any time: nobody logs in by a session's own role again."""
        return administrating(self._session.resource, self.name) if self.is_ephemeral else self.role

    async def open(self) -> None:
        """Make the account, if it is to be made. Raises UpstreamFault or PolicyFault, which is on record.

        A session that is cut meanwhile does not break off in the middle: `close` waits for it, and drops what was made.
        """
        if self.is_ephemeral:
            self._making = asyncio.ensure_future(self._make())
            await asyncio.shield(self._making)

    async def lock(self) -> None:
        """Called after the login: nobody else logs in by this account, whatever becomes of its password."""
        if self.is_ephemeral:
            async with self._administrator() as admin:
                await admin.lock(self.role.username)

    async def close(self) -> None:
        """Drop what was made. Never raises a Fault: what cannot be done now is left to the sweeper."""
        if self._making is not None:
            await asyncio.shield(asyncio.ensure_future(self._close(self._making)))

    # --- making and dropping ------------------------------------------------------------------------------------------

    async def _make(self) -> None:
        password = secrets.token_urlsafe(_PASSWORD_BYTES)
        new = self._new(await asyncio.to_thread(verifier, password))
        self.role = credentials.issued(self._session.role, self.name, username=new.name, secret=SecretStr(password))
        detail: dict[str, object] = {"role": new.name, "template": new.template, "database": self._database}
        try:
            async with asyncio.timeout(MAKE_TIMEOUT_S), self._administrator() as admin:
                self._perhaps_made = True
                await admin.make(new)
        except TimeoutError as error:
            why = f"The database behind {self._session.resource.name} did not make a role in time. Try again later."
            await self._record(MADE, {**detail, "why": why}, failed=True)
            raise UpstreamFault(why) from error
        except Fault as refused:
            self._perhaps_made = self._perhaps_made and not isinstance(refused, NotMade)
            await self._record(MADE, {**detail, "why": str(refused)}, failed=True)
            raise
        rights = "membership" if new.denies is None else "columns"
        if not await self._record(MADE, {**detail, "rights": rights, "until": new.until.isoformat()}):
            raise PolicyFault("Gatepass cannot reach its storage, so no session can begin. Try again in a moment.")

    def _new(self, made_of: str) -> NewRole:
        session, template = self._session, self._session.role.template
        if template is None:
            raise PolicyFault(f"The policy names no template for {session.role.name} on {session.resource.name}.")
        denies = denied_by(session.policy)
        person = session.principal.name
        return NewRole(
            name=naming.role_name(person, session.id),
            verifier=made_of,
            until=session.grant.expires_at,
            template=template,
            provenance=Provenance(
                person, session.id, session.resource.name, self._database, template if denies is None else None
            ),
            denies=denies,
        )

    async def _close(self, making: asyncio.Future[None]) -> None:
        await asyncio.wait({making})
        if not making.cancelled():
            making.exception()  # Whoever waited for it was told.
        if not self._perhaps_made:
            return
        role, heir = self.role.username, self._heir
        try:
            async with asyncio.timeout(DROP_TIMEOUT_S), self._administrator() as admin:
                dropped = await admin.drop(role, heir)
        except (TimeoutError, Fault, OSError) as error:
            why = kept_because(error)
            log.warning("ephemeral_role_kept", role=role, resource=self._session.resource.name, why=why)
            await self._record(KEPT, {"role": role, "why": why}, failed=True)
            return
        if dropped.existed:
            detail = {"role": role, **dropped.told()}
            await self._record(DROPPED, {**detail, "heir": heir} if dropped.reassigned else detail)

    @property
    def _heir(self) -> str | None:
        return self._session.role.template if denied_by(self._session.policy) is None else None

    @contextlib.asynccontextmanager
    async def _administrator(self) -> AsyncGenerator[Administrator]:
        """In its turn, where rights on tables are changed."""
        async with contextlib.AsyncExitStack() as stack:
            if self._heir is None:
                await stack.enter_async_context(self._turn)
            yield await stack.enter_async_context(administrator(self._session.resource, self._database, self.name))

    async def _record(self, action: str, detail: Mapping[str, object], *, failed: bool = False) -> bool:
        """Whether it is in the audit log."""
        session = self._session
        try:
            async with self._access.database.transaction() as transaction:
                await trail.record(
                    transaction,
                    actor=changes.actor(session.principal),
                    action=action,
                    resource=f"{session.resource.name}/{session.role.name}",
                    outcome="failure" if failed else "success",
                    session=session.id,
                    grant=session.grant.id,
                    detail={**detail, **({"why": self._access.redact(str(detail["why"]))} if "why" in detail else {})},
                )
        except StorageUnavailable:
            return False
        return True


def kept_because(error: BaseException) -> str:
    """Why a role is still there, with what the server says of the things that depend on it."""
    if isinstance(error, Refused):
        return f"{error.words}: {error.detail}" if error.detail else error.words
    return str(error) or "the server did not answer in time"
