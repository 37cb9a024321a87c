"""Security keys: the list of one's own, adding one, ending one."""

from typing import Final
from uuid import UUID

from aiohttp import web

from access.context import Access
from access.errors import Refused
from access.identity import acts, security_keys
from access.identity.browser_sessions import SignedIn
from access.identity.webauthn.problems import InvalidTouch
from storage.database import clock
from web.door.guard import SIGNED_IN
from web.door.ids import id_of
from web.pages.rendering import message, page, sent_to
from web.pages.touching import KEYS, Touching, answer_of, refusal, sign_in_again

#: The field with the touch that allows another key.
_ALLOWED_BY: Final = "allowed_by"


class KeyPages:
    """/keys"""

    def __init__(self, access: Access, touching: Touching) -> None:
        self._access = access
        self._touching = touching

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(KEYS, self._show),
            web.post(f"{KEYS}/challenge", self._adding),
            web.post(KEYS, self._add),
            web.post(f"{KEYS}/{{key}}/challenge", self._ending),
            web.post(f"{KEYS}/{{key}}/end", self._end),
        ]

    async def _show(self, request: web.Request) -> web.StreamResponse:
        me: SignedIn | None = request[SIGNED_IN]
        if me is None:
            return sent_to(f"/sign-in?then={KEYS}")
        async with self._access.database.transaction() as transaction:
            mine = await security_keys.of(transaction, me.principal)
            fresh = security_keys.is_fresh(me, await clock(transaction))
        context = {
            "keys": mine,
            "fresh": fresh,
            "unusable": self._touching.why_not,
            "full": len(mine) >= security_keys.MAX_KEYS,
            "again": sign_in_again(me, KEYS),
        }
        return page(request, "keys.html", context)

    async def _adding(self, request: web.Request) -> web.StreamResponse:
        """The next question on the way to another key: to one that there is, then to the new one."""
        me: SignedIn = request[SIGNED_IN]
        try:
            site, given = self._touching.site, answer_of(await request.post())
            async with self._access.database.transaction() as transaction:
                has_one = bool(await security_keys.of(transaction, me.principal))
            if has_one and not given:
                asked = await security_keys.question(self._access, me, site, acts.add_key())
                return web.json_response({"get": asked, "again": True, "words": "Touch a key that you have."})
            allowed_by = await security_keys.touched(self._access, me, site, acts.add_key(), given) if has_one else None
            created = await security_keys.registration_question(self._access, me, site, allowed_by)
        except (Refused, InvalidTouch) as problem:
            return refusal(me, problem)
        told = {"create": created, "words": "Now touch the new key."}
        return web.json_response(told | ({_ALLOWED_BY: str(allowed_by)} if allowed_by is not None else {}))

    async def _add(self, request: web.Request) -> web.StreamResponse:
        me: SignedIn = request[SIGNED_IN]
        form = await request.post()
        given, name, by = answer_of(form), form.get("name"), form.get(_ALLOWED_BY)
        if not given:
            raise Refused("No key was touched, so none was added. This page needs JavaScript for it.")
        allowed_by = _uuid(by) if isinstance(by, str) and by else None
        called = name if isinstance(name, str) else ""
        await security_keys.register(self._access, me, self._touching.site, given, called, allowed_by=allowed_by)
        return sent_to(KEYS)

    async def _ending(self, request: web.Request) -> web.StreamResponse:
        me: SignedIn = request[SIGNED_IN]
        return await self._touching.question(me, acts.end_key(id_of(request, "key")))

    async def _end(self, request: web.Request) -> web.StreamResponse:
        me: SignedIn = request[SIGNED_IN]
        key_id = id_of(request, "key")
        touch = await self._touching.touched(request, me, acts.end_key(key_id))
        if touch is None:
            raise Refused("A key is ended with a touch of one that you have. This page needs JavaScript for it.")
        ended = await security_keys.end(self._access, me, key_id, touch)
        said = f"{ended.name} counts no more, and neither does what it was touched for and is not done yet."
        return message(request, "Ended", said, status=200, then=(KEYS, "Security keys"))


def _uuid(text: str) -> UUID:
    """Raises HTTPNotFound."""
    try:
        return UUID(text)
    except ValueError as error:
        raise web.HTTPNotFound from error
