"""What ssh on people's machines lets itself in with: certificates over keys of its own, and registered keys."""

from functools import cached_property
from typing import Any, Final
from uuid import UUID

from aiohttp import web

from access.context import Access
from access.identity.browser_sessions import SignedIn
from access.identity.ssh import certificates, keys, public_keys
from access.identity.ssh.authority import ClientAuthority
from access.identity.ssh.keys import TakesTouch
from storage.model import SshKey
from web.api.answers import ApiRefused, body
from web.api.door import ApiDoor
from web.api.mine import own_grant
from web.api.touched import Touched
from web.door import forwarded
from web.door.guard import CLIENT
from web.settings import ForwardedBy, WebSettings

_STRIP: Final = "Tell your operator: the proxy in front is to strip the one that it does not set."
_REPLACE: Final = "Tell your operator: the proxy in front is to write it anew, and pass on nothing of the client's."


class SshApi:
    """/api/grants/…/ssh-certificate and /api/ssh-keys…"""

    def __init__(self, access: Access, door: ApiDoor, settings: WebSettings) -> None:
        self._access = access
        self._door = door
        self._settings = settings

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/api/grants/{id}/ssh-certificate", self._door(self._certificate)),
            web.get("/api/ssh-keys", self._door(self._keys)),
            web.post("/api/ssh-keys", self._door(self._add)),
            web.post("/api/ssh-keys/text", self._door(self._text)),
            web.post("/api/ssh-keys/{id}/end", self._door(self._end)),
        ]

    async def _certificate(self, request: web.Request, me: SignedIn) -> web.Response:
        grant, said = await own_grant(self._access, request, me), await body(request)
        key = said.get("public_key")
        if not isinstance(key, str):
            raise ApiRefused(400, "invalid_request", 'Say which key: {"public_key": "ssh-ed25519 AAAA…"}.')
        touched = await Touched.of(self._access, me, said, grant.id)
        signed = await certificates.sign(
            self._access,
            self._authority,
            grant.id,
            me,
            key,
            seen_at=self._seen_at(request),
            touch=touched.touch,
            wanted=touched.wanted,
        )
        return web.json_response({"certificate": signed.line, "expires_at": signed.expires_at.isoformat()})

    async def _keys(self, _: web.Request, me: SignedIn) -> web.Response:
        async with self._access.database.transaction() as transaction:
            mine = await keys.of(transaction, me.principal)
        return web.json_response({"keys": [_shown(each) for each in mine]})

    async def _text(self, _: web.Request, me: SignedIn) -> web.Response:
        return web.json_response({"text": await keys.text_for(self._access, me)})

    async def _add(self, request: web.Request, me: SignedIn) -> web.Response:
        said = await body(request)
        text, armour, name = (said.get(each) for each in ("text", "signature", "name"))
        if not isinstance(text, str) or not isinstance(armour, str) or not isinstance(name, str):
            raise ApiRefused(400, "invalid_request", "Say text, signature and name, each as text.")
        try:
            added = await keys.add(self._access, me, text, armour, name, None)
        except TakesTouch as refused:
            raise ApiRefused(403, "takes_touch", str(refused)) from refused
        return web.json_response(_shown(added), status=201)

    async def _end(self, request: web.Request, me: SignedIn) -> web.Response:
        try:
            key_id = UUID(request.match_info["id"])
        except ValueError as error:
            raise ApiRefused(404, "not_found", "There is no such key of yours.") from error
        return web.json_response(_shown(await keys.end(self._access, me, key_id)))

    def _seen_at(self, request: web.Request) -> str | None:
        """The address to bind it to; None where it is only a proxy's, which did not say whose it is.

        Raises ApiRefused where two headers name different clients, or the one that counts is malformed: otherwise
        whoever wants a certificate that is bound to no address would add the other header, or a letter to this one.
        """
        client, settings, headers = request[CLIENT], self._settings, request.headers
        if not settings.binds_certificates:
            return None
        if not forwarded.is_listed(client, settings.proxies):
            return client
        both = headers.getall("Forwarded", []), headers.getall("X-Forwarded-For", [])
        if settings.forwarded_by is None and forwarded.disagree(*both, settings.proxies):
            raise ApiRefused(400, "two_clients", "Forwarded and X-Forwarded-For name different clients. " + _STRIP)
        if settings.forwarded_by is not ForwardedBy.X_FORWARDED_FOR and forwarded.is_malformed(both[0]):
            raise ApiRefused(400, "malformed_header", "Forwarded is not written as RFC 7239 has it. " + _REPLACE)
        return None

    @cached_property
    def _authority(self) -> ClientAuthority:
        """Raises ApiRefused."""
        if self._settings.ssh_keys is None:
            raise ApiRefused(404, "not_found", "This process signs no certificates.")
        return ClientAuthority(self._settings.ssh_keys)


def _shown(key: SshKey) -> dict[str, Any]:
    return {
        "id": str(key.id),
        "name": key.name,
        "kind": key.kind,
        "fingerprint": public_keys.shown(key.fingerprint),
        "created_at": key.created_at.isoformat(),
        "last_used_at": key.last_used_at.isoformat() if key.last_used_at is not None else None,
    }
