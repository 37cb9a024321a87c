"""Visit: one client with a token, from the gate to the end of its session, which it hears in PostgreSQL's words."""

import contextlib
import traceback

import structlog

from access.policy.resources import PostgresUpstream
from proxy.errors import AccessRefused, ClientFault, Fault, PolicyFault, RecorderFailed, SessionEnded, UpstreamFault
from proxy.postgres import upstream
from proxy.postgres.cancels import Cancels
from proxy.postgres.handshake import Guest
from proxy.postgres.protocol import messages, startup
from proxy.postgres.relay.masked_columns import Guard
from proxy.postgres.relay.relay import Relay
from proxy.postgres.upstream import Upstream
from proxy.sessions.gateway import Gateway
from proxy.sessions.session import LiveSession
from storage.model import Protocol

log: structlog.stdlib.BoundLogger = structlog.get_logger()

#: SQLSTATEs of our FATAL errors, by whose fault it was.
_CODES: tuple[tuple[type[Fault], str], ...] = (
    (AccessRefused, "28P01"),
    (SessionEnded, "57P01"),
    (UpstreamFault, "08006"),
    (RecorderFailed, "58030"),
    (PolicyFault, "XX000"),
    (ClientFault, "08P01"),
)


class Visit:
    """Owns the client's transport from here on, and the upstream's."""

    def __init__(self, gateway: Gateway, cancels: Cancels, guest: Guest, client: str) -> None:
        self._gateway = gateway
        self._cancels = cancels
        self._guest = guest
        self._client = client
        self._leg: Upstream | None = None
        self._relay: Relay | None = None
        self._told = False

    async def run(self) -> None:
        """Until the client leaves, the session is cut, or something fails; the client is told why."""
        try:
            await self._visit()
        except Fault as fault:
            self._tell(fault)
        except Exception as error:
            # Where, but not with what: a traceback's values and an error's text can hold tokens and rows.
            at = traceback.extract_tb(error.__traceback__)[-1]
            failed = {"error": type(error).__name__, "at": f"{at.filename}:{at.lineno}"}
            log.error("postgres_session_failed", client=self._client, **failed)  # noqa: TRY400
            self._tell(PolicyFault("Gatepass failed, so the session ends. Its operator finds more in the log."))
        finally:
            await self._guest.transport.close()

    def _tell(self, fault: Fault) -> None:
        """Say once why it ends, unless the upstream has said so itself."""
        if self._told or (self._relay is not None and self._relay.client_knows):
            return
        self._told = True
        code = next((code for kind, code in _CODES if isinstance(fault, kind)), "XX000")
        self._guest.transport.write(messages.error(code, str(fault), severity="FATAL"))

    async def _visit(self) -> None:
        said = self._guest.startup
        admission = await self._gateway.admit(
            username=said.user, token=self._guest.token, protocol=Protocol.POSTGRES, client=self._client
        )
        place = admission.resource.upstream
        only = place.database if isinstance(place, PostgresUpstream) else None
        database = self._guest.database(admission.resource.name, only, admission.role.username)
        parameters = {**self._guest.settings(), "database": database}
        software = said.parameters.get("application_name", "")
        async with self._gateway.enter(admission, client_software=software) as session:
            try:
                await session.run(self._attend(session, parameters))
            except Fault as fault:
                # At once: writing the session's end may take storage a while.
                self._tell(fault)
                raise
            finally:
                await self._part()

    async def _attend(self, session: LiveSession, parameters: dict[str, str]) -> None:
        leg = self._leg = await upstream.connect(session.resource, session.role, parameters)
        guard = Guard(session.resource, session.role, parameters["database"], session.masker)
        await guard.load(leg)
        relay = self._relay = Relay(session, guard, self._guest.transport, leg)
        with self._cancels.key(relay, self._guest.startup.version) as key:
            self._guest.transport.write(_welcome(leg, key, session))
            await relay.run()

    async def _part(self) -> None:
        """Leave the upstream; what still runs there is cancelled, not merely left alone."""
        if self._leg is None:
            return
        with contextlib.suppress(Fault, OSError):
            if self._relay is not None and self._relay.busy:
                await self._leg.cancel()
        self._leg.transport.write(messages.TERMINATE)
        await self._leg.transport.close()


def _welcome(leg: Upstream, key: tuple[int, bytes], session: LiveSession) -> bytes:
    """AuthenticationOk up to ReadyForQuery, with the upstream's parameters and a key of ours."""
    status = [messages.parameter_status(name, session.masker.text(value)) for name, value in leg.parameters.items()]
    return b"".join(
        (startup.AUTHENTICATION_OK, *status, startup.backend_key_data(*key), messages.ready_for_query(b"I"))
    )
