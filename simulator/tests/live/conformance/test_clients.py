"""What Slack's own clients do against the workspace: their habits, of which apps must know, in the real slack_sdk and
slack_bolt. A new version that changes one of them fails here."""

import asyncio
import hmac
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from slack_simulator.base.clock import Clock
from slack_simulator.client import SimulatorClient
from slack_simulator.server import Simulator

BUTTON: list[dict[str, Any]] = [
    {
        "type": "actions",
        "elements": [{"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}],
    }
]


async def entries(people: SimulatorClient, kind: str, name: str) -> list[dict[str, Any]]:
    """What the inspector has of this kind and name."""
    return [one for one in await people.inspector() if (one["kind"], one["name"]) == (kind, name)]


# --- acks -------------------------------------------------------------------------------------------------------------


async def test_bolt_sends_no_ack_that_is_late(
    simulator: Simulator,
    people: SimulatorClient,
    bolt: AsyncApp,
    connect: Any,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """After three seconds it has given up on its listener, whose ack then goes nowhere."""
    ahead_s = 0.0
    monkeypatch.setattr("slack_bolt.listener.asyncio_runner.time", SimpleNamespace(time=lambda: time.time() + ahead_s))
    heard, go_on, acked = asyncio.Event(), asyncio.Event(), asyncio.Event()

    @bolt.command("/slow")
    async def slow(ack: Any) -> None:
        heard.set()
        await go_on.wait()
        await ack("too late")
        acked.set()

    async with connect(bolt, simulator), asyncio.timeout(10):
        typed = asyncio.create_task(people.command("alice", "general", "/slow"))
        await heard.wait()
        ahead_s = 3.1
        while not any("didn't call ack()" in record.getMessage() for record in caplog.records):
            await asyncio.sleep(0.01)
        go_on.set()
        await acked.wait()
        clock.advance(3.1)
        assert (await typed)["error"] == "operation_timeout"
    assert await entries(people, "ack", "slash_commands") == []
    assert await entries(people, "ack", "late or unknown") == []
    assert "too late" not in {one["text"] for one in await people.messages("general", "alice")}


# --- connections ------------------------------------------------------------------------------------------------------


async def test_the_old_socket_is_closed_before_the_new_one_opens(
    simulator: Simulator, people: SimulatorClient, bolt: AsyncApp, connect: Any
) -> None:
    """In between, an app with one socket has none: that is why it needs two."""
    async with connect(bolt, simulator):
        await people.sockets(disconnect="refresh_requested")
        async with asyncio.timeout(10):
            while len(await entries(people, "socket", "connected")) < 2:
                await asyncio.sleep(0.01)
        passed = [one for one in await people.inspector() if one["kind"] == "socket" and "connections" in one["detail"]]
    assert [(one["name"], one["detail"]["connections"]) for one in passed[:3]] == [
        ("connected", 1),
        ("disconnected", 0),
        ("connected", 1),
    ]


async def test_a_bad_app_token_is_tried_for_ever(simulator: Simulator, bolt: AsyncApp, people: SimulatorClient) -> None:
    """connect_async() neither returns nor raises: whoever waits for it waits in vain."""
    handler = AsyncSocketModeHandler(bolt, "xapp-simulator-wrong", proxy="", ping_interval=0.01)
    connecting = asyncio.create_task(handler.connect_async())
    try:
        async with asyncio.timeout(10):
            while len(refused := await entries(people, "api", "apps.connections.open")) < 4:
                await asyncio.sleep(0.01)
        assert {one["detail"]["error"] for one in refused} == {"invalid_auth"}
        assert not connecting.done()
    finally:
        connecting.cancel()
        await asyncio.gather(connecting, return_exceptions=True)
        await handler.close_async()


def test_a_handler_needs_a_running_loop() -> None:
    """It cannot be built before there is one."""
    app = AsyncApp(token="xoxb-simulator-bot", signing_secret="secret")
    with pytest.raises(RuntimeError, match="no running event loop"):
        AsyncSocketModeHandler(app, "xapp-simulator-app", proxy="")


async def test_the_handler_follows_the_url_that_it_is_given(simulator: Simulator, slack: AsyncWebClient) -> None:
    """Wherever apps.connections.open was answered: here by a server that has no sockets of its own."""

    async def elsewhere(_: web.Request) -> web.Response:
        opened = await slack.apps_connections_open(app_token=simulator.workspace.spec.app_token)
        assert str(opened["url"]).startswith("ws://")
        return web.json_response({"ok": True, "url": opened["url"]})

    application = web.Application()
    application.router.add_post("/api/apps.connections.open", elsewhere)
    async with listening(application) as url:
        app = AsyncApp(client=AsyncWebClient(token="xoxb-other", base_url=f"{url}/api/", proxy=""), signing_secret="x")
        handler = AsyncSocketModeHandler(app, "xapp-other", proxy="")
        async with SimulatorClient(simulator.url) as people, asyncio.timeout(10):
            await handler.connect_async()
            await people.wait_for_app(1)
        await handler.close_async()


@asynccontextmanager
async def listening(application: web.Application) -> AsyncIterator[str]:
    """A server on this machine, and its url."""
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_a_ghost_looks_healthy_to_its_client(
    simulator: Simulator, people: SimulatorClient, bolt: AsyncApp, clock: Clock
) -> None:
    """python-slack-sdk issue 1940: is_connected() says yes, pings are answered, and no command arrives."""
    heard: list[str] = []

    @bolt.command("/lunch")
    async def lunch(ack: Any, command: Any) -> None:
        heard.append(command["text"])
        await ack()

    handler = AsyncSocketModeHandler(bolt, simulator.workspace.spec.app_token, proxy="")
    try:
        async with asyncio.timeout(10):
            await handler.connect_async()
            await people.add_fault("ghost")
            typed = asyncio.create_task(people.command("alice", "general", "/lunch lost"))
            while not await entries(people, "envelope", "slash_commands"):
                await asyncio.sleep(0.01)
            assert handler.client.current_session is not None
            pinged_at = time.time()
            await handler.client.current_session.ping(f"sdk-ping-pong:{pinged_at}".encode())
            while handler.client.last_ping_pong_time != pinged_at:
                await asyncio.sleep(0.01)
            clock.advance(3.1)
            assert (await typed)["error"] == "operation_timeout"
            assert await handler.client.is_connected()
    finally:
        await handler.close_async()
    assert heard == []
    assert len(await entries(people, "socket", "connected")) == 1, "the client saw no reason to connect again"


# --- who clicks, and how often ----------------------------------------------------------------------------------------


async def test_bolt_passes_a_click_from_another_organisation_on(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient, bolt: AsyncApp, connect: Any
) -> None:
    """Unchanged and unremarked: the user's team_id is all that tells."""
    heard: list[dict[str, Any]] = []

    @bolt.action("go")
    async def go(ack: Any, body: dict[str, Any]) -> None:
        heard.append(body)
        await ack()

    posted: Any = await slack.chat_postMessage(channel="C0PARTNER", text="card", blocks=BUTTON)
    async with connect(bolt, simulator):
        assert (await people.action("sam", "go", channel="partners", ts=posted["ts"]))["ok"]
    (sent,) = await entries(people, "envelope", "interactive")
    assert heard == [sent["detail"]["payload"]]
    assert heard[0]["user"]["team_id"] == "T0ELSEWHERE"
    assert heard[0]["team"]["id"] == "T0SIMULATE"


# --- the Web API ------------------------------------------------------------------------------------------------------


async def test_the_default_client_does_not_retry_a_429(slack: AsyncWebClient, people: SimulatorClient) -> None:
    """One call, one error."""
    await people.add_fault("api_ratelimited", method="chat.postMessage", retry_after_s=0)
    with pytest.raises(SlackApiError, match="ratelimited"):
        await slack.chat_postMessage(channel="C0GENERAL", text="x")
    assert len(await entries(people, "fault", "api_ratelimited")) == 2, "one for adding it, one for its only strike"


async def test_the_retry_handler_retries_a_429(slack: AsyncWebClient, people: SimulatorClient) -> None:
    """AsyncRateLimitErrorRetryHandler waits as long as Retry-After says, and calls again."""
    slack.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=2))
    await people.add_fault("api_ratelimited", method="chat.postMessage", retry_after_s=0, times=2)
    assert (await slack.chat_postMessage(channel="C0GENERAL", text="x"))["ok"]
    assert [one["text"] for one in await people.messages("general")] == ["x"]


@pytest.fixture
async def captured(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[str]]:
    """An environment that names a proxy and excepts this machine from it; what the proxy is asked for."""
    asked: list[str] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        asked.append(head.decode().splitlines()[0])
        writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(proxy, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        for name in ("https_proxy", "HTTP_PROXY", "http_proxy", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost,::1")
        yield asked


@pytest.mark.parametrize("given", [None, ""], ids=["no proxy given", "empty proxy given"])
async def test_a_proxy_of_the_environment_captures_loopback(
    simulator: Simulator, captured: list[str], given: str | None
) -> None:
    """Whatever NO_PROXY says, and although the url is not even https."""
    spec = simulator.workspace.spec
    client = AsyncWebClient(token=spec.bot_token, base_url=simulator.api_url, proxy=given, retry_handlers=[])
    with pytest.raises(SlackApiError):
        await client.auth_test()
    assert captured == [f"POST {simulator.api_url}auth.test HTTP/1.1"]
    handler = AsyncSocketModeHandler(AsyncApp(client=client, signing_secret="x"), spec.app_token, proxy=given)
    assert handler.client.proxy == client.proxy
    await handler.close_async()


async def test_a_proxy_set_empty_afterwards_captures_nothing(
    simulator: Simulator, people: SimulatorClient, captured: list[str]
) -> None:
    """The attribute counts, once the client and the handler are built."""
    spec = simulator.workspace.spec
    client = AsyncWebClient(token=spec.bot_token, base_url=simulator.api_url)
    client.proxy = None
    assert (await client.auth_test())["ok"]
    handler = AsyncSocketModeHandler(AsyncApp(client=client, signing_secret="x"), spec.app_token)
    handler.client.proxy = None
    async with asyncio.timeout(10):
        await handler.connect_async()
        await people.wait_for_app(1)
    await handler.close_async()
    assert captured == []


def test_signatures_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last word is hmac.compare_digest's."""
    verifier, body = SignatureVerifier("secret"), b"{}"
    now = str(int(time.time()))
    right = verifier.generate_signature(timestamp=now, body=body)
    assert verifier.is_valid(body, now, right)
    monkeypatch.setattr(hmac, "compare_digest", lambda *_: False)
    assert not verifier.is_valid(body, now, right)
