"""The door of the pages: who stands before it, whether they may come in like this, and who they are.

A request is for this site by its Host; one that changes something was made by a page of ours; behind a proxy it is the
listed proxy's. What is refused here reaches no page.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import web

from access.changes import actor
from access.context import Access
from access.identity import browser_sessions
from access.identity.browser_sessions import SignedIn
from storage.audit import trail
from storage.database import clock
from web.door import cookies, csrf, forwarded
from web.door.bodies import whole
from web.settings import WebSettings

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

#: Who is signed in in this browser; None: nobody.
SIGNED_IN: Final = web.RequestKey("signed_in", SignedIn | None)  # pyright: ignore[reportArgumentType]
#: The address of the browser, as far as it is known.
CLIENT: Final = web.RequestKey("client", str)

#: Of what a browser says, so much is put on record.
_LONGEST_ECHO: Final = 200
_READING: Final = frozenset({"GET", "HEAD"})


def middleware(access: Access, settings: WebSettings, *, unguarded: Callable[[web.Request], bool]) -> Any:
    """`unguarded` says which requests are no browser's and prove themselves otherwise; no cookie counts there."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        request[CLIENT] = _client(request, settings)
        if request.host != settings.origin.authority:
            raise web.HTTPMisdirectedRequest(text=f"These pages are at {settings.origin}.")
        if unguarded(request):
            return await handler(request)
        if request.method not in _READING and cookies.session_secret(request) is not None:
            await whole(request)
        request[SIGNED_IN] = await _signed_in(access, request)
        if request.method not in _READING:
            await _made_here(access, request, settings)
        return await handler(request)

    return guard


def _client(request: web.Request, settings: WebSettings) -> str:
    """Whose browser it is. Raises HTTPForbidden for whoever comes past the proxy."""
    peer = request.transport.get_extra_info("peername") if request.transport is not None else None
    address = str(peer[0]) if isinstance(peer, tuple) and peer else "unknown"
    if not settings.proxies:
        return address
    if not forwarded.is_listed(address, settings.proxies):
        raise web.HTTPForbidden(text=f"These pages are reached through {settings.origin} alone.")
    headers = request.headers
    said = forwarded.client(
        headers.getall("Forwarded", []),
        headers.getall("X-Forwarded-For", []),
        settings.proxies,
        settings.forwarded_by,
    )
    return said or address


async def _signed_in(access: Access, request: web.Request) -> SignedIn | None:
    secret = cookies.session_secret(request)
    if secret is None:
        return None
    async with access.database.transaction() as transaction:
        return await browser_sessions.current(transaction, secret, await clock(transaction))


def _page(request: web.Request) -> str:
    """Which page it is, without what stands in its address: that may be a link's secret."""
    route = request.match_info.route.resource
    return route.canonical if route is not None else request.path


async def _made_here(access: Access, request: web.Request, settings: WebSettings) -> None:
    """Raises HTTPForbidden, on record, unless a page of ours, shown to this browser, made the request."""
    secret = cookies.session_secret(request)
    me = request[SIGNED_IN]
    if me is None or secret is None:
        raise web.HTTPForbidden(text="You are not signed in any more. Sign in, and do it again.")
    form = await request.post()
    if not csrf.is_ours(request.headers.get("Origin"), settings.origin, form.get(csrf.FIELD), secret):
        async with access.database.transaction() as transaction:
            await trail.record(
                transaction,
                actor=actor(me.principal),
                action="web:request:refuse",
                resource=_page(request)[:_LONGEST_ECHO],
                outcome="failure",
                detail={"origin": request.headers.get("Origin", "")[:_LONGEST_ECHO], "client": request[CLIENT]},
            )
        raise web.HTTPForbidden(text="This did not come from a page of Gatepass. Open the page, and do it there.")
