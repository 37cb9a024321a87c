"""Signing in at a provider, and what a provider says about it afterwards."""

from collections.abc import Mapping
from typing import Final

import structlog
from aiohttp import web

from access.context import Access
from access.errors import Refused
from access.identity import browser_sessions
from access.identity.oidc.authorization import Attempt, InvalidAnswer
from access.identity.oidc.id_token import InvalidIdToken
from access.identity.sign_in import CannotSignIn, refused, sign_in
from access.secrets import NoSecret
from storage.database import clock
from web.door import cookies
from web.door.bodies import whole
from web.door.guard import CLIENT, SIGNED_IN
from web.door.rates import Rates
from web.oidc.fetching import ProviderRefused, ProviderSilent
from web.oidc.provider import Provider
from web.pages.rendering import page, sent_to
from web.pages.saml import SamlPages
from web.pages.signing_in import SigningIn, not_signed_in, unreachable, wanted
from web.saml.provider import SamlIdp
from web.settings import Origin

#: The name of the route that providers call by themselves.
BACK_CHANNEL: Final = "back-channel"
_MAX_TOKEN_CHARS: Final = 32_000

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class SignInPages:
    """/sign-in, the way to a provider and back, and the provider's own logout."""

    def __init__(self, access: Access, common: SigningIn, saml: SamlPages, origin: Origin) -> None:
        self._access = access
        self._common = common
        self._saml = saml
        self._origin = origin
        #: Of logouts that are none: a provider may well end a thousand sessions at once.
        self._failures = Rates()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/sign-in", self._choose),
            web.get("/sign-in/{provider}", self._begin),
            web.get("/sign-in/{provider}/callback", self._finish),
            web.post("/sign-out/{provider}/back-channel", self._signed_out, name=BACK_CHANNEL),
        ]

    def callback(self, provider: str) -> str:
        """Where the provider sends browsers back to; it is registered there."""
        return f"{self._origin}/sign-in/{provider}/callback"

    async def _choose(self, request: web.Request) -> web.StreamResponse:
        then = wanted(request)
        if request[SIGNED_IN] is not None:
            return sent_to(then)
        offered = [{"name": each.name, "shown": each.shown} for each in self._common.providers.offered()]
        return page(request, "sign_in.html", {"providers": offered, "then": then})

    async def _begin(self, request: web.Request) -> web.StreamResponse:
        provider = self._common.provider(request)
        self._common.often(request)
        if isinstance(provider, SamlIdp):
            return await self._saml.begin(request, provider)
        attempt = Attempt.begin(provider.registration.name)
        try:
            metadata = await provider.metadata()
        except ProviderSilent as silent:
            return unreachable(request, provider.registration, silent)
        ours = provider.registration
        question = attempt.question(
            metadata,
            ours.client_id,
            self.callback(ours.name),
            scopes=ours.scopes,
            max_age_s=self._common.oldest_s(wanted(request)),
        )
        answer = sent_to(question)
        cookies.keep_attempt(answer, attempt, wanted(request))
        return answer

    async def _finish(self, request: web.Request) -> web.StreamResponse:
        provider = self._provider(request)
        self._common.often(request)
        try:
            secret, then = await self._proven(request, provider)
        except (InvalidAnswer, InvalidIdToken, CannotSignIn) as error:
            if not isinstance(error, CannotSignIn):
                await refused(self._access, provider.registration.name, error.reason.value)
            answer = not_signed_in(request, _sentence(error), status=403)
        except ProviderRefused as error:
            await refused(self._access, provider.registration.name, f"code {error.error}")
            said = f"{provider.registration.shown} did not accept this sign-in any more ({error.error}). Sign in again."
            answer = not_signed_in(request, said, status=403)
        except (ProviderSilent, NoSecret) as error:
            answer = unreachable(request, provider.registration, error)
        else:
            answer = sent_to(then)
            cookies.keep_session(answer, secret)
        cookies.forget_attempt(answer)
        return answer

    async def _proven(self, request: web.Request, provider: Provider) -> tuple[bytes, str]:
        """The secret for this browser, and where it wanted to go. Raises what `_finish` tells."""
        begun = cookies.attempt(request)
        name = provider.registration.name
        if begun is None or begun[0].provider != name:
            raise InvalidAnswer.of_another_sign_in()
        attempt, then = begun
        code = attempt.code({key: request.query.getall(key) for key in request.query}, await provider.metadata())
        tokens = await provider.exchange(code, attempt.verifier, self.callback(name))
        oldest = self._common.oldest_s(then)
        proven = await provider.signed_in(tokens, attempt.nonce, await self._common.now(), max_age_s=oldest)
        return await sign_in(self._access, name, proven, replaces=cookies.session_secret(request)), then

    async def _signed_out(self, request: web.Request) -> web.StreamResponse:
        """Back-Channel Logout 1.0, 2.8: 200 when it was done, 400 with an error of OAuth's when it was not."""
        provider = self._provider(request)
        await whole(request)
        form: Mapping[str, object] = await request.post()
        token = form.get("logout_token")
        if not isinstance(token, str) or len(token) > _MAX_TOKEN_CHARS:
            return _bad_logout("there is no logout_token")
        if self._failures.is_empty(request[CLIENT]):
            return web.json_response({"error": "temporarily_unavailable"}, status=429)
        try:
            logout = await provider.signed_out(token, await self._common.now())
        except InvalidIdToken as error:
            self._failures.take(request[CLIENT])
            await refused(self._access, provider.registration.name, error.reason.value, action="web:provider:sign_out")
            return _bad_logout(f"the token {error}")
        except ProviderSilent as error:
            log.warning("provider_silent", provider=provider.registration.name, why=str(error))
            return web.json_response({"error": "temporarily_unavailable"}, status=503)
        async with self._access.database.transaction() as transaction:
            people = await browser_sessions.provider_logged_out(transaction, logout, await clock(transaction))
        log.info("provider_signed_out", provider=provider.registration.name, people=[each.name for each in people])
        return web.Response()

    def _provider(self, request: web.Request) -> Provider:
        """The OpenID provider of the path. Raises HTTPNotFound."""
        provider = self._common.provider(request)
        if not isinstance(provider, Provider):
            raise web.HTTPNotFound
        return provider


def _sentence(error: Refused | InvalidAnswer | InvalidIdToken) -> str:
    return f"What the provider sent {error}. Sign in again." if isinstance(error, InvalidIdToken) else str(error)


def _bad_logout(why: str) -> web.Response:
    return web.json_response({"error": "invalid_request", "error_description": why}, status=400)
