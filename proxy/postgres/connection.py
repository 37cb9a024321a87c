"""ClientConnection: one client with a token or a certificate, from admission to the end of its session.

Why a session ends is told to the client as a FATAL ErrorResponse. It refuses to tell more of an unexpected error than
its type.
"""

import asyncio
import contextlib
import traceback
from collections.abc import Callable

import structlog

from access.identity import presented
from access.policy.shapes.upstreams import PostgresUpstream
from proxy.errors import (
    AccessRefused,
    ClientFault,
    Fault,
    PolicyFault,
    RecorderFailed,
    SessionEnded,
    TooMuchPinned,
    UpstreamFault,
)
from proxy.memory import LARGE_BYTES, Memory
from proxy.postgres import upstream
from proxy.postgres.cancels import Cancels
from proxy.postgres.ephemeral.account import Account, Turns
from proxy.postgres.ephemeral.sweeper import ANY_DATABASE
from proxy.postgres.handshake import StartupResult
from proxy.postgres.protocol import messages, startup
from proxy.postgres.relay.catalogue_changes import CatalogueChanges
from proxy.postgres.relay.judging.estimate import Estimator
from proxy.postgres.relay.masked_columns import MaskedColumns
from proxy.postgres.relay.relay import Relay
from proxy.postgres.startup_settings import check_settings
from proxy.postgres.upstream import Upstream
from proxy.sessions.gateway import Gateway
from proxy.sessions.session import LiveSession
from storage.model import Protocol

log: structlog.stdlib.BoundLogger = structlog.get_logger()

#: How long a client whose session failed or was cut may take to read what is on its way to it.
HANG_UP_S = 0.5

#: SQLSTATEs of our FATAL errors, by whose fault it was.
_CODES: tuple[tuple[type[Fault], str], ...] = (
    (AccessRefused, "28P01"),
    (TooMuchPinned, "53200"),
    (SessionEnded, "57P01"),
    (UpstreamFault, "08006"),
    (RecorderFailed, "58030"),
    (PolicyFault, "XX000"),
    (ClientFault, "08P01"),
)


class ClientConnection:
    """Owns the client's transport from here on, and the upstream's."""

    def __init__(
        self,
        gateway: Gateway,
        cancels: Cancels,
        changes: CatalogueChanges,
        startup_result: StartupResult,
        client: str,
        *,
        turns: Turns,
        memory: Memory,
        admitted: Callable[[], None],
    ) -> None:
        self._gateway = gateway
        self._cancels = cancels
        self._changes = changes
        self._startup = startup_result
        self._client = client
        self._turns = turns
        self._memory = memory
        #: Called once what it brought was found good.
        self._admitted = admitted
        self._upstream: Upstream | None = None
        self._relay: Relay | None = None
        self._reason_sent = False

    async def run(self) -> None:
        """Until the client leaves, the session is cut, or something fails; the client is told why."""
        try:
            await self._serve()
        except Fault as fault:
            self._send_reason(fault)
        except Exception as error:
            # Where, but not with what: a traceback's values and an error's text can hold tokens and rows.
            at = traceback.extract_tb(error.__traceback__)[-1]
            failed = {"error": type(error).__name__, "at": f"{at.filename}:{at.lineno}"}
            log.error("postgres_session_failed", client=self._client, **failed)  # noqa: TRY400
            self._send_reason(PolicyFault("Gatepass failed, so the session ends. Its operator finds more in the log."))
        finally:
            await self._startup.transport.close()
            if self._relay is not None and self._relay.longest >= LARGE_BYTES:
                self._memory.give_back()

    def _send_reason(self, fault: Fault) -> None:
        """Say once why it ends, unless the upstream has said so itself."""
        if self._reason_sent or (self._relay is not None and self._relay.client_knows):
            return
        self._reason_sent = True
        code = next((code for kind, code in _CODES if isinstance(fault, kind)), "XX000")
        self._startup.transport.write(messages.error(code, str(fault), severity="FATAL"))

    async def _serve(self) -> None:
        """Have the client admitted, and open its session. Raises Fault."""
        packet = self._startup.startup
        shown = self._startup.certificate
        brought = presented.certificate(shown) if shown is not None else presented.token(self._startup.token)
        admission = await self._gateway.admit_by(
            brought, username=packet.user, protocol=Protocol.POSTGRES, client=self._client
        )
        self._admitted()
        resource = admission.resource
        bound_to = resource.upstream.database if isinstance(resource.upstream, PostgresUpstream) else None
        database = self._startup.database(resource.name, bound_to, admission.role.username or ANY_DATABASE)
        parameters = {**self._startup.settings(), "database": database}
        software = packet.parameters.get("application_name", "")
        async with self._gateway.enter(admission, client_software=software) as session:
            account = Account(self._gateway.access, session, database, self._turns)
            try:
                await check_settings(session, parameters)
                await session.run(self._relay_session(session, account, parameters))
            except Fault as fault:
                # At once, and the socket with it: writing the session's end may take storage a while.
                self._send_reason(fault)
                await asyncio.gather(self._startup.transport.close(HANG_UP_S), self._leave_upstream())
                raise
            finally:
                await self._leave_upstream()
                await account.close()

    async def _relay_session(self, session: LiveSession, account: Account, parameters: dict[str, str]) -> None:
        await account.open()
        connection = self._upstream = await upstream.connect(session.resource, account.role, parameters)
        await account.lock()
        masked_columns = MaskedColumns(
            session.resource, account.asking, parameters["database"], session.masker, self._changes
        )
        await masked_columns.load(connection)
        estimator = Estimator(session.resource, account.role, parameters["database"])
        relay = self._relay = Relay(
            session, masked_columns, estimator, self._startup.transport, connection, self._memory.pin
        )
        process, _ = connection.key or (0, b"")
        with self._cancels.key(relay, self._startup.startup.version, process) as key:
            self._startup.transport.write(_welcome(connection, key, session))
            await relay.run()

    async def _leave_upstream(self) -> None:
        """Close the upstream connection; what still runs there is cancelled, not merely left alone."""
        far, self._upstream = self._upstream, None
        if far is None:
            return
        try:
            with contextlib.suppress(Fault, OSError):
                if self._relay is not None and self._relay.busy:
                    await far.cancel()
            far.transport.write(messages.TERMINATE)
            await far.transport.close()
        finally:
            far.transport.abort()


def _welcome(connection: Upstream, key: tuple[int, bytes], session: LiveSession) -> bytes:
    """AuthenticationOk up to ReadyForQuery, with the upstream's parameters and a key of ours."""
    parameters = connection.parameters.items()
    status = [messages.parameter_status(name, session.masker.text(value)) for name, value in parameters]
    return b"".join(
        (startup.AUTHENTICATION_OK, *status, startup.backend_key_data(*key), messages.ready_for_query(b"I"))
    )
