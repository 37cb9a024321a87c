"""The workspace as a web page: a server-rendered shell, and a WebSocket that says when something changed.

The page's script reads and acts through the control API, like any other script. No inline script, no third party.
"""

import asyncio
import re
from collections.abc import Mapping
from importlib import resources

import jinja2
from aiohttp import WSCloseCode, web

from slack_simulator.control.presentation import shown_person
from slack_simulator.delivery.sockets import Sockets
from slack_simulator.page.personas import kinds_of, notice_for
from slack_simulator.workspace.workspace import Workspace

#: No inline script, no third party; where pictures may come from is the workspace's choice.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src {pictures}; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
#: Changes within this time reach the page as one.
GATHER_S = 0.02
IDLE_S = 20.0
#: No path but these names is looked up: none that starts with a dot, climbs, or begins at the root.
STATIC_PATH = re.compile(r"([a-z]+/)*[a-z]+\.[a-z]+")
STATIC_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


class Page:
    """The handlers of the page, for one workspace."""

    def __init__(self, workspace: Workspace, sockets: Sockets) -> None:
        """`sockets` tells whether the app is connected."""
        self._workspace = workspace
        self._sockets = sockets
        self._watching: set[web.WebSocketResponse] = set()
        self._headers = _headers(shows_pictures=workspace.spec.shows_pictures)
        templates = resources.files("slack_simulator.page") / "templates"
        self._environment = jinja2.Environment(
            loader=jinja2.FunctionLoader(lambda name: (templates / name).read_text("utf-8")), autoescape=True
        )

    def routes(self) -> list[web.RouteDef]:
        """The shell, its files, permalinks and the change socket."""
        return [
            web.get("/", self.show),
            web.get("/archives/{channel}/{message}", self.follow_permalink),
            web.get("/static/{name:.+}", self.static),
            web.get("/changes", self.changes),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """GET /?as=alice&channel=general."""
        spec = self._workspace.spec
        people = [person for person in self._workspace.people() if not person.is_bot]
        chosen = self._workspace.person_called(request.query.get("as", ""))
        persona = chosen or (people[0] if people else self._workspace.bot)
        context: Mapping[str, object] = {
            "spec": spec,
            "people": [shown_person(self._workspace, person) for person in people],
            "persona": shown_person(self._workspace, persona),
            "kinds": {person.slack_id: kinds_of(person, spec) for person in people},
            "notice": notice_for(persona),
            "channel": request.query.get("channel", ""),
        }
        html = self._environment.get_template("workspace.html").render(context)
        return web.Response(text=html, content_type="text/html", headers=self._headers)

    async def follow_permalink(self, request: web.Request) -> web.StreamResponse:
        """GET /archives/C…/p…: open the page at this message."""
        digits = request.match_info["message"].removeprefix("p")
        if not digits.isdecimal() or len(digits) <= 6:
            raise web.HTTPNotFound(text="This is not a permalink.")
        where = {"channel": request.match_info["channel"], "ts": f"{digits[:-6]}.{digits[-6:]}"}
        where |= {name: request.query[name] for name in ("as", "thread_ts") if request.query.get(name)}
        raise web.HTTPFound(request.url.with_path("/").with_query(where).relative())

    async def static(self, request: web.Request) -> web.Response:
        """GET /static/<room>/<name>: a file that ships with the package."""
        path = request.match_info["name"]
        kind = STATIC_TYPES.get(path.rpartition(".")[2])
        file = resources.files("slack_simulator.page") / "static" / path
        if kind is None or STATIC_PATH.fullmatch(path) is None or not file.is_file():
            raise web.HTTPNotFound(text="There is no such file.")
        return web.Response(body=file.read_bytes(), content_type=kind, charset="utf-8", headers=self._headers)

    async def changes(self, request: web.Request) -> web.StreamResponse:
        """GET /changes (WebSocket): {"revision": n} after each change, and now and then without one."""
        socket = web.WebSocketResponse(heartbeat=IDLE_S, max_msg_size=1024)
        await socket.prepare(request)
        self._watching.add(socket)
        telling = asyncio.create_task(self._tell(socket), name="page changes")
        try:
            async for _ in socket:
                pass
        finally:
            self._watching.discard(socket)
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
        return socket

    async def close(self) -> None:
        """Say goodbye to every open page."""
        for socket in list(self._watching):
            await socket.close(code=WSCloseCode.GOING_AWAY)

    async def _tell(self, socket: web.WebSocketResponse) -> None:
        told = -1
        while not socket.closed:
            told = await self._workspace.changes.wait_past(told, IDLE_S)
            await socket.send_json({"revision": told})
            await asyncio.sleep(GATHER_S)


def _headers(*, shows_pictures: bool) -> dict[str, str]:
    """A picture from elsewhere tells its server who looks, so no browser fetches one unless the workspace says so.

    Nor does it look up the names in links that nobody follows, as browsers do on pages without TLS.
    """
    pictures = "'self' data: https:" if shows_pictures else "'self' data:"
    return {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY.format(pictures=pictures),
        "X-Content-Type-Options": "nosniff",
        "X-DNS-Prefetch-Control": "off",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-cache",
    }
