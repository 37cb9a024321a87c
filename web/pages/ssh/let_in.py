"""Letting an SSH connection in: the link of its terminal leads here, and whoever is signed in says if it is theirs."""

import base64
from collections.abc import Sequence

from aiohttp import web

from access.context import Access
from access.errors import Refused
from access.identity import acts
from access.identity.browser_sessions import SignedIn
from access.identity.ssh import logins
from access.identity.ssh.logins import WrongNumber
from access.policy.policy import Policy
from storage.database import clock
from storage.model import SshLogin
from web.door import forwarded
from web.door.guard import CLIENT, SIGNED_IN
from web.pages.rendering import message, page, sign_in_first
from web.pages.touching import Touching, refusal
from web.settings import Network


class LetInPages:
    """/let-in/…: one connection, once."""

    def __init__(self, access: Access, touching: Touching, proxies: Sequence[Network]) -> None:
        self._access = access
        self._touching = touching
        self._proxies = proxies

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/let-in/{secret}", self._show),
            web.post("/let-in/{secret}", self._allow),
            web.post("/let-in/{secret}/challenge", self._challenge),
            web.post("/let-in/{secret}/refuse", self._refuse),
        ]

    async def _show(self, request: web.Request) -> web.StreamResponse:
        """Who waits is said before, and nothing happens by looking."""
        secret, me = _secret(request), request[SIGNED_IN]
        if me is None:
            return sign_in_first(request)
        return await self._form(request, me, secret)

    async def _form(
        self, request: web.Request, me: SignedIn, secret: bytes, problem: str = "", *, status: int = 200
    ) -> web.Response:
        """Raises Refused where nothing waits."""
        policy = self._access.policies.current
        async with self._access.database.transaction() as transaction:
            login = await logins.look(transaction, secret, await clock(transaction))
            grant = await logins.grant_for(transaction, policy, me.principal, login)
        requires = policy.required_of_holder(me.principal.name, login.resource, login.role) if grant else None
        context = {
            "login": login,
            "address": login.client.rpartition(":")[0],
            "here": request[CLIENT],
            "near": self._is_near(request, login),
            "grant": grant,
            "may_ask": (login.resource, login.role) in _doors(policy, me.principal.name),
            "present": requires is not None and requires.present,
            "action": f"/let-in/{request.match_info['secret']}",
            "problem": problem,
        }
        return page(request, "ssh/let_in.html", context, status=status)

    async def _challenge(self, request: web.Request) -> web.StreamResponse:
        me: SignedIn = request[SIGNED_IN]
        try:
            async with self._access.database.transaction() as transaction:
                login = await logins.look(transaction, _secret(request), await clock(transaction))
        except Refused as problem:
            return refusal(me, problem)
        return await self._touching.question(me, acts.let_in(login.id))

    async def _allow(self, request: web.Request) -> web.StreamResponse:
        me: SignedIn = request[SIGNED_IN]
        secret, typed = _secret(request), (await request.post()).get("number")
        async with self._access.database.transaction() as transaction:
            login = await logins.look(transaction, secret, await clock(transaction))
        # Always typed: many share an address, and a number on the page would be one click for whoever sent the link.
        touch = await self._touching.touched(request, me, acts.let_in(login.id))
        given = typed if isinstance(typed, str) else ""
        try:
            await logins.allow(self._access, secret, me, typed=given, touch=touch)
        except WrongNumber as wrong:
            return await self._form(request, me, secret, str(wrong), status=403)
        said = f"{login.role}@{login.resource} goes on in the terminal. If it does not, it was closed: start ssh again."
        return message(request, "Let in", said, status=200, then=("/", "My access"))

    async def _refuse(self, request: web.Request) -> web.StreamResponse:
        me: SignedIn = request[SIGNED_IN]
        login = await logins.refuse(self._access, _secret(request), me)
        said = (
            f"Nobody was let in, and it is on record that {login.client.rpartition(':')[0]} asked. If somebody sent "
            "you the link, tell your operator who."
        )
        return message(request, "Refused", said, status=200, then=("/", "My access"))

    def _is_near(self, request: web.Request, login: SshLogin) -> bool:
        """Never by the address of a proxy that did not say whose it is: everybody behind it has that one."""
        here = request[CLIENT]
        return not forwarded.is_listed(here, self._proxies) and logins.is_near(login, here)


def _doors(policy: Policy, person: str) -> set[tuple[str, str]]:
    """What `person` may ask for: resource and role."""
    return {(offer.resource, offer.role) for offer in policy.what_may(person)}


def _secret(request: web.Request) -> bytes:
    """Raises HTTPNotFound for what is no secret of ours."""
    said = request.match_info["secret"]
    try:
        secret = base64.b64decode(said + "=" * (-len(said) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise web.HTTPNotFound from error
    if len(secret) != logins.SECRET_BYTES:
        raise web.HTTPNotFound
    return secret
