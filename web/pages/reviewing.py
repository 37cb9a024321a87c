"""The page of one request or held statement: all of it, Approve with a touch, and Deny with a reason.

Slack's button leads here where a rule asks for a touch. The address proves nothing: who decides is who is signed in.
"""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from aiohttp import web

from access.context import Access
from access.decisions.request_reviews import review_request
from access.decisions.reviews import Outcome
from access.decisions.shown import NotShown, Shown, shown
from access.decisions.statement_reviews import review_statement
from access.errors import Refused
from access.identity import acts
from access.identity.browser_sessions import SignedIn
from access.policy.values.duration import format_duration
from access.visible import visible
from storage.model import AccessRequest, ReviewDecision, Statement
from web.door.guard import SIGNED_IN
from web.door.ids import id_of
from web.pages.rendering import message, page, sign_in_first
from web.pages.touching import Touching, refusal, sign_in_again

_KINDS: Final[Mapping[str, type[AccessRequest | Statement]]] = {acts.REQUEST: AccessRequest, acts.STATEMENT: Statement}
_REVIEWS: Final = {acts.REQUEST: review_request, acts.STATEMENT: review_statement}
_PATH: Final = f"/present/{{what:{acts.REQUEST}|{acts.STATEMENT}}}/{{id}}"
_CHANGED: Final = "This changed since you saw it. Reload the page, and look at it as it is now."


class ReviewPages:
    """/present/request/… and /present/statement/…"""

    def __init__(self, access: Access, touching: Touching) -> None:
        self._access = access
        self._touching = touching

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(_PATH, self._show),
            web.post(f"{_PATH}/challenge", self._challenge),
            web.post(f"{_PATH}/approve", self._approve),
            web.post(f"{_PATH}/deny", self._deny),
        ]

    async def _show(self, request: web.Request) -> web.StreamResponse:
        me: SignedIn | None = request[SIGNED_IN]
        if me is None:
            return sign_in_first(request)
        found = await self._shown(request, me)
        if isinstance(found, NotShown):
            return message(request, "Not yours to decide", found.why, status=403, then=("/", "My access"))
        lasts = format_duration(found.duration_s) if found.duration_s is not None else ""
        text = visible(found.statement.text) if found.statement is not None else ""
        return page(request, "review.html", {"shown": found, "lasts": lasts, "text": text})

    async def _challenge(self, request: web.Request) -> web.StreamResponse:
        """For approving what the page shows, in the revision that it shows."""
        me: SignedIn = request[SIGNED_IN]
        found = await self._shown(request, me)
        if isinstance(found, NotShown):
            return refusal(me, Refused(found.why))
        if found.subject.revision != await _revision(request):
            return refusal(me, Refused(_CHANGED))
        return await self._touching.question(me, acts.approve(found.subject))

    async def _approve(self, request: web.Request) -> web.StreamResponse:
        me: SignedIn = request[SIGNED_IN]
        found = await self._shown(request, me)
        revision = await _revision(request)
        touch = None
        if isinstance(found, Shown) and found.subject.revision == revision:
            touch = await self._touching.touched(request, me, acts.approve(found.subject))
        return await self._decided(request, me, ReviewDecision.APPROVE, "", revision, touch)

    async def _deny(self, request: web.Request) -> web.StreamResponse:
        me: SignedIn = request[SIGNED_IN]
        reason = (await request.post()).get("reason")
        said = reason if isinstance(reason, str) else ""
        return await self._decided(request, me, ReviewDecision.DENY, said, await _revision(request), None)

    async def _decided(
        self,
        request: web.Request,
        me: SignedIn,
        decision: ReviewDecision,
        reason: str,
        revision: int,
        touch: UUID | None,
    ) -> web.StreamResponse:
        what = request.match_info["what"]
        outcome: Outcome = await _REVIEWS[what](
            self._access,
            id_of(request),
            me.principal,
            decision,
            reason,
            source=acts.PAGES,
            revision=revision,
            touch=touch,
            by=me,
        )
        if outcome.counted:
            return message(request, "Done", outcome.message, status=200, then=("/", "My access"))
        here = acts.page_of_review(what, id_of(request))
        then = (sign_in_again(me, here), "Sign in again") if outcome.takes_sign_in else (here, "Back to it")
        return message(request, "That was not done", outcome.message, status=409, then=then)

    async def _shown(self, request: web.Request, me: SignedIn) -> Shown | NotShown:
        return await shown(self._access, _KINDS[request.match_info["what"]], id_of(request), me.principal)


async def _revision(request: web.Request) -> int:
    """What the page showed. Raises HTTPBadRequest for what is no form of ours."""
    said = (await request.post()).get("revision")
    if not isinstance(said, str) or not said.isascii() or not said.isdigit() or len(said) > 9:
        raise web.HTTPBadRequest(text="This form is none of Gatepass's. Open the page, and do it there.")
    return int(said)
