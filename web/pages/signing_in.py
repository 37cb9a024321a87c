"""What every way of signing in has in common: how often, how fresh, and what is said where nobody is signed in."""

from datetime import datetime

import structlog
from aiohttp import web

from access.context import Access
from access.identity import security_keys
from access.key_folders.unusable import KeyUnusable
from access.policy.shapes.providers import Provider as Registration
from storage.database import clock
from web.door.guard import CLIENT
from web.door.paths import HOME, is_ours
from web.door.rates import Rates
from web.oidc.provider import Provider
from web.pages.rendering import message
from web.pages.touching import KEYS
from web.providers import Providers
from web.saml.provider import SamlIdp

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class SigningIn:
    """One for all providers: whoever tries many at one of them tries as often at the others."""

    def __init__(self, access: Access, providers: Providers) -> None:
        self._access = access
        self.providers = providers
        self._rates = Rates()

    def provider(self, request: web.Request) -> Provider | SamlIdp:
        """The provider of the path. Raises HTTPNotFound."""
        provider = self.providers.get(request.match_info["provider"])
        if provider is None:
            raise web.HTTPNotFound
        return provider

    def often(self, request: web.Request) -> None:
        """Raises HTTPTooManyRequests."""
        if not self._rates.take(request[CLIENT]):
            raise web.HTTPTooManyRequests(text="There were many sign-ins from your address. Wait a minute.")

    def oldest_s(self, then: str) -> int | None:
        """How old the proof may be, in seconds: as the policy's rules ask, and younger on the way to one's keys."""
        asked = self._access.policies.current.freshest_sign_in_s()
        if then != KEYS:
            return asked
        fresh = int(security_keys.FRESH.total_seconds())
        return fresh if asked is None else min(asked, fresh)

    async def now(self) -> datetime:
        async with self._access.database.transaction() as transaction:
            return await clock(transaction)


def wanted(request: web.Request) -> str:
    """The page of ours that the sign-in is for."""
    then = request.query.get("then", HOME)
    return then if is_ours(then) else HOME


def unreachable(request: web.Request, registration: Registration, error: Exception) -> web.Response:
    log.warning("sign_in_impossible", provider=registration.name, why=str(error))
    said = (
        f"Gatepass cannot ask {registration.shown} at the moment. Who is signed in stays so. "
        "Try again in a minute; if it lasts, ask your operator to look at the log."
    )
    return message(request, "Nobody can sign in just now", said, status=502, then=("/sign-in", "Sign in"))


def without_own_key(request: web.Request, registration: Registration, error: KeyUnusable) -> web.Response:
    """Nothing is wrong with the provider: the operator of these pages has a file to mend."""
    log.error("own_key_unusable", provider=registration.name, why=str(error))
    said = (
        f"Gatepass cannot use its own key, without which it does not speak with {registration.shown}. Who is signed in "
        "stays so. To try again does not help: ask your operator to look at the log, which says what is wrong with it."
    )
    return message(request, "Nobody can sign in just now", said, status=500, then=("/sign-in", "Sign in"))


def not_signed_in(request: web.Request, said: str, *, status: int) -> web.Response:
    return message(request, "You are not signed in", said, status=status, then=("/sign-in", "Sign in again"))
