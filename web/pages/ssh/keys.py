"""SSH keys: the list of one's own, adding one by a text that it signs, ending one."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from aiohttp import web

from access.context import Access
from access.errors import Refused
from access.identity import acts, security_keys
from access.identity.browser_sessions import SignedIn
from access.identity.ssh import keys, public_keys, sshsig
from storage.database import clock
from storage.model import SshKey
from web.door.guard import SIGNED_IN
from web.door.ids import id_of
from web.pages.rendering import message, page, sent_to
from web.pages.touching import Touching, sign_in_again

SSH_KEYS: Final = "/ssh-keys"
_BACK: Final = (SSH_KEYS, "SSH keys")


class SshKeyPages:
    """/ssh-keys"""

    def __init__(self, access: Access, touching: Touching) -> None:
        self._access = access
        self._touching = touching

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(SSH_KEYS, self._show),
            web.post(f"{SSH_KEYS}/text", self._text),
            web.post(f"{SSH_KEYS}/challenge", self._challenge),
            web.post(SSH_KEYS, self._add),
            web.post(f"{SSH_KEYS}/{{key}}/end", self._end),
        ]

    async def _show(self, request: web.Request) -> web.StreamResponse:
        me: SignedIn | None = request[SIGNED_IN]
        if me is None:
            return sent_to(f"/sign-in?then={SSH_KEYS}")
        return await self._page(request, me, None)

    async def _text(self, request: web.Request) -> web.StreamResponse:
        """A text to sign, on this page and nowhere else: whoever reloads it begins anew."""
        me: SignedIn = request[SIGNED_IN]
        return await self._page(request, me, await keys.text_for(self._access, me))

    async def _challenge(self, request: web.Request) -> web.StreamResponse:
        me: SignedIn = request[SIGNED_IN]
        text = _field(await request.post(), "text")
        return await self._touching.question(me, acts.add_ssh_key(text))

    async def _add(self, request: web.Request) -> web.StreamResponse:
        me: SignedIn = request[SIGNED_IN]
        form = await request.post()
        text, armour, name = (_field(form, each) for each in ("text", "signature", "name"))
        touch = await self._touching.touched(request, me, acts.add_ssh_key(text))
        try:
            await keys.add(self._access, me, text, armour, name, touch)
        except Refused as refused:
            return message(request, "It was not added", str(refused), status=409, then=_BACK)
        return sent_to(SSH_KEYS)

    async def _end(self, request: web.Request) -> web.StreamResponse:
        me: SignedIn = request[SIGNED_IN]
        key_id = id_of(request, "key")
        ended = await keys.end(self._access, me, key_id)
        said = f"{ended.name} lets nobody in any more. What is open by it stays open until it ends."
        return message(request, "Ended", said, status=200, then=_BACK)

    async def _page(self, request: web.Request, me: SignedIn, text: str | None) -> web.Response:
        async with self._access.database.transaction() as transaction:
            mine = await keys.of(transaction, me.principal)
            touched = bool(await security_keys.of(transaction, me.principal))
            fresh = security_keys.is_fresh(me, await clock(transaction))
        context = {
            "keys": [(each, public_keys.shown(each.fingerprint)) for each in mine],
            "fresh": fresh,
            "full": len(mine) >= keys.MAX_KEYS,
            "touched": touched,
            "again": sign_in_again(me, SSH_KEYS),
            "text": text,
            "namespace": sshsig.NAMESPACE,
            "strong": _strong(mine),
        }
        return page(request, "ssh/keys.html", context)


def _strong(mine: list[SshKey]) -> set[UUID]:
    """Those that a security key holds."""
    return {each.id for each in mine if each.kind.startswith("sk-")}


def _field(form: Mapping[str, Any], name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""
