"""The page of a draft: what somebody asked for in Slack or by the command, to be asked with a touch of their key."""

from aiohttp import web

from access.context import Access
from access.decisions import drafts
from access.decisions.requests import Ask, submit
from access.errors import Refused
from access.identity import acts
from access.identity.browser_sessions import SignedIn
from access.policy.values.duration import format_duration
from storage.database import clock
from storage.model import AccessRequest, AskDraft, RequestState
from web.door.guard import SIGNED_IN
from web.door.ids import id_of
from web.pages.rendering import message, page, sign_in_first
from web.pages.touching import Touching, refusal

_GONE = "This is somebody else's, or it was left for more than ten minutes. Ask again, where you asked before."


class AskPages:
    """/present/ask/…"""

    def __init__(self, access: Access, touching: Touching) -> None:
        self._access = access
        self._touching = touching

    def routes(self) -> list[web.RouteDef]:
        path = "/present/ask/{draft}"
        return [
            web.get(path, self._show),
            web.post(f"{path}/challenge", self._challenge),
            web.post(path, self._ask),
        ]

    async def _show(self, request: web.Request) -> web.StreamResponse:
        me: SignedIn | None = request[SIGNED_IN]
        if me is None:
            return sign_in_first(request)
        draft = await self._draft(request, me)
        if draft is None:
            return message(request, "Nothing to ask here", _GONE, status=404, then=("/", "My access"))
        context = {"draft": draft, "lasts": format_duration(draft.duration_s), "here": acts.page_of_draft(draft.id)}
        return page(request, "ask.html", context)

    async def _challenge(self, request: web.Request) -> web.StreamResponse:
        me: SignedIn = request[SIGNED_IN]
        draft = await self._draft(request, me)
        if draft is None:
            return refusal(me, Refused(_GONE))
        return await self._touching.question(me, drafts.act_of(draft))

    async def _ask(self, request: web.Request) -> web.StreamResponse:
        me: SignedIn = request[SIGNED_IN]
        draft = await self._draft(request, me)
        if draft is None:
            raise Refused(_GONE)
        touch = await self._touching.touched(request, me, drafts.act_of(draft))
        ask = Ask(
            draft.resource,
            draft.role,
            draft.duration_s,
            draft.reason,
            draft.ticket,
            source=acts.PAGES,
            beside=draft.beside,
        )
        return _asked(request, await submit(self._access, me.principal, ask, touch=touch, by=me))

    async def _draft(self, request: web.Request, me: SignedIn) -> AskDraft | None:
        """The draft of the path, if it is theirs. Raises HTTPNotFound."""
        draft_id = id_of(request, "draft")
        async with self._access.database.transaction() as transaction:
            return await drafts.find(transaction, draft_id, me.principal, await clock(transaction))


def _asked(request: web.Request, asked: AccessRequest) -> web.Response:
    door = f"{asked.role} on {asked.resource}"
    match asked.state:
        case RequestState.APPROVED:
            title, said = "You have access", f"{door} is open for you. How to connect stands on My access."
        case RequestState.PENDING:
            title, said = "Asked", f"{door} waits for its reviewers. You are told in Slack when it is decided."
        case _:
            title, said = "Denied", asked.decision_reason or f"The policy does not give you {door}."
    return message(request, title, said, status=200, then=("/", "My access"))
