"""Who asks, what they may ask for, and their grants: how to get in, the token, the end."""

import ssl
from datetime import datetime
from uuid import UUID

from aiohttp import web

from access.certificates import reading
from access.certificates.reading import NoRequest
from access.context import Access
from access.grants import grants
from access.identity.browser_sessions import SignedIn
from access.identity.handing import hand_certificate, hand_token
from storage.database import clock
from storage.model import Grant
from web.api import shapes
from web.api.answers import ApiRefused, body
from web.api.door import ApiDoor
from web.api.touched import Touched
from web.door.guard import CLIENT
from web.settings import WebSettings


class MineApi:
    """/api/me, /api/offers and /api/grants…"""

    def __init__(self, access: Access, door: ApiDoor, settings: WebSettings) -> None:
        self._access = access
        self._door = door
        self._settings = settings

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/me", self._door(self._me)),
            web.get("/api/offers", self._door(self._offers)),
            web.get("/api/grants", self._door(self._grants)),
            web.post("/api/grants/{id}/token", self._door(self._token)),
            web.post("/api/grants/{id}/tls-certificate", self._door(self._certificate)),
            web.post("/api/grants/{id}/end", self._door(self._end)),
        ]

    async def _me(self, _: web.Request, me: SignedIn) -> web.Response:
        session = me.session
        return web.json_response(
            {
                "person": me.principal.name,
                "device": session.device,
                "provider": session.provider,
                "signed_in_at": session.signed_in_at.isoformat(),
                "expires_at": session.expires_at.isoformat(),
            }
        )

    async def _offers(self, request: web.Request, me: SignedIn) -> web.Response:
        """All, or those of one resource."""
        policy, wanted = self._access.policies.current, request.query.get("resource")
        found = [
            shapes.offer(each, policy)
            for each in policy.what_may(me.principal.name)
            if wanted is None or each.resource == wanted
        ]
        return web.json_response({"offers": found})

    async def _grants(self, request: web.Request, me: SignedIn) -> web.Response:
        """Those that are open, and what to trust on the way in."""
        async with self._access.database.transaction() as transaction:
            now = await clock(transaction)
            mine = await grants.of(transaction, me.principal, now)
        wanted = request.query.get("resource")
        shown = [self._shown(each, me, now) for each in mine if wanted is None or each.resource == wanted]
        return web.json_response({"grants": shown, "gateway": self._gateway()})

    async def _token(self, request: web.Request, me: SignedIn) -> web.Response:
        grant_id = (await own_grant(self._access, request, me)).id
        said = await body(request) if request.body_exists else {}
        touched = await Touched.of(self._access, me, said, grant_id)
        handed = await hand_token(
            self._access,
            grant_id,
            me.principal,
            source="cli",
            detail=_known_by(me),
            touch=touched.touch,
            wanted=touched.wanted,
            client=request[CLIENT],
            sign_in=me.session,
        )
        return web.json_response({"token": handed.token, "expires_at": handed.until.isoformat()})

    async def _certificate(self, request: web.Request, me: SignedIn) -> web.Response:
        """One over the key of the request in `csr`, PEM (RFC 2986), for PostgreSQL's TLS."""
        grant_id, said = (await own_grant(self._access, request, me)).id, await body(request)
        if not self._settings.takes_certificates:
            raise ApiRefused(409, "no_certificates", "This gateway takes no client certificates. Use a token.")
        try:
            key = reading.key_of_request(str(said.get("csr", "")))
        except NoRequest as error:
            raise ApiRefused(400, "no_request", str(error)) from error
        touched = await Touched.of(self._access, me, said, grant_id)
        signed = await hand_certificate(
            self._access,
            grant_id,
            me.principal,
            key,
            source="cli",
            detail=_known_by(me),
            touch=touched.touch,
            wanted=touched.wanted,
            client=request[CLIENT],
            sign_in=me.session,
        )
        pem = ssl.DER_cert_to_PEM_cert(signed.certificate)
        return web.json_response({"certificate": pem, "id": signed.id, "expires_at": signed.until.isoformat()})

    async def _end(self, request: web.Request, me: SignedIn) -> web.Response:
        own = await own_grant(self._access, request, me)
        ended = await grants.revoke(self._access, own.id, me.principal, source="cli")
        return web.json_response({"id": str(ended.id), "ended": True})

    def _shown(self, grant: Grant, me: SignedIn, now: datetime) -> shapes.Json:
        policy = self._access.policies.current
        why_not = grants.still_allowed(policy, grant, me.principal.name)
        resource, takes = policy.resources.get(grant.resource), self._settings.takes_certificates
        shown = shapes.grant(grant, resource, self._settings.addresses, why_not, now, takes_certificates=takes)
        requires = policy.required_of_holder(me.principal.name, grant.resource, grant.role)
        return {**shown, "takes_touch": requires is not None and requires.present}

    def _gateway(self) -> shapes.Json:
        """What clients verify its ports by, where this process has it."""
        ca, key = self._settings.ca_file, self._settings.ssh_host_key_file
        return {
            "ca": ca.read_text("ascii") if ca is not None and ca.exists() else None,
            "ssh_host_key": key.read_text("ascii").strip() if key is not None and key.exists() else None,
        }


def _known_by(me: SignedIn) -> dict[str, object]:
    """How whoever asks was known, for the audit log."""
    session = me.session
    return {"command_line": str(session.id), "device": session.device, "methods": session.methods}


async def own_grant(access: Access, request: web.Request, me: SignedIn) -> Grant:
    """The grant of the path, over or not. Raises ApiRefused for what is somebody else's, as for what is not."""
    try:
        grant_id = UUID(request.match_info["id"])
    except ValueError as error:
        raise _none() from error
    async with access.database.transaction() as transaction:
        grant = await transaction.get(Grant, grant_id)
    if grant is None or grant.principal_id != me.principal.id:
        raise _none()
    return grant


def _none() -> ApiRefused:
    return ApiRefused(404, "not_found", "There is no such access of yours. `gatepass status` shows what is open.")
