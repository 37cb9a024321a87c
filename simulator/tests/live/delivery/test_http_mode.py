"""HTTP mode: signed requests to real Bolt apps, their answers, and what becomes of those that do not answer."""

import asyncio
import hashlib
import hmac
import json
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from slack_simulator.base.clock import Clock
from slack_simulator.client import SimulatorClient
from slack_simulator.manifest.manifest import Manifest, manifest_of
from slack_simulator.server import Channel, Person, Simulator, WorkspaceSpec, serve

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


Serve = Callable[[Handler], Awaitable[None]]


PEOPLE = (Person("alice", "U0ALICE", "Alice Archer", "alice@example.com"),)


CHANNELS = (Channel("general", "C0GENERAL", ("U0ALICE",)),)


SECRET = "simulator-signing-secret"


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


async def test_a_bolt_app_by_http_from_command_to_home(
    simulator: Simulator, people: SimulatorClient, bolt: AsyncApp, listen: Serve
) -> None:
    """Command, modal with a typeahead, refusal and acceptance, a button, an event: nothing differs but the road."""

    @bolt.command("/lunch")
    async def lunch(ack: Any, body: Any, client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    @bolt.options("dish")
    async def dishes(ack: Any, payload: Any) -> None:
        found = [dish for dish in ("soup", "stew") if payload["value"] in dish]
        await ack(options=[{"text": {"type": "plain_text", "text": dish}, "value": dish} for dish in found])

    @bolt.view("order")
    async def order(ack: Any, view: Any, client: Any) -> None:
        dish = view["state"]["values"]["dish"]["dish"]["selected_option"]["value"]
        if dish == "soup":
            await ack(response_action="errors", errors={"dish": "No soup for you"})
            return
        await ack()
        await client.chat_postMessage(channel="C0GENERAL", text=dish, blocks=BUTTON)

    @bolt.action("cook")
    async def cook(ack: Any, respond: Any) -> None:
        await ack()
        await respond(text="cooked", replace_original=True)

    @bolt.event("app_home_opened")
    async def home(event: Any, client: Any) -> None:
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [WELCOME]})

    await listen(bolt_handler(bolt))
    assert await people.command("alice", "general", "/lunch") == {"ok": True, "ack": {}}
    await people.wait_for_view("alice", "Lunch", timeout_s=5)
    assert (await people.submit("alice", {"dish": "soup"}))["errors"] == {"dish": "No soup for you"}
    assert (await people.submit("alice", {"dish": "stew"}))["view_closed"]
    card = await people.wait_for("stew", channel="general", timeout_s=5)
    assert await people.action("alice", "cook", channel="general", ts=card["ts"]) == {"ok": True}
    await people.wait_for("cooked", channel="general", timeout_s=5)
    await people.open_home("alice")
    await people.wait_for_home("alice", "Welcome", timeout_s=5)
    assert {one["detail"]["url"].rpartition("/")[2] for one in await entries(people, "envelope")} == {
        "commands", "actions", "options", "events",
    }  # fmt: skip


OPTION_SELECT = {
    "type": "external_select",
    "action_id": "dish",
    "min_query_length": 0,
    "placeholder": {"type": "plain_text", "text": "What?"},
}


MODAL = {
    "type": "modal",
    "callback_id": "order",
    "title": {"type": "plain_text", "text": "Lunch"},
    "submit": {"type": "plain_text", "text": "Order"},
    "blocks": [
        {
            "type": "input",
            "block_id": "dish",
            "label": {"type": "plain_text", "text": "Dish"},
            "element": OPTION_SELECT,
        }
    ],
}


BUTTON = [
    {
        "type": "actions",
        "elements": [{"type": "button", "action_id": "cook", "text": {"type": "plain_text", "text": "Cook"}}],
    }
]


WELCOME = {"type": "section", "text": {"type": "plain_text", "text": "Welcome"}}


