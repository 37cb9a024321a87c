"""Asking a browser for a touch, and reading what it sends: the same for every page where something takes one."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from aiohttp import web

from access.context import Access
from access.errors import Refused
from access.identity import security_keys
from access.identity.acts import Act
from access.identity.browser_sessions import SignedIn
from access.identity.security_keys import NoKey, TooOld
from access.identity.webauthn.problems import InvalidTouch, NoKeysHere
from access.identity.webauthn.relying_party import RelyingParty
from web.settings import Origin

#: The field in which the page's script puts what the key signed.
ANSWER: Final = "answer"
KEYS: Final = "/keys"


class Touching:
    """The questions of one site to the keys of its people."""

    def __init__(self, access: Access, origin: Origin) -> None:
        self._access = access
        self._origin = origin

    @property
    def site(self) -> RelyingParty:
        """Raises Refused where browsers use no keys with these pages."""
        try:
            return RelyingParty.of(str(self._origin))
        except NoKeysHere as problem:
            raise Refused(str(problem)) from problem

    @property
    def why_not(self) -> str:
        """Why browsers use no keys with these pages, as a sentence; empty: they do."""
        try:
            RelyingParty.of(str(self._origin))
        except NoKeysHere as problem:
            return str(problem)
        return ""

    async def question(self, me: SignedIn, act: Act) -> web.Response:
        """For the script of the page: what to ask a key, or why not, and where to go instead."""
        try:
            return web.json_response({"get": await security_keys.question(self._access, me, self.site, act)})
        except Refused as refused:
            return refusal(me, refused)

    async def touched(self, request: web.Request, me: SignedIn, act: Act) -> UUID | None:
        """The touch that the form has with it, verified; None: it has none, and a rule says whether it takes one.

        Raises InvalidTouch.
        """
        given = answer_of(await request.post())
        return await security_keys.touched(self._access, me, self.site, act, given) if given else None


def answer_of(form: Mapping[str, Any]) -> str:
    """What a key signed, as the page's script put it into the form; empty: nothing."""
    given = form.get(ANSWER)
    return given if isinstance(given, str) else ""


def refusal(me: SignedIn, problem: Refused | InvalidTouch) -> web.Response:
    """Why there is no question, for the page's script to show: a sentence, and a link where one helps."""
    told: dict[str, str] = {"error": str(problem)}
    if isinstance(problem, NoKey):
        told |= {"page": KEYS, "words": "Security keys"}
    elif isinstance(problem, TooOld):
        told |= {"page": sign_in_again(me, KEYS), "words": "Sign in again"}
    return web.json_response(told, status=409)


def sign_in_again(me: SignedIn, then: str) -> str:
    """The way to the provider by which somebody is signed in, and back."""
    return f"/sign-in/{me.session.provider}?then={then}"
