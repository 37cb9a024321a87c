"""The front door: `serve` runs a workspace on a loopback port until its block ends.

    async with serve(demo_spec()) as simulator:
        app = AsyncApp(token=..., client=AsyncWebClient(token=..., base_url=simulator.api_url))

Refuses to listen anywhere but on loopback, requests for any other Host (DNS rebinding), and browsers that come from
another page's origin.
"""

import asyncio
import ipaddress
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import web

from slack_simulator.base.clock import Clock
from slack_simulator.control.control import Control
from slack_simulator.control.faults import FaultControl
from slack_simulator.delivery.delivery import Delivery
from slack_simulator.delivery.http_mode import HttpMode
from slack_simulator.delivery.sockets import Sockets
from slack_simulator.interactions.interactions import Interactions
from slack_simulator.manifest.manifest import Manifest, ManifestError, load_manifest, manifest_of
from slack_simulator.page.page import Page
from slack_simulator.webapi.dispatch import WebApi
from slack_simulator.webapi.faults import api_faults
from slack_simulator.webapi.responses import Responses
from slack_simulator.workspace.demo import demo_spec
from slack_simulator.workspace.spec import Channel, Person, SpecError, UserGroup, WorkspaceSpec
from slack_simulator.workspace.spec_file import load_spec
from slack_simulator.workspace.workspace import Workspace

__all__ = [
    "Channel",
    "Clock",
    "Manifest",
    "ManifestError",
    "Person",
    "Simulator",
    "SpecError",
    "UserGroup",
    "WorkspaceSpec",
    "demo_spec",
    "load_manifest",
    "load_spec",
    "manifest_of",
    "serve",
]

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

LOOPBACK_NAMES = {"localhost", "127.0.0.1", "::1"}
#: Larger than anything Slack takes in one call.
MAX_BODY_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Simulator:
    """A workspace that is being served."""

    workspace: Workspace
    port: int
    url: str

    @property
    def api_url(self) -> str:
        """What an app is given as `base_url`."""
        return self.url + "/api/"


@asynccontextmanager
async def serve(
    spec: WorkspaceSpec, host: str = "127.0.0.1", port: int = 0, *, clock: Clock | None = None
) -> AsyncGenerator[Simulator]:
    """Serve a workspace; port 0 takes a free one. Raises ValueError for a host that is not loopback."""
    _refuse_public(host)
    workspace = Workspace(spec, clock)
    sockets = Sockets(spec.app_id, workspace.clock, workspace.inspector, workspace.faults)
    http = _http_mode(workspace)
    sockets.is_enabled = http is None
    delivery = Delivery(workspace, http or sockets)
    interactions = Interactions(workspace, delivery)
    page = Page(workspace, sockets)
    application = _application(workspace, sockets, http, interactions, page)
    if http is not None:
        application.on_cleanup.append(lambda _: http.close())
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        taken = runner.addresses[0][1]
        shown_host = f"[{host}]" if ":" in host else host
        workspace.base_url = f"http://{shown_host}:{taken}"
        yield Simulator(workspace, taken, workspace.base_url)
    finally:
        await asyncio.gather(interactions.events.close(), delivery.close(), sockets.close(), page.close())
        await runner.cleanup()


def _http_mode(workspace: Workspace) -> HttpMode | None:
    manifest = workspace.spec.manifest
    return None if manifest is None or manifest.is_socket_mode else HttpMode(workspace, manifest)


def _application(
    workspace: Workspace, sockets: Sockets, http: HttpMode | None, interactions: Interactions, page: Page
) -> web.Application:
    middlewares = [_local_only, api_faults(workspace.faults, workspace.clock)]
    application = web.Application(middlewares=middlewares, client_max_size=MAX_BODY_BYTES)
    api = WebApi(workspace, sockets)
    application.on_cleanup.append(api.close)
    application.add_routes(
        [
            *api.routes(),
            web.get("/link/", sockets.serve),
            web.post("/response/{team}/{secret}", Responses(workspace).handle),
            *Control(workspace, interactions, sockets).routes(),
            *FaultControl(workspace.faults, sockets, http).routes(),
            *page.routes(),
        ]
    )
    return application


@web.middleware
async def _local_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer only to our own names, and to no page of another origin.

    A browser sends no Origin with the images, links and frames of a page elsewhere, but tells in Sec-Fetch-Site (W3C
    Fetch Metadata) where they come from. People may follow a link to the page itself.
    """
    if _host_name("//" + request.headers.get("Host", "")) not in LOOPBACK_NAMES:
        return web.json_response({"ok": False, "error": "this simulator answers only to localhost"}, status=403)
    origin = request.headers.get("Origin")
    is_elsewhere = origin is not None and origin != f"http://{request.headers.get('Host')}"
    if is_elsewhere or (_is_fetched_elsewhere(request) and not _is_visit(request)):
        return web.json_response({"ok": False, "error": "requests from other origins are refused"}, status=403)
    return await handler(request)


def _is_fetched_elsewhere(request: web.Request) -> bool:
    return request.headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"}


def _is_visit(request: web.Request) -> bool:
    """Somebody opens the page in a window of its own."""
    to_page = request.path == "/" or request.path.startswith("/archives/")
    in_window = (request.headers.get("Sec-Fetch-Mode"), request.headers.get("Sec-Fetch-Dest"))
    return to_page and request.method == "GET" and in_window == ("navigate", "document")


def _host_name(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _refuse_public(host: str) -> None:
    try:
        is_loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise ValueError(f"the simulator listens on loopback only, not on {host!r}: it has no passwords")
