"""The page of a command line that waits for its person's touch: which one, what it opens, and the touch of a key.

The address proves nothing: the page is its person's alone, and whoever opens it signs in as themselves.
"""

from collections.abc import Sequence

from aiohttp import web

from access.context import Access
from access.errors import Refused
from access.identity import acts
from access.identity.browser_sessions import SignedIn
from access.identity.command_lines import wanted
from access.identity.command_lines.wanted import Wanted
from storage.database import clock
from web.door import forwarded
from web.door.guard import CLIENT, SIGNED_IN
from web.door.ids import id_of
from web.pages.rendering import message, page, sign_in_first
from web.pages.touching import Touching, refusal
from web.settings import Network

_PATH = f"{acts.COMMAND_LINE}/{{id}}"


class WantedTouchPages:
    """/present/command-line/…"""

    def __init__(self, access: Access, touching: Touching, proxies: Sequence[Network]) -> None:
        self._access = access
        self._touching = touching
        self._proxies = proxies

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(_PATH, self._show),
            web.post(_PATH, self._give),
            web.post(f"{_PATH}/challenge", self._challenge),
            web.post(f"{_PATH}/refuse", self._refuse),
        ]

    async def _show(self, request: web.Request) -> web.StreamResponse:
        me: SignedIn | None = request[SIGNED_IN]
        if me is None:
            return sign_in_first(request)
        found = await self._found(request, me)
        # Never by the address of a proxy that did not say whose it is: everybody behind it has that one.
        here = request[CLIENT]
        near = found.row.client == here and not forwarded.is_listed(here, self._proxies)
        return page(request, "command_line/touch.html", {"wanted": found, "near": near})

    async def _challenge(self, request: web.Request) -> web.StreamResponse:
        me: SignedIn = request[SIGNED_IN]
        try:
            found = await self._found(request, me)
        except Refused as problem:
            return refusal(me, problem)
        return await self._touching.question(me, found.act)

    async def _give(self, request: web.Request) -> web.StreamResponse:
        me: SignedIn = request[SIGNED_IN]
        found = await self._found(request, me)
        touch = await self._touching.touched(request, me, found.act)
        await wanted.give(self._access, me, found.row.id, touch)
        said = f"{found.by.device} goes on by itself, as {found.grant.role} on {found.grant.resource}. Go back to it."
        return message(request, "Touched", said, status=200, then=("/", "My access"))

    async def _refuse(self, request: web.Request) -> web.StreamResponse:
        found = await wanted.refuse(self._access, request[SIGNED_IN], id_of(request))
        said = (
            f"Nothing was opened. If you did not start it, somebody else uses {found.by.device}: end its sign-in on My "
            "access, and tell your operator."
        )
        return message(request, "Refused", said, status=200, then=("/", "My access"))

    async def _found(self, request: web.Request, me: SignedIn) -> Wanted:
        async with self._access.database.transaction() as transaction:
            return await wanted.look(transaction, me, id_of(request), await clock(transaction))
