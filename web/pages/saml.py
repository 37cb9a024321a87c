"""Signing in at a SAML provider, and its logout.

The provider's page has the browser post its answer, and no browser sends our cookie along with that. So the answer is
verified, kept, and taken by the next request, which has the cookie: only the browser that asked is signed in by it.
"""

import base64
from collections.abc import Mapping
from functools import partial
from typing import Final
from urllib.parse import parse_qs

import structlog
from aiohttp import web

from access.context import Access
from access.identity import browser_sessions
from access.identity.oidc.authorization import Attempt
from access.identity.saml import answers, logouts, replays
from access.identity.saml.protocol import messages
from access.identity.saml.protocol.documents import MAX_BYTES, decoded
from access.identity.saml.protocol.logout import LogoutAsked
from access.identity.saml.protocol.problems import InvalidSaml, SamlProblem
from access.identity.saml.protocol.redirect import returned
from access.identity.sign_in import CannotSignIn, refused, sign_in
from access.key_folders.unusable import KeyUnusable
from storage.database import clock
from web.door import bodies, cookies
from web.door.guard import CLIENT
from web.door.headers import FORM_TO, form_origin
from web.door.rates import Rates
from web.door.turns import NoTurn, Turns
from web.oidc.fetching import ProviderSilent
from web.pages.rendering import message, page, sent_to
from web.pages.signing_in import SigningIn, not_signed_in, unreachable, wanted, without_own_key
from web.saml.provider import SamlIdp

