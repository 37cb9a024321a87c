"""What anybody may ask over plain HTTP: whether this process is well, and the keys that clients trust it by."""

from pathlib import Path
from typing import Final

from aiohttp import web

from access.context import Access
from storage.database import StorageUnavailable

_READY_TIMEOUT_S: Final = 3.0


class Health:
    """/healthz (the process runs), /readyz (storage answers), /ca.pem and /ssh_host_key.pub, to anybody."""

    def __init__(self, access: Access, *, ca_file: Path | None = None, ssh_host_key_file: Path | None = None) -> None:
        self._access = access
        self._ca_file = ca_file
        self._ssh_host_key_file = ssh_host_key_file

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/healthz", self._healthy),
            web.get("/readyz", self._ready),
            web.get("/ca.pem", self._authority),
            web.get("/ssh_host_key.pub", self._ssh_host_key),
        ]

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
