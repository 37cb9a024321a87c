"""The HTTP side: health for whoever runs this process, and the CA certificate for clients. Pages come with sign-in."""

import asyncio
from pathlib import Path

from aiohttp import web, web_response

from access.context import Access
from storage.database import StorageUnavailable

_READY_TIMEOUT_S = 3.0

# Versions are for nobody who merely reaches this port. What aiohttp answers to bytes that are no HTTP passes no hook of
# the application's, so there the name that it would give itself is another.
web_response.SERVER_SOFTWARE = "gatepass"  # pyright: ignore[reportPrivateImportUsage]


class WebServer:
    """Serves /healthz (the process runs), /readyz (storage answers), /ca.pem and /ssh_host_key.pub, to anybody."""

    def __init__(
        self,
        access: Access,
        listen: tuple[str, int],
        *,
        ca_file: Path | None = None,
        ssh_host_key_file: Path | None = None,
    ) -> None:
        self._access = access
        self._host, self._port = listen
        self._ca_file = ca_file
        self._ssh_host_key_file = ssh_host_key_file

    async def run(self) -> None:
        """Serve until cancelled."""
        runner = web.AppRunner(self.application(), access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._host, self._port).start()
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()

    def application(self) -> web.Application:
        application = web.Application()
        application.on_response_prepare.append(_say_no_name)
        application.router.add_get("/healthz", self._healthy)
        application.router.add_get("/readyz", self._ready)
        application.router.add_get("/ca.pem", self._authority)
        application.router.add_get("/ssh_host_key.pub", self._ssh_host_key)
        return application

    async def _healthy(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _ready(self, _: web.Request) -> web.Response:
        try:
            await self._access.database.ready(timeout_s=_READY_TIMEOUT_S)
        except StorageUnavailable:
            return web.json_response({"status": "unavailable", "why": "storage does not answer"}, status=503)
        return web.json_response({"status": "ok"})

    async def _authority(self, _: web.Request) -> web.Response:
        if self._ca_file is None or not self._ca_file.exists():
            return web.json_response({"error": "this process has no certificate authority"}, status=404)
        return web.Response(text=self._ca_file.read_text(), content_type="application/x-pem-file")

    async def _ssh_host_key(self, _: web.Request) -> web.Response:
        if self._ssh_host_key_file is None or not self._ssh_host_key_file.exists():
            return web.json_response({"error": "this process has no SSH host key"}, status=404)
        return web.Response(text=self._ssh_host_key_file.read_text())


async def _say_no_name(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.popall("Server", None)
