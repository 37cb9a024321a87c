"""One proxy process: registered as an instance, its listeners open, its sessions watched, its predecessors' cleaned up.

While storage is away there is no instance: live sessions have ended, and the listeners refuse with a sentence.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from access.context import Access
from proxy.authority import Authority
from proxy.errors import CannotListen
from proxy.masking import registry
from proxy.place import ALONE, Place
from proxy.protocols import application_of, listener
from proxy.sessions.gateway import Gateway
from proxy.sessions.instance import PULSE_TIMEOUT_S, registered
from proxy.sessions.recovery import Recovery
from storage.database import StorageUnavailable
from storage.model import EndReason, Protocol
from storage.notices import Notices
from storage.waiting import until_lost

log: structlog.stdlib.BoundLogger = structlog.get_logger()

#: How often dead instances are looked for: longer than one takes to notice that its lock is lost (waiting.PULSE_S and
#: instance.PULSE_TIMEOUT_S), so that two looks in a row are proof.
SWEEP_S = 7.5
#: How soon a lost storage is tried again.
RETRY_S = 0.5

#: How long sessions get to tell their clients that the proxy stops.
DRAIN_S = 5.0

_CERTIFICATE_RENEWAL_S = 24 * 3600.0


@dataclass(frozen=True)
class ProxySettings:
    """Where to listen for what, the names on the certificate, and where keys and recordings lie."""

    #: Host and port of each protocol; port 0 picks a free one.
    listen: Mapping[Protocol, tuple[str, int]]
    hosts: Sequence[str]
    home: Path
    recordings: Path
    #: Beside other processes that listen on the same ports.
    place: Place = ALONE


class ProxyServer:
    """The listeners of one process and what keeps their sessions honest."""

    def __init__(self, access: Access, notices: Notices, settings: ProxySettings) -> None:
        self.gateway = Gateway(access, settings.recordings)
        self._access = access
        self._notices = notices
        self._settings = settings
        #: Set once the listeners are open and the instance is registered.
        self.ready = asyncio.Event()

    async def run(self) -> None:
        """Serve until cancelled; then tell every session, and wait for their ends to be written.

        Raises CannotListen before anybody is let in.
        """
        registry.prepare()
        self._settings.recordings.mkdir(parents=True, exist_ok=True, mode=0o700)
        authority = Authority(self._settings.home / "ca")
        contexts = {
            protocol: authority.server_context(self._settings.hosts, application)
            for protocol in self._settings.listen
            if (application := application_of(protocol)) is not None
        }
        async with contextlib.AsyncExitStack() as listeners:
            addresses: dict[str, tuple[str, int]] = {}
            for protocol, listen in self._settings.listen.items():
                tls, home, place = contexts.get(protocol), self._settings.home, self._settings.place
                made = listener(protocol, self.gateway, listen, home=home, tls=tls, place=place)
                try:
                    addresses[protocol.value] = (await listeners.enter_async_context(made)).address
                except OSError as error:
                    raise CannotListen(protocol, listen, error) from error
            log.info("proxy_listens", **addresses)
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._stay_registered())
                    group.create_task(self._sweep())
                    group.create_task(self.gateway.watch(self._notices))
                    group.create_task(self.gateway.logins.follow(self._notices))
                    group.create_task(self.gateway.save_endings())
                    group.create_task(self.gateway.keep_books())
                    group.create_task(self.gateway.authenticator.lockout.follow_unlocks(self._notices))
                    group.create_task(self._renew(authority, contexts.values()))
            finally:
                await self._drain()

    async def _stay_registered(self) -> None:
        """Hold the instance's lock; when it is lost, end every session, and register again when storage returns."""
        while True:
            with contextlib.suppress(StorageUnavailable):
                async with registered(self._access.database) as (instance_id, connection):
                    self.gateway.instance_id = instance_id
                    self.ready.set()
                    log.info("proxy_registered", instance=instance_id)
                    try:
                        await until_lost(connection, answer_within_s=PULSE_TIMEOUT_S)
                    finally:
                        self.gateway.instance_id = None
                log.error("storage_lost", sessions=len(self.gateway.live))
                self.gateway.end_all(
                    EndReason.STORAGE_LOST, "Gatepass lost its storage, so no session can go on. Connect again later."
                )
            await asyncio.sleep(RETRY_S)

    async def _sweep(self) -> None:
        recovery = Recovery(self._access, self._settings.recordings, self.gateway.holds)
        while True:
            with contextlib.suppress(StorageUnavailable):
                if await recovery.sweep(self.gateway.instance_id):
                    self.gateway.recovered.set()
            await self.gateway.authenticator.refusals.summarise()
            await asyncio.sleep(SWEEP_S)

    async def _renew(self, authority: Authority, contexts: Collection[ssl.SSLContext]) -> None:
        while True:
            await asyncio.sleep(_CERTIFICATE_RENEWAL_S)
            for each in contexts:
                authority.renew(each, self._settings.hosts)

    async def _drain(self) -> None:
        self.gateway.end_all(EndReason.SHUTDOWN, "Gatepass is being restarted. Connect again in a moment.")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_S):
                await self.gateway.live.empty.wait()
