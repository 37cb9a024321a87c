"""A touch that a command line wants for one of its grants: asked for and waited for here, given on a page."""

from functools import partial
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
from web.api.waiting import Waiting
from web.door.guard import CLIENT


class TouchesApi:
    """/api/grants/ID/touch and /api/touches/ID"""

    def __init__(self, access: Access, door: ApiDoor, notices: Notices) -> None:
        self._access = access
        self._door = door
        self._waiting = Waiting(access, notices, Topic.TOUCH)

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
        read = partial(self._read, me, wanted_id)
        if request.query.get("wait") is None:
            return _told(await read())
        return _told(await self._waiting.changed(me, wanted_id, read, lambda stage: stage is Stage.WAITING))

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
