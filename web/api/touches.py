"""A touch that a command line wants for one of its grants: asked for and waited for here, given on a page."""

import asyncio
from collections import Counter
from typing import Final
from uuid import UUID

from aiohttp import web

from access.context import Access
from access.identity import acts
from access.identity.browser_sessions import SignedIn
from access.identity.command_lines import wanted
from access.identity.command_lines.wanted import Stage
from storage.notices import Notices, Topic
from web.api.answers import ApiRefused
from web.api.door import ApiDoor
from web.api.mine import own_grant
from web.door.guard import CLIENT

#: The longest that an answer is waited for.
LONGEST_WAIT_S: Final = 25.0
#: A notice may be lost, so the row is read again.
_LOOK_S: Final = 5.0
#: Answers that one sign-in may wait for at once.
_WAITING: Final = 8


class TouchesApi:
    """/api/grants/ID/touch and /api/touches/ID"""

    def __init__(self, access: Access, door: ApiDoor, notices: Notices) -> None:
        self._access = access
        self._door = door
        self._notices = notices
        self._waiting: Counter[UUID] = Counter()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/api/grants/{id}/touch", self._door(self._ask)),
            web.get("/api/touches/{id}", self._door(self._one)),
        ]

    async def _ask(self, request: web.Request, me: SignedIn) -> web.Response:
        grant = await own_grant(self._access, request, me)
        row = await wanted.ask(self._access, me, grant.id, client=request[CLIENT])
        lasts = int(wanted.LIFETIME.total_seconds())
        told = {"id": str(row.id), "page": acts.page_of_wanted(row.id), "expires_in": lasts}
        return web.json_response(told, status=201)

    async def _one(self, request: web.Request, me: SignedIn) -> web.Response:
        """How it stands; with `wait` once it does not wait any more, or after a while."""
        wanted_id = _id(request.match_info["id"])
        if request.query.get("wait") is None:
            return _told(await self._read(me, wanted_id))
        if self._waiting[me.session.id] >= _WAITING:
            raise ApiRefused(429, "too_often", "This command line waits for too much at once.")
        self._waiting[me.session.id] += 1
        try:
            return _told(await self._changed(me, wanted_id))
        finally:
            self._waiting[me.session.id] -= 1
            if not self._waiting[me.session.id]:
                del self._waiting[me.session.id]

    async def _changed(self, me: SignedIn, wanted_id: UUID) -> Stage:
        loop = asyncio.get_running_loop()
        until = loop.time() + LONGEST_WAIT_S
        async with self._notices.subscribe(Topic.TOUCH) as notices:
            while True:
                stage = await self._read(me, wanted_id)
                if stage is not Stage.WAITING or loop.time() >= until:
                    return stage
                try:
                    async with asyncio.timeout_at(min(until, loop.time() + _LOOK_S)):
                        while (await anext(notices)).subject not in {"", str(wanted_id)}:
                            pass
                except TimeoutError:
                    continue

    async def _read(self, me: SignedIn, wanted_id: UUID) -> Stage:
        stage = await wanted.stage(self._access, me, wanted_id)
        if stage is None:
            raise _none()
        return stage


def _told(stage: Stage) -> web.Response:
    return web.json_response({"state": stage.value})


def _id(said: str) -> UUID:
    """Raises ApiRefused."""
    try:
        return UUID(said)
    except ValueError as error:
        raise _none() from error


def _none() -> ApiRefused:
    return ApiRefused(404, "not_found", "This command line waits for no such touch.")