#: The names of the routes that other sites lead to: no cookie counts there, and no form of ours is asked for.
_ACS: Final = "saml-acs"
_LOGOUT: Final = "saml-logout"
FROM_PROVIDERS: Final = frozenset({_ACS, _LOGOUT})
_FORM: Final = "application/x-www-form-urlencoded"
#: Base64 of the largest message, with each of its letters escaped that can be.
_MAX_FORM_BYTES: Final = 2 * MAX_BYTES
_MAX_FIELDS: Final = 10
#: No provider's logout is larger; many may wait for their turn at once.
_MAX_LOGOUT_BYTES: Final = 64 * 1024
#: Of logouts that came by a form, whose signatures xmlsec1 verifies; sign-ins have its other turns.
_POSTED_AT_ONCE: Final = 2
#: Of those in an address, which take a millisecond of ours, and the storage's.
_SENT_AT_ONCE: Final = 4
_OUT: Final = "web:provider:sign_out"

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class SamlPages:
    """/sign-in/NAME with what SAML has beside it, and the logout of providers that speak it."""

    def __init__(self, access: Access, common: SigningIn) -> None:
        self._access = access
        self._common = common
        #: Of logouts that proved to be none; those that are cost nothing.
        self._failures = Rates()
        #: A provider may well end a thousand sessions at once, and nobody sends a logout again: they wait.
        self._posted, self._sent = Turns(_POSTED_AT_ONCE), Turns(_SENT_AT_ONCE)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/sign-in/{provider}/metadata", self._metadata),
            web.post("/sign-in/{provider}/acs", self._answered, name=_ACS),
            web.get("/sign-in/{provider}/finish", self._finish),
            web.route("*", "/sign-out/{provider}/saml", self._signed_out, name=_LOGOUT),
        ]

    async def begin(self, request: web.Request, idp: SamlIdp) -> web.StreamResponse:
        """Send the browser to the provider. Whoever must prove themselves anew is asked to."""
        attempt, then = Attempt.begin(idp.registration.name), wanted(request)
        force = self._common.oldest_s(then) is not None
        try:
            answer = sent_to(await idp.question(attempt, await self._common.now(), force=force))
        except ProviderSilent as error:
            return unreachable(request, idp.registration, error)
        except KeyUnusable as error:
            return without_own_key(request, idp.registration, error)
        cookies.keep_attempt(answer, attempt, then)
        return answer

    async def _metadata(self, request: web.Request) -> web.StreamResponse:
        idp = self._idp(request)
        try:
            said = await idp.own_metadata()
        except KeyUnusable as error:
            return without_own_key(request, idp.registration, error)
        return web.Response(body=said, content_type="application/samlmetadata+xml")

    async def _answered(self, request: web.Request) -> web.StreamResponse:
        """What the provider had the browser post; nobody is signed in by it yet."""
        idp = self._idp(request)
        self._common.often(request)
        try:
            form = await _form(request)
            state = _relay_state(form)
            asked, asserted = await idp.signed_in(decoded(form.get("SAMLResponse")), await self._common.now())
            handle = await answers.keep(self._access, idp.registration.name, asked, state, asserted)
        except InvalidSaml as error:
            return await self._refused(request, idp, error)
        except ProviderSilent as error:
            return unreachable(request, idp.registration, error)
        except KeyUnusable as error:
            return without_own_key(request, idp.registration, error)
        kept = base64.urlsafe_b64encode(handle).rstrip(b"=").decode()
        return sent_to(f"/sign-in/{idp.registration.name}/finish?answer={kept}")

    async def _finish(self, request: web.Request) -> web.StreamResponse:
        """The browser that asked takes what was proven."""
        idp = self._idp(request)
        self._common.often(request)
        name = idp.registration.name
        try:
            attempt, then = _begun(request, name)
            handle = _handle(request.query.get("answer", ""))
            take = partial(
                answers.take,
                handle=handle,
                provider=name,
                request_id=messages.request_id(attempt),
                relay_state=messages.relay_state(attempt),
                max_age_s=self._common.oldest_s(then),
            )
            secret = await sign_in(self._access, name, take, replaces=cookies.session_secret(request))
        except InvalidSaml as error:
            # Anybody can lead a browser here: the sign-in that it has begun waits for its own answer.
            return await self._refused(request, idp, error)
        except CannotSignIn as error:
            answer = not_signed_in(request, str(error), status=403)
        else:
            answer = sent_to(then)
            cookies.keep_session(answer, secret)
        cookies.forget_attempt(answer)
        return answer

    async def _signed_out(self, request: web.Request) -> web.StreamResponse:
        """A logout that the provider asks for by the browser of whoever signs out there, or of anybody else."""
        idp, client = self._idp(request), request[CLIENT]
        try:
            form = await _logout_form(request)
            async with (self._sent if form is None else self._posted).of(client):
                asked, state = await self._asked(request, idp, form)
                is_known = await self._end(idp, asked)
        except NoTurn as error:
            said = "Many sign out at once, so nobody was signed out by this. Sign out at your provider once more."
            raise web.HTTPServiceUnavailable(text=said) from error
        except InvalidSaml as error:
            # Verified all the same: whoever sends rubbish from the provider's people's address keeps nobody signed in.
            if not self._failures.take(client):
                raise web.HTTPTooManyRequests(text="There were many logouts that were none. Wait a minute.") from error
            await refused(self._access, idp.registration.name, error.reason.value, action=_OUT)
            said = f"What {idp.registration.shown} sent {error}. Nobody was signed out by it."
            return message(request, "That was not done", said, status=403, then=("/", "My access"))
        except ProviderSilent as error:
            return unreachable(request, idp.registration, error)
        return await self._told(request, idp, asked, returned(state), is_known=is_known)

    async def _told(
        self, request: web.Request, idp: SamlIdp, asked: LogoutAsked, state: str | None, *, is_known: bool
    ) -> web.StreamResponse:
        """What was done is told to the provider, where it can be, by the browser."""
        shown = idp.registration.shown
        title, said = "You are signed out", f"{shown} signed you out of Gatepass too. What you had open has ended."
        if not is_known:
            title = "Nobody was signed out"
            said = f"{shown} signed somebody out who never signed in to Gatepass by it, so nothing could end."
        try:
            to = await idp.logout_answer(asked, state, await self._common.now(), is_known=is_known)
        except (ProviderSilent, KeyUnusable) as error:
            log.warning("logout_not_answered", provider=idp.registration.name, why=str(error))
            said += f" Gatepass could not tell {shown} so: the log says why."
            to = None
        if to is not None and to.fields is None:
            return sent_to(to.to)
        origin = None if to is None else form_origin(to.to)
        if to is None or origin is None:
            return message(request, title, said, status=200, then=("/sign-in", "Sign in"))
        context = {"title": title, "text": said, "words": f"Go on to {shown}"}
        answer = page(request, "onward.html", {**context, "to": to.to, "fields": to.fields})
        answer[FORM_TO] = origin
        return answer

    async def _asked(
        self, request: web.Request, idp: SamlIdp, form: Mapping[str, str] | None
    ) -> tuple[LogoutAsked, str | None]:
        """What a request asks for, and the state to give back; `form` None: it is in the address.

        Raises InvalidSaml, ProviderSilent.
        """
        now = await self._common.now()
        if form is None:
            # As it came: the signature is of the letters that were sent.
            return await idp.sent_logout(request.raw_path.partition("?")[2], now)
        if "SAMLRequest" not in form:
            raise InvalidSaml(SamlProblem.UNSOLICITED)
        data = decoded(form["SAMLRequest"], most=_MAX_LOGOUT_BYTES)
        return await idp.posted_logout(data, now), form.get("RelayState")

    async def _end(self, idp: SamlIdp, asked: LogoutAsked) -> bool:
        """All of it at once; whether it is somebody's who ever signed in. Raises InvalidSaml for what came before."""
        people: set[str] = set()
        async with self._access.database.transaction() as transaction:
            now = await clock(transaction)
            await replays.once(transaction, idp.registration.issuer, asked.id, asked.until, now)
            await logouts.note(transaction, asked.ends)
            is_known = await browser_sessions.is_known(transaction, idp.registration.issuer, asked.subject)
            for each in asked.ends:
                ended = await browser_sessions.provider_logged_out(transaction, each, now)
                people.update(principal.name for principal in ended)
        log.info("provider_signed_out", provider=idp.registration.name, people=sorted(people), is_known=is_known)
        return is_known

    async def _refused(self, request: web.Request, idp: SamlIdp, error: InvalidSaml) -> web.Response:
        await refused(self._access, idp.registration.name, error.reason.value)
        end = "" if str(error).endswith(".") else ". Sign in again."
        return not_signed_in(request, f"What {idp.registration.shown} sent {error}{end}", status=403)

    def _idp(self, request: web.Request) -> SamlIdp:
        """The SAML provider of the path. Raises HTTPNotFound."""
        provider = self._common.provider(request)
        if not isinstance(provider, SamlIdp):
            raise web.HTTPNotFound
        return provider


