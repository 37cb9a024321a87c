"""Linking a Slack account: the address that it was given in Slack leads here, and whoever is signed in may take it."""

import base64

from aiohttp import web

from access.context import Access
from access.identity import linking
from access.identity.browser_sessions import SignedIn
from storage.database import clock
from web.door.guard import SIGNED_IN
from web.pages.rendering import message, page, sent_to, sign_in_first


class LinkPages:
    """/link/…: one account, once; and the way back."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/link/{secret}", self._show),
            web.post("/link/{secret}", self._link),
            web.post("/unlink", self._unlink),
        ]

    async def _show(self, request: web.Request) -> web.StreamResponse:
        """Whose account it becomes is said before, and nothing happens by looking."""
        secret = _secret(request)
        if request[SIGNED_IN] is None:
            return sign_in_first(request)
        async with self._access.database.transaction() as transaction:
            found = await linking.look(transaction, secret, await clock(transaction))
        return page(request, "link.html", {"link": found})

    async def _link(self, request: web.Request) -> web.StreamResponse:
        me: SignedIn = request[SIGNED_IN]
        found = await linking.link(self._access, _secret(request), me.principal, by=me)
        said = (
            f"{found.shown or found.member} in Slack is {me.principal.name} from now on. Slack tells that account, too."
        )
        return message(request, "Linked", said, status=200, then=("/", "My access"))

    async def _unlink(self, request: web.Request) -> web.StreamResponse:
        me: SignedIn = request[SIGNED_IN]
        await linking.unlink(self._access, me.principal, by=me)
        return sent_to("/")


def _secret(request: web.Request) -> bytes:
    """Raises HTTPNotFound for what is no secret of ours."""
    said = request.match_info["secret"]
    try:
        secret = base64.b64decode(said + "=" * (-len(said) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise web.HTTPNotFound from error
    if len(secret) != linking.SECRET_BYTES:
        raise web.HTTPNotFound
    return secret
