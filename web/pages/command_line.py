"""Letting a command line in: asked by a browser of the same machine, or by a code that a person types in."""

from typing import Final
from urllib.parse import quote, urlencode
from uuid import UUID

from aiohttp import web

from access.context import Access
from access.identity.browser_sessions import SignedIn
from access.identity.command_lines import device, loopback
from access.identity.command_lines.loopback import Wanted
from storage.database import clock
from storage.model import SignInCode
from web.door.guard import CLIENT, SIGNED_IN
from web.door.rates import Rates
from web.pages.rendering import message, page, sent_to

_DEVICE: Final = "/cli/device"
#: The names in the address of the first way, as the form sends them on.
_WORDS: Final = ("code_challenge", "code_challenge_method", "redirect_uri", "state", "device")
_STRANGE: Final = "This is no address that gatepass login opens. Run it again, and follow what it opens."
_NO_CODE: Final = (
    "No command line waits under this code. Look at it again, or begin anew in the terminal: a code is good for ten "
    "minutes."
)


class CommandLinePages:
    """/cli/sign-in and /cli/device."""

    def __init__(self, access: Access) -> None:
        self._access = access
        #: Codes that were none, by person.
        self._wrong = Rates()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/cli/sign-in", self._ask),
            web.post("/cli/sign-in", self._allow),
            web.get(_DEVICE, self._type),
            web.post(_DEVICE, self._typed),
            web.post(f"{_DEVICE}/decide", self._decide),
        ]

    async def _ask(self, request: web.Request) -> web.StreamResponse:
        wanted = _wanted(dict(request.query))
        if wanted is None:
            return _strange(request)
        me: SignedIn | None = request[SIGNED_IN]
        if me is None or await self._is_stale(me):
            return sent_to(self._again(request, me))
        words = {name: request.query[name] for name in _WORDS}
        context = {"device": wanted.device, "words": words, "again": self._again(request, me), "me": me.session}
        return page(request, "command_line/sign_in.html", context)

    async def _allow(self, request: web.Request) -> web.StreamResponse:
        """The code goes to the port of the command line, by this browser: as an address that it goes on to by itself.

        Not by a redirect of the form: what forms may lead to is these pages alone (`form-action`).
        """
        me: SignedIn = request[SIGNED_IN]
        wanted = _wanted({name: str(value) for name, value in (await request.post()).items()})
        if wanted is None:
            return _strange(request)
        if await self._is_stale(me):
            said = "The policy asks for a fresher sign-in than yours. Run gatepass login again."
            return message(request, "Nothing was let in", said, status=409, then=("/", "My access"))
        code = await loopback.allow(self._access, me, wanted, client=request[CLIENT])
        to = f"{wanted.redirect_uri}?{urlencode({'code': code, 'state': wanted.state})}"
        answer = page(request, "command_line/done.html", {"device": wanted.device, "to": to})
        answer.headers["Refresh"] = f"0; url={to}"
        return answer

    async def _type(self, request: web.Request) -> web.StreamResponse:
        if request[SIGNED_IN] is None:
            return sent_to(f"/sign-in?then={_DEVICE}")
        return page(request, "command_line/code.html", {"wrong": None})

    async def _typed(self, request: web.Request) -> web.StreamResponse:
        me: SignedIn = request[SIGNED_IN]
        if await self._is_stale(me):
            return sent_to(f"/sign-in/{me.session.provider}?then={_DEVICE}")
        typed = str((await request.post()).get("code", ""))
        # Before it is looked for: of a hundred at once no more are tried than one after the other.
        if not self._wrong.take(str(me.principal.id)):
            raise web.HTTPTooManyRequests(text="You typed many codes that are none. Wait a minute.")
        found = await device.find(self._access, me, typed, client=request[CLIENT])
        if found is None:
            return page(request, "command_line/code.html", {"wrong": _NO_CODE}, status=404)
        self._wrong.give_back(str(me.principal.id))
        return self._confirm(request, found)

    async def _decide(self, request: web.Request) -> web.StreamResponse:
        me: SignedIn = request[SIGNED_IN]
        form = await request.post()
        try:
            code_id = UUID(str(form.get("id", "")))
        except ValueError as error:
            raise web.HTTPNotFound from error
        let_in = form.get("answer") == "yes"
        decided = await device.decide(self._access, me, code_id, let_in=let_in, client=request[CLIENT])
        if decided is None:
            return message(request, "Nothing was let in", _NO_CODE, status=409, then=(_DEVICE, "Type a code"))
        if not let_in:
            said = f"{decided.device} was refused. If you did not start it, somebody tried to sign in as you."
            return message(request, "Refused", said, status=200, then=("/", "My access"))
        return page(request, "command_line/done.html", {"device": decided.device, "to": None})

    def _confirm(self, request: web.Request, found: SignInCode) -> web.Response:
        context = {"id": found.id, "device": found.device, "client": found.client, "here": request[CLIENT]}
        return page(request, "command_line/code_confirm.html", context)

    async def _is_stale(self, me: SignedIn) -> bool:
        """Whether a rule asks for a fresher sign-in, so that a command line let in by this one would open little."""
        freshest_s = self._access.policies.current.freshest_sign_in_s()
        if freshest_s is None:
            return False
        async with self._access.database.transaction() as transaction:
            now = await clock(transaction)
        return (now - me.session.signed_in_at).total_seconds() > freshest_s

    def _again(self, request: web.Request, me: SignedIn | None) -> str:
        """Where to sign in, anew if somebody is, and come back to this."""
        provider = f"/{me.session.provider}" if me is not None else ""
        return f"/sign-in{provider}?then={quote(request.path_qs, safe='')}"


def _wanted(words: dict[str, str]) -> Wanted | None:
    challenge, method, redirect_uri, state, name = (words.get(each, "") for each in _WORDS)
    return Wanted.read(challenge, method, redirect_uri, state, name)


def _strange(request: web.Request) -> web.Response:
    return message(request, "Nothing was let in", _STRANGE, status=400, then=("/", "My access"))
