"""How a command line comes to be signed in: codes exchanged and asked about, in OAuth's words; and what it trusts."""

from pathlib import Path
from typing import Final

import structlog
from aiohttp import web

from access.context import Access
from access.identity import browser_sessions
from access.identity.browser_sessions import SignedIn
from access.identity.command_lines import codes, device, loopback
from access.identity.command_lines.given import CodeProblem, CodeRefused, Given
from storage.database import clock
from web.api.answers import ApiRefused
from web.api.door import ApiDoor
from web.door.bodies import whole
from web.door.guard import CLIENT
from web.door.rates import Rates
from web.settings import Origin

DEVICE_GRANT: Final = "urn:ietf:params:oauth:grant-type:device_code"
_MAX_WORD_CHARS: Final = 200

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class SignInApi:
    """/api/token, /api/device, /api/sign-out and /api/ca.pem."""

    def __init__(self, access: Access, door: ApiDoor, origin: Origin, ca_file: Path | None) -> None:
        self._access = access
        self._door = door
        self._origin = origin
        self._ca_file = ca_file
        self._begun = Rates()
        #: Of codes that are none.
        self._failures = Rates()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/api/token", self._token),
            web.post("/api/device", self._device),
            web.post("/api/sign-out", self._door(self._sign_out)),
            web.get("/api/ca.pem", self._authority),
        ]

    async def _token(self, request: web.Request) -> web.Response:
        client = request[CLIENT]
        if self._failures.is_empty(client):
            raise ApiRefused(429, "too_often", "Too many codes from your address were none. Wait a minute.")
        await whole(request)
        form = {name: str(value)[:_MAX_WORD_CHARS] for name, value in (await request.post()).items()}
        try:
            given = await self._exchanged(form, client)
        except CodeRefused as refused:
            if refused.problem is CodeProblem.INVALID:
                self._failures.take(client)
            raise
        async with self._access.database.transaction() as transaction:
            now = await clock(transaction)
        log.info("command_line_signed_in", person=given.person, device=given.session.device)
        return web.json_response(
            {
                "access_token": given.secret,
                "token_type": "Bearer",
                "expires_in": int((given.session.expires_at - now).total_seconds()),
                "person": given.person,
            }
        )

    async def _exchanged(self, form: dict[str, str], client: str) -> Given:
        """Raises ApiRefused for what is neither of the two ways, CodeRefused."""
        kind = form.get("grant_type")
        if kind == "authorization_code":
            code, verifier, uri = (form.get(name, "") for name in ("code", "code_verifier", "redirect_uri"))
            return await loopback.exchange(self._access, code, verifier, uri, client=client)
        if kind == DEVICE_GRANT:
            return await device.poll(self._access, form.get("device_code", ""), client=client)
        raise ApiRefused(400, "unsupported_grant_type", "A code is exchanged, or a device code; this is neither.")

    async def _device(self, request: web.Request) -> web.Response:
        client = request[CLIENT]
        if not self._begun.take(client):
            raise ApiRefused(429, "too_often", "There were many sign-ins from your address. Wait a minute.")
        await whole(request)
        name = codes.device_name(str((await request.post()).get("device", "")))
        if name is None:
            raise ApiRefused(400, "invalid_request", "A command line says its name, in one line of plain letters.")
        asked = await device.ask(self._access, name, client=client)
        return web.json_response(
            {
                "device_code": asked.device_code,
                "user_code": asked.user_code,
                "verification_uri": f"{self._origin}/cli/device",
                "expires_in": int(device.CODE_LIFETIME.total_seconds()),
                "interval": device.INTERVAL_S,
            }
        )

    async def _sign_out(self, _: web.Request, me: SignedIn) -> web.Response:
        async with self._access.database.transaction() as transaction:
            await browser_sessions.end_one(transaction, me.principal, me.session.id, await clock(transaction))
        return web.json_response({"signed_out": True})

    async def _authority(self, _: web.Request) -> web.Response:
        """The gateway's CA, for whoever knows its fingerprint: nothing here proves that it is the right one."""
        if self._ca_file is None or not self._ca_file.exists():
            raise ApiRefused(404, "not_found", "This process has no certificate authority.")
        return web.Response(text=self._ca_file.read_text("ascii"), content_type="application/x-pem-file")
