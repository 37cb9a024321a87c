"""Events in HTTP mode: the challenge before the first, retries with their reason, and how an app refuses them."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp

from slack_simulator.base.clock import Clock
from slack_simulator.client import SimulatorClient
from slack_simulator.manifest.manifest import Manifest, manifest_of
from slack_simulator.server import Channel, Person, Simulator, WorkspaceSpec, serve

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


Serve = Callable[[Handler], Awaitable[None]]


PEOPLE = (Person("alice", "U0ALICE", "Alice Archer", "alice@example.com"),)


CHANNELS = (Channel("general", "C0GENERAL", ("U0ALICE",)),)


def manifest(base: str, options: str | None = None) -> Manifest:
    """An app that takes everything by HTTP."""
    settings = {"is_enabled": True, "request_url": f"{base}/actions"}
    return manifest_of(
        {
            "display_information": {"name": "Lunch"},
            "features": {
                "app_home": {"home_tab_enabled": True},
                "slash_commands": [{"command": "/lunch", "description": "Order", "url": f"{base}/commands"}],
            },
            "oauth_config": {"scopes": {"bot": ["commands", "chat:write"]}},
            "settings": {
                "interactivity": settings | ({} if options is None else {"message_menu_options_url": options}),
                "event_subscriptions": {"request_url": f"{base}/events", "bot_events": ["app_home_opened"]},
                "socket_mode_enabled": False,
            },
        }
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def port() -> int:
    """Where the app will listen."""
    return free_port()


@pytest.fixture
async def simulator(clock: Clock, port: int) -> AsyncIterator[Simulator]:
    """A workspace whose app is in HTTP mode."""
    base = f"http://127.0.0.1:{port}"
    spec = WorkspaceSpec(people=PEOPLE, channels=CHANNELS, manifest=manifest(base, f"{base}/options"))
    async with serve(spec, clock=clock) as served:
        yield served


@pytest.fixture
async def listen(port: int) -> AsyncIterator[Serve]:
    """`await listen(handler)`: from now on the app answers every POST with it."""
    async with AsyncExitStack() as stack:

        async def start(handler: Handler) -> None:
            application = web.Application()
            application.router.add_post("/{path}", handler)
            runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", port).start()

        yield start


def bolt_handler(app: AsyncApp) -> Handler:
    """Bolt's own way to serve HTTP with aiohttp."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

    return handle


async def entries(people: SimulatorClient, kind: str) -> list[dict[str, Any]]:
    return [one for one in await people.inspector() if one["kind"] == kind]


class Subscriber:
    """An app that notes each event and answers as it is told to."""

    def __init__(self, *answers: web.Response | None) -> None:
        self.heard: asyncio.Queue[tuple[dict[str, Any], str | None, str | None]] = asyncio.Queue()
        self.challenges = 0
        self._answers = list(answers)

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.json()
        if body["type"] == "url_verification":
            self.challenges += 1
            return web.json_response({"challenge": body["challenge"]})
        headers = request.headers
        self.heard.put_nowait((body, headers.get("X-Slack-Retry-Num"), headers.get("X-Slack-Retry-Reason")))
        answer = self._answers.pop(0) if self._answers else web.Response()
        if answer is None:
            await asyncio.Event().wait()
        return answer or web.Response()


async def test_events_are_retried_with_their_reason(people: SimulatorClient, listen: Serve, clock: Clock) -> None:
    """At once, after a minute, after five; the url is verified before the first one, once."""
    app = Subscriber(web.Response(status=500), None, web.Response(status=404), web.Response())
    await listen(app.handle)
    async with asyncio.timeout(10):
        await people.open_home("alice")
        first, number, reason = await app.heard.get()
        assert (first["event"]["type"], number, reason) == ("app_home_opened", None, None)
        second, *retry = await app.heard.get()
        assert retry == ["1", "http_error"]
        clock.advance(3)
        await missed(people, 2)
        clock.advance(60)
        third, *retry = await app.heard.get()
        assert retry == ["2", "http_timeout"]
        await missed(people, 3)
        clock.advance(300)
        fourth, *retry = await app.heard.get()
        assert retry == ["3", "http_error"]
    assert len({one["event_id"] for one in (first, second, third, fourth)}) == 1
    assert app.challenges == 1


async def missed(people: SimulatorClient, count: int) -> None:
    """Until so many deliveries have failed, so that their retries' pauses have begun."""
    while len([one for one in await entries(people, "ack") if not one["ok"]]) < count:
        await asyncio.sleep(0.01)
    for _ in range(10):
        await asyncio.sleep(0)


async def test_an_app_may_refuse_retries(people: SimulatorClient, listen: Serve, clock: Clock) -> None:
    app = Subscriber(web.Response(status=500, headers={"X-Slack-No-Retry": "1"}))
    await listen(app.handle)
    async with asyncio.timeout(10):
        await people.open_home("alice")
        await app.heard.get()
        await missed(people, 1)
        clock.advance(3600)
        await people.open_home("alice")
        _, number, _ = await app.heard.get()
        assert number is None
    assert app.heard.empty()


async def verify(simulator: Simulator) -> dict[str, Any]:
    async with aiohttp.ClientSession() as session, session.post(f"{simulator.url}/control/verify") as answer:
        return await answer.json()


@pytest.mark.parametrize("form", ["json", "text", "form"])
async def test_the_challenge_is_taken_in_three_forms(simulator: Simulator, listen: Serve, form: str) -> None:
    async def handle(request: web.Request) -> web.Response:
        challenge = (await request.json())["challenge"]
        if form == "json":
            return web.json_response({"challenge": challenge})
        if form == "text":
            return web.Response(text=challenge)
        return web.Response(text=f"challenge={challenge}", content_type="application/x-www-form-urlencoded")

    await listen(handle)
    assert await verify(simulator) == {"ok": True}


async def test_bolt_answers_the_challenge(simulator: Simulator, bolt: AsyncApp, listen: Serve) -> None:
    assert "connection_failed" in (await verify(simulator))["error"]
    await listen(bolt_handler(bolt))
    assert await verify(simulator) == {"ok": True}


async def test_no_event_goes_to_a_url_that_failed_its_challenge(
    simulator: Simulator, people: SimulatorClient, listen: Serve
) -> None:
    heard: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        heard.append((await request.json())["type"])
        return web.Response(text="hello")

    await listen(handle)
    assert "did not answer with the value" in (await verify(simulator))["error"]
    await people.open_home("alice")
    async with asyncio.timeout(5):
        while len(heard) < 3:
            await asyncio.sleep(0.01)
    assert set(heard) == {"url_verification"}
