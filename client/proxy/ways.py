"""What a local port lets itself in with at the gateway: anew for each connection, unless a person touched a key for it.

A touch is for one token or certificate. That one is kept, in memory, for as long as it is sure to count, so that nobody
touches a key for each of the connections that a program opens; and of several that come meanwhile, one asks.
"""

import threading
import time
from dataclasses import dataclass
from typing import Final

from client.access import choosing
from client.access.choosing import Target
from client.api import Api, Json, trusting
from client.errors import REFUSED, Failed
from client.kept import folder, secret
from client.kept.servers import Server
from client.programs import certificate
from client.programs.certificate import Certificate
from client.programs.commands import ca_file, lets_in
from client.proxy.relay import Way

#: A certificate counts for five minutes, and a token for one at least, from a moment before it is here.
_CERTIFICATE_S: Final = 270.0
_TOKEN_S: Final = 50.0


@dataclass(frozen=True)
class _Touched:
    """What was handed for a touch, and until when it is used, by this machine's own clock."""

    brought: Certificate | str
    grant: str
    until: float


class Ways:
    """To one door of one server."""

    def __init__(self, server: Server, target: Target, *, browser: bool) -> None:
        self._server = server
        self._target = target
        self._browser = browser
        self._asking = threading.Lock()
        self._kept: _Touched | None = None

    def way(self) -> Way:
        """How to get in now, asked in a connection of its own: several may ask at once. Raises Failed."""
        api = Api(self._server, secret.read(self._server))
        try:
            grant = self._grant(api)
            return self._loaded(api, grant, self._brought(api, grant))
        finally:
            api.close()

    def to_cancel(self) -> Way:
        """The way for a request to cancel, which lets nobody in: nothing is brought along. Raises Failed."""
        api = Api(self._server, secret.read(self._server))
        try:
            return Way(self._grant(api)["connect"], trusting(folder.read(ca_file(api))))
        finally:
            api.close()

    def _grant(self, api: Api) -> Json:
        grant = choosing.open_grant(api.get("/api/grants")["grants"], self._target)
        if grant is None:
            again = f"Run `gatepass proxy {self._target.resource}` again."
            raise Failed(f"the access to {self._target} is over. {again}", REFUSED)
        return grant

    def _brought(self, api: Api, grant: Json) -> Certificate | str:
        if not grant.get("takes_touch"):
            return lets_in(api, grant, browser=self._browser)
        with self._asking:
            kept = self._kept
            if kept is None or kept.grant != grant["id"] or kept.until <= time.monotonic():
                brought = lets_in(api, grant, browser=self._browser)
                lasts_s = _TOKEN_S if isinstance(brought, str) else _CERTIFICATE_S
                kept = self._kept = _Touched(brought, str(grant["id"]), time.monotonic() + lasts_s)
            return kept.brought

    @staticmethod
    def _loaded(api: Api, grant: Json, brought: Certificate | str) -> Way:
        tls = trusting(folder.read(ca_file(api)))
        if isinstance(brought, str):
            return Way(grant["connect"], tls, brought)
        files = certificate.written(brought)
        try:
            tls.load_cert_chain(files.certificate, files.key)
        finally:
            files.remove()
        return Way(grant["connect"], tls)
