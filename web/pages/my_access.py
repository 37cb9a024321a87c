"""My access: what is open for me and how to get in, what waits, what I may ask for, and where I am signed in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aiohttp import web

from access.addresses import Addresses, connect_command
from access.context import Access
from access.decisions import standing
from access.grants import grants
from access.identity import browser_sessions, people
from access.identity.browser_sessions import SignedIn
from access.policy.policy import Policy
from storage.database import clock
from storage.model import Decision, GivenBy, Grant
from web.door import cookies
from web.door.guard import SIGNED_IN
from web.door.ids import id_of
from web.pages.rendering import message, page, sent_to


@dataclass(frozen=True)
class Open:
    """A grant as the page shows it; `why_not` is why the policy lets nobody in by it any more."""

    id: UUID
    resource: str
    role: str
    description: str
    expires_at: datetime
    minutes: int
    command: str | None
    why_not: str | None


class MyAccess:
    """The home of whoever is signed in, and the buttons on it."""

    def __init__(self, access: Access, addresses: Addresses) -> None:
        self._access = access
        self._addresses = addresses

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", self._show),
            web.post("/sign-out", self._sign_out),
            web.post("/sign-out-everywhere", self._sign_out_everywhere),
            web.post("/sign-ins/{id}/end", self._end_sign_in),
        ]

    async def _show(self, request: web.Request) -> web.StreamResponse:
        me: SignedIn | None = request[SIGNED_IN]
        if me is None:
            return sent_to("/sign-in")
        policy, name = self._access.policies.current, me.principal.name
        async with self._access.database.transaction() as transaction:
            now = await clock(transaction)
            mine = await grants.of(transaction, me.principal, now)
            waiting = await standing.pending_of(transaction, me.principal)
            browsers = await browser_sessions.of(transaction, me.principal, now)
            slack = await people.slack_identity(transaction, me.principal)
        context = {
            "open": [self._open(policy, grant, name, now) for grant in mine],
            "waiting": waiting,
            "offers": _offers(policy, name),
            "browsers": browsers,
            "slack": slack,
            "may_unlink": slack is not None and slack.given_by is not GivenBy.POLICY,
            "this": me.session.id,
            "provider": _shown(policy, me.session.provider),
            "shown": {each.provider: _shown(policy, each.provider) for each in browsers},
        }
        return page(request, "my_access.html", context)

    async def _sign_out(self, request: web.Request) -> web.StreamResponse:
        secret = cookies.session_secret(request)
        if secret is not None:
            async with self._access.database.transaction() as transaction:
                await browser_sessions.sign_out(transaction, secret, await clock(transaction))
        return _signed_out(request, "You are signed out in this browser.")

    async def _sign_out_everywhere(self, request: web.Request) -> web.StreamResponse:
        me: SignedIn = request[SIGNED_IN]
        async with self._access.database.transaction() as transaction:
            count = await browser_sessions.sign_out_everywhere(transaction, me.principal, await clock(transaction))
        where = "in this browser, the only place" if count == 1 else f"in {count} places, this browser among them"
        return _signed_out(request, f"You are signed out {where}.")

    async def _end_sign_in(self, request: web.Request) -> web.StreamResponse:
        """Another browser's, or a command line's; one that is over already is as they wanted it."""
        me: SignedIn = request[SIGNED_IN]
        session_id = id_of(request)
        async with self._access.database.transaction() as transaction:
            await browser_sessions.end_one(transaction, me.principal, session_id, await clock(transaction))
        return sent_to("/")

    def _open(self, policy: Policy, grant: Grant, person: str, now: datetime) -> Open:
        resource = policy.resources.get(grant.resource)
        why_not = grants.still_allowed(policy, grant, person)
        return Open(
            id=grant.id,
            resource=grant.resource,
            role=grant.role,
            description=(resource.description or "") if resource is not None else "",
            expires_at=grant.expires_at,
            minutes=max(1, round((grant.expires_at - now).total_seconds() / 60)),
            command=connect_command(self._addresses, resource, grant.role) if resource and why_not is None else None,
            why_not=why_not,
        )


def _offers(policy: Policy, person: str) -> list[tuple[str, str, Sequence[tuple[str, str]]]]:
    """Resource, its description, and its roles, each with what it takes."""
    found: dict[str, list[tuple[str, str]]] = {}
    for offer in policy.what_may(person):
        takes = offer.requirement
        reviewed = f"once {takes.quorum} of {len(takes.reviewers)} approve"
        word = "at once" if takes.decision is Decision.AUTOMATIC else reviewed
        found.setdefault(offer.resource, []).append((offer.role, word))
    return [(name, policy.resources[name].description or "", roles) for name, roles in found.items()]


def _shown(policy: Policy, provider: str) -> str:
    named = policy.providers.get(provider)
    return named.shown if named is not None else provider


def _signed_out(request: web.Request, said: str) -> web.Response:
    request[SIGNED_IN] = None
    text = f"{said} Access that is open stays open until it ends, and your provider may still know you."
    answer = message(request, "Signed out", text, status=200, then=("/sign-in", "Sign in"))
    cookies.forget_session(answer)
    return answer
