"""The connect page of one grant: lines to copy into every client, and the token, shown once to its owner."""

from aiohttp import web

from access.addresses import Addresses
from access.context import Access
from access.errors import Refused
from access.grants import grants
from access.grants.grants import GrantUnusable
from access.identity import acts
from access.identity.browser_sessions import SignedIn
from access.identity.handing import Handed, hand_token
from access.ways_in import takes_token, ways_in
from storage.database import clock
from storage.model import Grant
from web.door.guard import CLIENT, SIGNED_IN
from web.door.ids import id_of
from web.pages.rendering import message, page, sent_to, sign_in_first
from web.pages.touching import Touching, refusal

_GONE = "This access is over, or it is not yours. What is open for you stands on My access."


class ConnectPages:
    """/grants/…: how to get in by a grant, and its token."""

    def __init__(self, access: Access, addresses: Addresses, touching: Touching) -> None:
        self._access = access
        self._addresses = addresses
        self._touching = touching

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/grants/{grant}", self._show),
            web.post("/grants/{grant}/challenge", self._challenge),
            web.post("/grants/{grant}/token", self._hand),
            web.post("/grants/{grant}/end", self._end),
        ]

    async def _show(self, request: web.Request) -> web.StreamResponse:
        me: SignedIn | None = request[SIGNED_IN]
        if me is None:
            return sign_in_first(request)
        grant = await self._mine(request, me)
        if grant is None:
            return _gone(request)
        return self._page(request, me, grant, None)

    async def _challenge(self, request: web.Request) -> web.StreamResponse:
        me: SignedIn = request[SIGNED_IN]
        grant = await self._mine(request, me)
        if grant is None:
            return refusal(me, Refused(_GONE))
        return await self._touching.question(me, acts.take_token(grant.id))

    async def _hand(self, request: web.Request) -> web.StreamResponse:
        """The token, on this page and nowhere else: whoever reloads it asks for another one."""
        me: SignedIn = request[SIGNED_IN]
        detail = {"browser": str(me.session.id), "provider": me.session.provider, "methods": me.session.methods}
        touch = await self._touching.touched(request, me, acts.take_token(id_of(request, "grant")))
        try:
            handed = await hand_token(
                self._access,
                id_of(request, "grant"),
                me.principal,
                source="web",
                detail=detail,
                touch=touch,
                client=request[CLIENT],
                sign_in=me.session,
            )
        except GrantUnusable as problem:
            return message(request, "That was not done", str(problem), status=409, then=("/", "My access"))
        return self._page(request, me, handed.grant, handed)

    async def _end(self, request: web.Request) -> web.StreamResponse:
        me: SignedIn = request[SIGNED_IN]
        await grants.revoke(self._access, id_of(request, "grant"), me.principal, source="web")
        return sent_to("/")

    async def _mine(self, request: web.Request, me: SignedIn) -> Grant | None:
        async with self._access.database.transaction() as transaction:
            mine = await grants.of(transaction, me.principal, await clock(transaction))
        return next((each for each in mine if each.id == id_of(request, "grant")), None)

    def _page(self, request: web.Request, me: SignedIn, grant: Grant, handed: Handed | None) -> web.Response:
        policy = self._access.policies.current
        resource, why_not = policy.resources.get(grant.resource), grants.still_allowed(policy, grant, me.principal.name)
        ways = ways_in(self._addresses, resource, grant.role) if resource is not None and why_not is None else []
        requires = policy.required_of_holder(me.principal.name, grant.resource, grant.role)
        present = requires is not None and requires.present
        context = {
            "grant": grant,
            "ways": ways,
            "why_not": why_not,
            "handed": handed,
            "takes_token": bool(ways) and resource is not None and takes_token(resource, grant.role),
            "lifetime": policy.tokens.lifetime,
            "present": present,
        }
        return page(request, "connect.html", context)


def _gone(request: web.Request) -> web.Response:
    return message(request, "Nothing is open by this", _GONE, status=404, then=("/", "My access"))
