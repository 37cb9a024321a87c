"""One connection of a client: its requests, each let in by its token and answered by the session that this opens.

It refuses whoever brings no token, or a certificate or password instead, with a sentence that kubectl prints.
"""

import traceback
from typing import Final

import structlog

from proxy.doorstep import Doorstep
from proxy.errors import AccessRefused, Fault, SessionEnded, UpstreamFault
from proxy.kubernetes.http import status
from proxy.kubernetes.http.heads import BadRequest
from proxy.kubernetes.http.server import ClientGone, Exchange, Requests
from proxy.kubernetes.relay.relay import relay
from proxy.kubernetes.requests import paths
from proxy.kubernetes.requests.paths import Target
from proxy.kubernetes.requests.unreadable import Unreadable
from proxy.kubernetes.visits import Visit, Visits
from proxy.transport import Transport, TransportClosed

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_BEARER: Final = "bearer "
_NOBODY: Final = (
    "Bring a token of Gatepass's as a bearer token: kubectl --token, or a kubeconfig from the connect page. "
    "`gatepass kubectl` does so by itself."
)
_FAILED: Final = "Gatepass failed, so nothing was answered. Its operator finds more in the log."


class Connection:
    """Owns the client's transport until it is closed."""

    def __init__(self, transport: Transport, visits: Visits, client: str, doorstep: Doorstep) -> None:
        self._transport = transport
        self._requests = Requests(transport)
        self._visits = visits
        self._client = client
        self._doorstep = doorstep

    async def run(self) -> None:
        """Until the client closes it, or cannot be understood any more."""
        try:
            while (exchange := await self._requests.next()) is not None:
                self._doorstep.spoke()
                await self._answer(exchange)
        except BadRequest as bad:
            self._doorstep.note("kubernetes_client_rejected", str(bad)[:200], client=self._client)
            await self._requests.refuse(bad.status, {"content-type": status.JSON}, status.failure(bad.status, str(bad)))
        except (ClientGone, TransportClosed):
            log.debug("kubernetes_client_left", client=self._client)

    async def _answer(self, exchange: Exchange) -> None:
        try:
            await self._serve(exchange)
        except AccessRefused as refused:
            await _refuse(exchange, 401, str(refused))
        except SessionEnded as ended:
            await _refuse(exchange, 403, str(ended))
        except UpstreamFault as fault:
            await _refuse(exchange, 503, str(fault))
        except Fault as fault:
            await _refuse(exchange, 500, str(fault))
        except (BadRequest, ClientGone):
            raise
        except Exception as error:
            # Where, but not with what: a traceback's values and an error's text can hold tokens and objects.
            at = traceback.extract_tb(error.__traceback__)[-1]
            failed = {"error": type(error).__name__, "at": f"{at.filename}:{at.lineno}"}
            log.error("kubernetes_request_failed", client=self._client, **failed)  # noqa: TRY400
            await _refuse(exchange, 500, _FAILED)

    async def _serve(self, exchange: Exchange) -> None:
        try:
            target = paths.split(exchange.head.target)
        except Unreadable as unreadable:
            return await _refuse(exchange, 400, str(unreadable))
        token = _token(exchange)
        if token is None:
            self._doorstep.note("kubernetes_client_refused", "no token", client=self._client)
            return await _refuse(exchange, 401, _NOBODY)
        software = exchange.head.get("user-agent") or ""
        visit = await self._visits.visit(token, target.door, self._client, software)
        self._doorstep.left()
        await self._within(visit, exchange, target)
        return None

    async def _within(self, visit: Visit, exchange: Exchange, target: Target) -> None:
        async with visit.asking() as live:
            await live.session.run(relay(live, exchange, target))


def _token(exchange: Exchange) -> str | None:
    brought = exchange.head.get("authorization") or ""
    return brought[len(_BEARER) :].strip() or None if brought.lower().startswith(_BEARER) else None


async def _refuse(exchange: Exchange, code: int, sentence: str) -> None:
    """Say so, where nothing was said yet; else all that is left is to hang up."""
    if exchange.answered:
        exchange.abort()
        return
    await exchange.reply(code, {"content-type": status.JSON}, status.failure(code, sentence))
