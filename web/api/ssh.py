"""What ssh on people's machines is given: certificates over keys of its own."""

from functools import cached_property

from aiohttp import web

from access.context import Access
from access.identity.browser_sessions import SignedIn
from access.identity.ssh import certificates
from access.identity.ssh.authority import ClientAuthority
from web.api.answers import ApiRefused, body
from web.api.door import ApiDoor
from web.api.mine import own_grant
from web.door import forwarded
from web.door.guard import CLIENT
from web.settings import WebSettings


class SshApi:
    """/api/grants/…/ssh-certificate"""

    def __init__(self, access: Access, door: ApiDoor, settings: WebSettings) -> None:
        self._access = access
        self._door = door
        self._settings = settings

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/api/grants/{id}/ssh-certificate", self._door(self._certificate))]

    async def _certificate(self, request: web.Request, me: SignedIn) -> web.Response:
        grant, key = await own_grant(self._access, request, me), (await body(request)).get("public_key")
        if not isinstance(key, str):
            raise ApiRefused(400, "invalid_request", 'Say which key: {"public_key": "ssh-ed25519 AAAA…"}.')
        signed = await certificates.sign(
            self._access, self._authority, grant.id, me, key, seen_at=self._seen_at(request[CLIENT])
        )
        return web.json_response({"certificate": signed.line, "expires_at": signed.expires_at.isoformat()})

    def _seen_at(self, client: str) -> str | None:
        """The address to bind it to; None where it is only a proxy's, which did not say whose it is."""
        if not self._settings.binds_certificates or forwarded.is_listed(client, self._settings.proxies):
            return None
        return client

    @cached_property
    def _authority(self) -> ClientAuthority:
        """Raises ApiRefused."""
        if self._settings.ssh_keys is None:
            raise ApiRefused(404, "not_found", "This process signs no certificates.")
        return ClientAuthority(self._settings.ssh_keys)
