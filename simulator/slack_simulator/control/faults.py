"""The control API's levers on the way to the app: faults, sockets, and the challenge of HTTP mode.

docs/drive.md has examples.
"""

from functools import partial

from aiohttp import web

from slack_simulator.base.json_types import JsonObject, as_object
from slack_simulator.control.lookup import BadRequest
from slack_simulator.control.requests import asked, posted
from slack_simulator.delivery.connections import NoSuchConnection
from slack_simulator.delivery.http_mode import HttpMode, NotVerified
from slack_simulator.delivery.renewals import DisconnectReason
from slack_simulator.delivery.sockets import Sockets
from slack_simulator.faults.catalogue import CATALOGUE, FaultRefused
from slack_simulator.faults.faults import Faults
from slack_simulator.interactions.inputs import Impossible


class FaultControl:
    """The handlers of /control/faults, /control/sockets and, in HTTP mode, /control/verify, for one workspace."""

    def __init__(self, faults: Faults, sockets: Sockets, http: HttpMode | None) -> None:
        """Faults strike where they are asked for; sockets are broken here and now. `http` is None in Socket Mode."""
        self._faults = faults
        self._sockets = sockets
        self._http = http

    def routes(self) -> list[web.RouteDef]:
        """All of them, for looking and for doing."""
        routes = [
            web.get("/control/faults", asked(self.show_faults)),
            web.post("/control/faults", posted(self.change_faults)),
            web.get("/control/sockets", asked(self.show_sockets)),
            web.post("/control/sockets", posted(self.change_sockets)),
        ]
        if self._http is None:
            return routes
        return [*routes, web.post("/control/verify", posted(partial(self.verify, self._http)))]

    async def show_faults(self, _: web.Request) -> JsonObject:
        """What is active, and what there is."""
        return {
            "ok": True,
            "faults": [one.to_json() for one in self._faults.active()],
            "catalogue": [one.to_json() for one in CATALOGUE],
        }

    async def change_faults(self, body: JsonObject) -> JsonObject:
        """{add: {kind, …}} | {remove: id} | {clear: true}."""
        _only(body, "add", "remove", "clear")
        added = as_object(body.get("add"))
        if added is not None:
            return self._add(added)
        if isinstance(body.get("remove"), str):
            if not self._faults.remove(body["remove"]):
                active = ", ".join(one.id for one in self._faults.active()) or "none"
                raise Impossible(f"there is no active fault {body['remove']!r}; active are: {active}")
            return {"ok": True}
        if body.get("clear") is True:
            self._faults.clear()
            return {"ok": True}
        raise BadRequest('say {"add": {"kind": …}}, {"remove": "<id>"} or {"clear": true}')

    async def show_sockets(self, _: web.Request) -> JsonObject:
        """The app's open connections, and whether it may open any."""
        return {
            "ok": True,
            "enabled": self._sockets.is_enabled,
            "connections": [
                {
                    "connection": one.number,
                    "opened_at": one.opened_at,
                    "leaving": one.is_leaving,
                    "awaiting_acks": len(one.awaiting),
                }
                for one in self._sockets.open_connections()
            ],
        }

    async def change_sockets(self, body: JsonObject) -> JsonObject:
        """{cut: number | "all"} | {disconnect: reason, connection?: number} | {enable: true}."""
        _only(body, "cut", "disconnect", "connection", "enable")
        try:
            if body.get("cut") is not None:
                return {"ok": True, "connections": self._sockets.cut(_number(body["cut"]))}
            if body.get("disconnect") is not None:
                return {"ok": True, "connections": await self._disconnect(body)}
        except NoSuchConnection as problem:
            raise Impossible(str(problem)) from problem
        if body.get("enable") is True:
            self._sockets.is_enabled = True
            return {"ok": True, "connections": []}
        raise BadRequest('say {"cut": <number> or "all"}, {"disconnect": "<reason>"} or {"enable": true}')

    async def verify(self, http: HttpMode, _: JsonObject) -> JsonObject:
        """{}: send the events' request url its challenge now."""
        try:
            await http.verify()
        except NotVerified as problem:
            return {"ok": False, "error": str(problem)}
        return {"ok": True}

    def _add(self, given: JsonObject) -> JsonObject:
        fields = {name: value for name, value in given.items() if name != "kind"}
        connections = [one.number for one in self._sockets.open_connections()]
        try:
            fault = self._faults.add(str(given.get("kind", "")), fields, connections)
        except FaultRefused as problem:
            raise BadRequest(str(problem)) from problem
        return {"ok": True, "id": fault.id, "fault": fault.to_json()}

    async def _disconnect(self, body: JsonObject) -> list[int]:
        try:
            why = DisconnectReason(body["disconnect"])
        except ValueError as problem:
            raise BadRequest(f"disconnect must be one of {', '.join(DisconnectReason)}") from problem
        connection = body.get("connection", "all")
        if why is DisconnectReason.LINK_DISABLED and connection != "all":
            raise BadRequest("link_disabled concerns the app: it ends all connections, so name none")
        return await self._sockets.disconnect(why, _number(connection))


def _number(given: object) -> int | None:
    """A connection's number; None for all."""
    if given == "all":
        return None
    if isinstance(given, int) and not isinstance(given, bool):
        return given
    raise BadRequest(f'a connection is its number, or "all", not {given!r}')


def _only(body: JsonObject, *names: str) -> None:
    unknown = sorted(set(body) - set(names))
    if unknown:
        raise BadRequest(f"there is no {unknown[0]!r} here; there are: {', '.join(names)}")