async def _logout_form(request: web.Request) -> dict[str, str] | None:
    """The form with a logout; None: it is in the address. Raises as `_form`, and HTTPMethodNotAllowed."""
    if request.method in {"GET", "HEAD"}:
        return None
    if request.method != "POST":
        raise web.HTTPMethodNotAllowed(request.method, ["GET", "POST"])
    return await _form(request)


async def _form(request: web.Request) -> dict[str, str]:
    """The fields of a form, each once, within bounds. Raises InvalidSaml, HTTPUnsupportedMediaType, and as `bodies`."""
    if request.content_type != _FORM:
        raise web.HTTPUnsupportedMediaType(text=f"It is to be {_FORM}.")
    try:
        data = await bodies.within(request, _MAX_FORM_BYTES)
    except web.HTTPRequestEntityTooLarge as error:
        raise InvalidSaml(SamlProblem.OVERSIZED) from error
    try:
        said = parse_qs(data.decode("ascii"), keep_blank_values=True, strict_parsing=True, max_num_fields=_MAX_FIELDS)
    except ValueError as error:
        raise InvalidSaml(SamlProblem.MALFORMED) from error
    if any(len(values) != 1 for values in said.values()):
        raise InvalidSaml(SamlProblem.MALFORMED)
    return {name: values[0] for name, values in said.items()}


def _relay_state(form: Mapping[str, str]) -> str:
    """Raises InvalidSaml for none of ours."""
    state = form.get("RelayState", "")
    if not messages.may_be_relay_state(state):
        raise InvalidSaml(SamlProblem.UNSOLICITED)
    return state


def _begun(request: web.Request, provider: str) -> tuple[Attempt, str]:
    """The sign-in that this browser has begun at `provider`, and the page that it is for. Raises InvalidSaml."""
    begun = cookies.attempt(request)
    if begun is None or begun[0].provider != provider:
        raise InvalidSaml(SamlProblem.OTHER_SIGN_IN)
    return begun


def _handle(text: str) -> bytes:
    """Raises InvalidSaml."""
    try:
        handle = base64.b64decode(text + "=", altchars=b"-_", validate=True)
    except ValueError:
        handle = b""
    if len(handle) != answers.HANDLE_BYTES:
        raise InvalidSaml(SamlProblem.OTHER_SIGN_IN)
    return handle