async def test_the_request_as_slack_makes_it(
    simulator: Simulator, people: SimulatorClient, listen: Serve, clock: Clock
) -> None:
    """A form, signed with the real time even if the workspace's clock runs ahead."""
    seen: list[tuple[web.Request, bytes]] = []

    async def handle(request: web.Request) -> web.Response:
        seen.append((request, await request.read()))
        return web.Response()

    await listen(handle)
    clock.advance(86_400)
    await people.command("alice", "general", "/lunch soup & <stew> é")
    ((request, body),) = seen
    assert (request.path, request.content_type) == ("/commands", "application/x-www-form-urlencoded")
    form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
    assert (form["command"], form["text"], form["user_id"]) == ("/lunch", "soup & <stew> é", "U0ALICE")
    assert form["response_url"].startswith(simulator.url)
    stamp = request.headers["X-Slack-Request-Timestamp"]
    assert abs(int(stamp) - time.time()) < 60
    digest = hmac.new(SECRET.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    assert request.headers["X-Slack-Signature"] == "v0=" + digest
    assert request.headers["User-Agent"].startswith("Slackbot")
    assert SignatureVerifier(SECRET).is_valid_request(body, dict(request.headers))


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ({"text": "plain words"}, "plain words"),
        ({"text": '{"text": "no JSON by its type"}'}, '{"text": "no JSON by its type"}'),
        ({"text": json.dumps({"text": "as JSON"}), "content_type": "application/json"}, "as JSON"),
        ({"text": ""}, None),
        ({"text": " \n"}, None),
    ],
)
async def test_a_command_may_be_answered_at_once(
    people: SimulatorClient, listen: Serve, answer: dict[str, Any], shown: str | None
) -> None:
    """Text to the person alone, or a message as JSON."""

    async def handle(_: web.Request) -> web.Response:
        return web.Response(**answer)

    await listen(handle)
    assert (await people.command("alice", "general", "/lunch"))["ok"]
    seen = await people.messages("general", "alice")
    assert [(one["text"], one["ephemeral"]) for one in seen] == ([] if shown is None else [(shown, True)])


@pytest.mark.parametrize(
    ("status", "error"), [(404, "dispatch_failed"), (500, "http_service_error"), (302, "dispatch_failed")]
)
async def test_an_answer_that_is_no_success(people: SimulatorClient, listen: Serve, status: int, error: str) -> None:
    async def handle(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": "/elsewhere"})

    await listen(handle)
    assert (await people.command("alice", "general", "/lunch"))["error"] == error
    (notice,) = await people.messages("general", "alice")
    assert notice["plain"] == f'/lunch failed with the error "{error}"'
    (ack,) = await entries(people, "ack")
    assert (ack["ok"], ack["detail"]["status"]) == (False, status)


@pytest.mark.parametrize(
    ("fault", "fields"), [("bad_signature", {}), ("stale_signature", {}), ("stale_signature", {"seconds": 86_400})]
)
async def test_a_request_that_is_not_slack_s_is_refused(
    people: SimulatorClient, bolt: AsyncApp, listen: Serve, fault: str, fields: dict[str, Any]
) -> None:
    """Bolt answers 401 to a signature that does not fit, and to one that is older than five minutes."""
    heard: list[str] = []

    @bolt.command("/lunch")
    async def lunch(ack: Any, command: Any) -> None:
        await ack()
        heard.append(command["text"])

    await listen(bolt_handler(bolt))
    await people.add_fault(fault, envelope="slash_commands", times=1, **fields)
    assert (await people.command("alice", "general", "/lunch forged"))["error"] == "dispatch_failed"
    (ack,) = await entries(people, "ack")
    assert ack["detail"]["status"] == 401
    assert (await people.command("alice", "general", "/lunch real"))["ok"]
    assert heard == ["real"]


async def test_a_tap_that_the_app_answers_with_an_error(
    slack: AsyncWebClient, people: SimulatorClient, listen: Serve
) -> None:
    """The status is what the person is told of."""

    async def handle(_: web.Request) -> web.Response:
        return web.Response(status=500)

    await listen(handle)
    button = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}
    blocks = [{"type": "actions", "elements": [button]}]
    posted: Any = await slack.chat_postMessage(channel="C0GENERAL", text="x", blocks=blocks)
    answer = await people.action("alice", "go", channel="general", ts=posted["ts"])
    assert answer == {"ok": False, "error": "http_service_error", "status": 500}


