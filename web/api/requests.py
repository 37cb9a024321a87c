"""Asking for access, waiting for the answer, and taking the question back."""

from functools import partial
from typing import Annotated, Final
from uuid import UUID

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access.context import Access
from access.decisions import requests, standing
from access.decisions.requests import Ask
from access.identity.browser_sessions import SignedIn
from access.policy.document import LONGEST_GRANT_S
from storage.model import AccessRequest, Grant, Principal, RequestState, Review, ReviewDecision
from storage.notices import Notices, Topic
from web.api import shapes
from web.api.answers import ApiRefused, body
from web.api.door import ApiDoor
from web.api.waiting import LONGEST_WAIT_S, Waiting

#: What is granted where nobody says for how long, if the rule allows so much.
USUAL_S: Final = 3_600

_Name = Annotated[str, Field(min_length=1, max_length=128)]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    resource: _Name
    role: _Name
    duration_s: Annotated[int, Field(ge=1, le=LONGEST_GRANT_S)] | None = None
    reason: str = ""
    ticket: str | None = None
    #: The grant or request of theirs beside which they ask all the same.
    beside: str | None = None


class RequestsApi:
    """/api/requests…"""

    def __init__(self, access: Access, door: ApiDoor, notices: Notices) -> None:
        self._access = access
        self._door = door
        self._waiting = Waiting(access, notices, Topic.REQUEST)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/requests", self._door(self._mine)),
            web.post("/api/requests", self._door(self._ask)),
            web.get("/api/requests/{id}", self._door(self._one)),
            web.post("/api/requests/{id}/cancel", self._door(self._cancel)),
        ]

    async def _mine(self, _: web.Request, me: SignedIn) -> web.Response:
        """What waits for a decision."""
        async with self._access.database.transaction() as transaction:
            waiting = await standing.pending_of(transaction, me.principal)
            shown = [await _shown(transaction, each, me) for each in waiting]
        return web.json_response({"requests": shown})

    async def _ask(self, request: web.Request, me: SignedIn) -> web.Response:
        try:
            asked = _Asked.model_validate(await body(request))
            beside = UUID(asked.beside) if asked.beside is not None else None
        except (ValidationError, ValueError) as error:
            raise ApiRefused(400, "invalid_request", "Ask for a resource and a role, for some seconds.") from error
        ask = Ask(
            asked.resource,
            asked.role,
            asked.duration_s or self._usual_s(me, asked),
            asked.reason,
            asked.ticket,
            source="cli",
            beside=beside,
        )
        made = await requests.submit(self._access, me.principal, ask, by=me)
        async with self._access.database.transaction() as transaction:
            return web.json_response(await _shown(transaction, made, me), status=201)

    async def _one(self, request: web.Request, me: SignedIn) -> web.Response:
        """How it stands; with `wait` once it has changed from revision `seen`, or after so many seconds."""
        wait_s, seen = _wait_s(request), request.query.get("seen", "")
        if wait_s <= 0:
            return web.json_response(await self._read(request, me))

        def is_open(shown: shapes.Json) -> bool:
            return shown["state"] == RequestState.PENDING.value and str(shown["revision"]) == seen

        read = partial(self._read, request, me)
        return web.json_response(await self._waiting.changed(me, _id(request), read, is_open, wait_s))

    async def _cancel(self, request: web.Request, me: SignedIn) -> web.Response:
        cancelled = await requests.cancel(self._access, _id(request), me.principal, source="cli", me=me)
        async with self._access.database.transaction() as transaction:
            return web.json_response(await _shown(transaction, cancelled, me))

    async def _read(self, request: web.Request, me: SignedIn) -> shapes.Json:
        async with self._access.database.transaction() as transaction:
            found = await transaction.get(AccessRequest, _id(request))
            if found is None or found.principal_id != me.principal.id:
                raise _none()
            return await _shown(transaction, found, me)

    def _usual_s(self, me: SignedIn, asked: _Asked) -> int:
        longest = self._access.policies.current.require(me.principal.name, asked.resource, asked.role).maximum_s
        return min(USUAL_S, longest) if longest > 0 else USUAL_S


async def _shown(transaction: AsyncSession, row: AccessRequest, me: SignedIn) -> shapes.Json:
    approvals = await transaction.scalars(
        select(col(Principal.name))
        .join(Review, col(Review.reviewer_id) == col(Principal.id))
        .where(col(Review.request_id) == row.id, col(Review.decision) == ReviewDecision.APPROVE)
        .order_by(col(Review.created_at))
    )
    grant = await transaction.scalar(select(Grant).where(col(Grant.request_id) == row.id))
    by = await transaction.get(Principal, row.decided_by) if row.decided_by is not None else None
    who = by.name if by is not None else None
    return shapes.request(row, asker=me.principal.name, approvals=list(approvals.all()), by=who, grant=grant)


def _wait_s(request: web.Request) -> float:
    said = request.query.get("wait", "0")
    return min(float(said), LONGEST_WAIT_S) if said.isascii() and said.isdigit() and len(said) < 4 else 0.0


def _id(request: web.Request) -> UUID:
    """Raises ApiRefused."""
    try:
        return UUID(request.match_info["id"])
    except ValueError as error:
        raise _none() from error


def _none() -> ApiRefused:
    return ApiRefused(404, "not_found", "There is no such request of yours. `gatepass status` shows what waits.")
