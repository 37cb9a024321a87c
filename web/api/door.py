"""The door of the API: whose command line asks, by `Authorization: Bearer`, and how often it may.

Cookies are not looked at: no page of another site can make a browser ask here in somebody's name.
"""

from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from aiohttp import web

from access.context import Access
from access.identity import browser_sessions
from access.identity.browser_sessions import SignedIn
from access.identity.command_lines.codes import secret_of
from storage.database import clock
from storage.model import SignInKind
from web.api.answers import ApiRefused
from web.door.bodies import whole
from web.door.guard import CLIENT
from web.door.rates import Rates

Asked = Callable[[web.Request, SignedIn], Awaitable[web.StreamResponse]]

#: One command line may ask so often: a burst, and one more each fraction of a second.
BURST: Final = 120
REFILL_S: Final = 0.25

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class ApiDoor:
    """Lets signed-in command lines in."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._rates = Rates(burst=BURST, refill_s=REFILL_S)
        #: Of secrets that are none, by address.
        self._failures = Rates()

    def __call__(self, handler: Asked) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """`handler`, for those who are signed in. What it answers to others is 401, or 429."""

        async def asked(request: web.Request) -> web.StreamResponse:
            if "Authorization" in request.headers:
                await whole(request)
            me = await self._signed_in(request)
            if not self._rates.take(str(me.session.id)):
                raise ApiRefused(429, "too_often", "This command line asks too often. Wait a few seconds.")
            return await handler(request, me)

        return asked

    async def _signed_in(self, request: web.Request) -> SignedIn:
        """Raises ApiRefused."""
        scheme, _, word = request.headers.get("Authorization", "").partition(" ")
        client = request[CLIENT]
        if not word or scheme.lower() != "bearer":
            raise _nobody("Nobody is signed in here.")
        secret = secret_of(word.strip())
        if secret is not None:
            async with self._access.database.transaction() as transaction:
                found = await browser_sessions.current(
                    transaction, secret, await clock(transaction), SignInKind.COMMAND_LINE
                )
            if found is not None:
                # Whoever else is at the same address, and whatever they send, is nothing to them.
                return found
        if self._failures.is_empty(client):
            raise ApiRefused(429, "too_often", "Too many sign-ins from your address were none. Wait a minute.")
        self._failures.take(client)
        log.info("api_nobody", client=client)
        raise _nobody("This command line is signed in no more: it is too long ago, or somebody ended it.")


def _nobody(why: str) -> ApiRefused:
    return ApiRefused(401, "signed_out", f"{why} Run `gatepass login`.")