async def test_an_app_that_does_not_listen(people: SimulatorClient) -> None:
    assert (await people.command("alice", "general", "/lunch"))["error"] == "dispatch_failed"
    (ack,) = await entries(people, "ack")
    assert ack["detail"]["reason"] == "connection_failed"


async def test_an_app_that_hangs_up(people: SimulatorClient, listen: Serve) -> None:
    """Accepted, read, and closed without an answer."""

    async def handle(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    await listen(handle)
    assert (await people.command("alice", "general", "/lunch"))["error"] == "dispatch_failed"


async def test_three_seconds_are_all_there_is(people: SimulatorClient, listen: Serve, clock: Clock) -> None:
    """An answer after them is nobody's any more."""
    asked, answering = asyncio.Event(), asyncio.Event()

    async def handle(_: web.Request) -> web.Response:
        asked.set()
        await answering.wait()
        return web.Response(text="too late")

    await listen(handle)
    async with asyncio.timeout(10):
        waiting = asyncio.create_task(people.command("alice", "general", "/lunch"))
        await asked.wait()
        clock.advance(3)
        assert (await waiting)["error"] == "operation_timeout"
        answering.set()
    texts = [one["text"] for one in await people.messages("general", "alice")]
    assert texts == ['/lunch failed with the error "operation_timeout"']


async def test_a_submission_answered_with_nonsense_stays_open(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient, listen: Serve
) -> None:
    """Slack shows that it had trouble connecting; the modal keeps what was filled in."""

    async def handle(_: web.Request) -> web.Response:
        return web.Response(text="<html>It works!</html>")

    await listen(handle)
    view = {**MODAL, "blocks": [WELCOME]}
    await slack.views_open(trigger_id=simulator.workspace.handles.new_trigger("U0ALICE"), view=view)
    assert (await people.submit("alice"))["error"] == "dispatch_failed"
    assert len(await people.views("alice")) == 1


async def test_an_app_with_another_secret_refuses(
    people: SimulatorClient, slack: AsyncWebClient, listen: Serve
) -> None:
    """Bolt checks the signature, so a wrong secret shows at once."""
    app = AsyncApp(client=slack, signing_secret="another-secret")

    @app.command("/lunch")
    async def lunch(ack: Any) -> None:
        await ack("never")

    await listen(bolt_handler(app))
    assert (await people.command("alice", "general", "/lunch"))["error"] == "dispatch_failed"
    (ack,) = await entries(people, "ack")
    assert ack["detail"]["status"] == 401


async def test_faults_strike_on_this_road_too(people: SimulatorClient, listen: Serve) -> None:
    commands: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        commands.append(str((await request.post())["trigger_id"]))
        return web.Response()

    await listen(handle)
    await people.add_fault("duplicate", times=1)
    assert (await people.command("alice", "general", "/lunch"))["ok"]
    assert len(commands) == 2
    assert len(set(commands)) == 1


async def test_an_app_in_http_mode_gets_no_socket(simulator: Simulator, slack: AsyncWebClient) -> None:
    with pytest.raises(SlackApiError, match="socket_mode_not_enabled"):
        await slack.apps_connections_open(app_token=simulator.workspace.spec.app_token)


@pytest.mark.parametrize("base", ["http://localhost:3000", "http://[::1]:3000", "http://127.0.0.2"])
async def test_every_name_of_this_machine_will_do(base: str) -> None:
    async with serve(WorkspaceSpec(people=PEOPLE, manifest=manifest(base))) as served:
        assert served.port
