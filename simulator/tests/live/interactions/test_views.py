"""Modals and the App Home: the stack, hashes, what a submission's ack does, what is kept."""

import asyncio
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from slack_simulator.client import ControlError, SimulatorClient
from slack_simulator.server import Simulator


def text(words: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": words}


def modal(title: str, *blocks: Any, **fields: Any) -> dict[str, Any]:
    return {"type": "modal", "title": text(title), "submit": text("Go"), "blocks": list(blocks), **fields}


def field(block_id: str, element: Any = None, **fields: Any) -> dict[str, Any]:
    chosen = element or {"type": "plain_text_input", "action_id": "typed"}
    return {"type": "input", "block_id": block_id, "label": text(block_id), "element": chosen, **fields}


def buttons(*names: str) -> dict[str, Any]:
    elements = [{"type": "button", "action_id": name, "text": text(name)} for name in names]
    return {"type": "actions", "elements": elements}


async def opened(simulator: Simulator, slack: AsyncWebClient, view: dict[str, Any]) -> Any:
    """A modal in front of alice."""
    trigger_id = simulator.workspace.handles.new_trigger("U0ALICE")
    return (await slack.views_open(trigger_id=trigger_id, view=view))["view"]


async def test_an_update_needs_the_current_hash(simulator: Simulator, slack: AsyncWebClient) -> None:
    """A stale hash loses; no hash at all always wins."""
    view = await opened(simulator, slack, modal("One"))
    updated = (await slack.views_update(view_id=view["id"], hash=view["hash"], view=modal("Two")))["view"]
    assert updated["hash"] != view["hash"]
    with pytest.raises(SlackApiError, match="hash_conflict"):
        await slack.views_update(view_id=view["id"], hash=view["hash"], view=modal("Three"))
    assert (await slack.views_update(view_id=view["id"], view=modal("Four")))["ok"]
    with pytest.raises(SlackApiError, match="not_found"):
        await slack.views_update(view_id="V0NOWHERE", view=modal("Five"))


async def test_what_is_typed_survives_an_update(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient, bolt: AsyncApp, connect: Any
) -> None:
    """As long as block_id, action_id and type stay; the app sees it with every tap."""
    heard: list[Any] = []

    @bolt.action("more")
    async def more(ack: Any, body: Any, client: Any) -> None:
        await ack()
        heard.append(body["view"]["state"]["values"])
        view = modal("Wider", field("reason"), field("new"), buttons("more"))
        await client.views_update(view_id=body["view"]["id"], hash=body["view"]["hash"], view=view)

    await opened(simulator, slack, modal("Form", field("reason"), field("gone"), buttons("more")))
    async with connect(bolt, simulator):
        assert (await people.action("alice", "more", state={"reason": "stuck", "gone": "x"}))["ok"]
        view = await people.wait_for_view("alice", "Wider")
    assert heard[0]["reason"]["typed"] == {"type": "plain_text_input", "value": "stuck"}
    assert view["state"]["values"] == {
        "reason": {"typed": {"type": "plain_text_input", "value": "stuck"}},
        "new": {"typed": {"type": "plain_text_input", "value": None}},
    }


async def test_a_stack_of_three(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient, bolt: AsyncApp, connect: Any
) -> None:
    """Push from the modal, not from elsewhere, and not a fourth time."""
    errors: list[str] = []

    @bolt.action("deeper")
    async def deeper(ack: Any, body: Any, client: Any) -> None:
        await ack()
        try:
            await client.views_push(trigger_id=body["trigger_id"], view=modal("Deeper", buttons("deeper")))
        except SlackApiError as refused:
            errors.append(refused.response["error"])
            await client.chat_postMessage(channel="C0GENERAL", text="no deeper")

    first = await opened(simulator, slack, modal("First", buttons("deeper")))
    async with connect(bolt, simulator):
        for depth in (2, 3):
            await people.action("alice", "deeper")
            await people.wait_for_view(
                "alice", lambda view, depth=depth: view["previous_view_id"] is not None and depth
            )
            assert len(await people.views("alice")) == depth
        await people.action("alice", "deeper")
        await people.wait_for("no deeper", channel="general")
    assert errors == ["push_limit_reached"]
    stack = await people.views("alice")
    assert [view["root_view_id"] for view in stack] == [first["id"]] * 3
    assert [view["previous_view_id"] for view in stack] == [None, stack[0]["id"], stack[1]["id"]]
    trigger_id = simulator.workspace.handles.new_trigger("U0ALICE")
    with pytest.raises(SlackApiError, match="invalid_trigger_id"):
        await slack.views_push(trigger_id=trigger_id, view=modal("Elsewhere"))


@pytest.mark.parametrize(
    ("answer_with", "titles", "outcome"),
    [
        ({}, ["Under"], {"ok": True, "view_closed": True}),
        ({"response_action": "clear"}, [], {"ok": True, "view_closed": True}),
        ({"response_action": "update", "view": modal("New")}, ["Under", "New"], {"ok": True, "updated": True}),
        ({"response_action": "push", "view": modal("Third")}, ["Under", "Top", "Third"], {"ok": True, "updated": True}),
        (
            {"response_action": "errors", "errors": {"reason": "Why?"}},
            ["Under", "Top"],
            {"ok": False, "errors": {"reason": "Why?"}},
        ),
        ({"response_action": "errors", "errors": {"nowhere": "?"}}, ["Under", "Top"], {"error": "invalid_errors"}),
        ({"response_action": "update", "view": modal("x" * 25)}, ["Under", "Top"], {"error": "invalid_arguments"}),
        ({"response_action": "dance"}, ["Under", "Top"], {"error": "invalid_response_action"}),
    ],
)
async def test_what_the_ack_of_a_submission_does(
    simulator: Simulator,
    slack: AsyncWebClient,
    people: SimulatorClient,
    bolt: AsyncApp,
    connect: Any,
    answer_with: dict[str, Any],
    titles: list[str],
    outcome: dict[str, Any],
) -> None:
    """Close, clear, update, push, errors; anything else shows the person an error and leaves the modal."""

    @bolt.view("top")
    async def submitted(ack: Any) -> None:
        await ack(**answer_with)

    await opened(simulator, slack, modal("Under"))
    content = modal("Top", field("reason"), callback_id="top")
    workspace = simulator.workspace
    workspace.views.push("U0ALICE", {**content, "blocks": content["blocks"]})
    async with connect(bolt, simulator):
        answer = await people.submit("alice", {"reason": {"typed": "because"}})
    assert {name: answer.get(name) for name in outcome} == outcome
    assert [view["title"]["text"] for view in await people.views("alice")] == titles


@pytest.mark.parametrize("action", ["update", "push"])
async def test_an_ack_for_a_closed_modal_opens_nothing(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient, action: str
) -> None:
    """Somebody closed it while the app thought."""
    await opened(simulator, slack, modal("Form"))
    link: Any = await slack.apps_connections_open(app_token=simulator.workspace.spec.app_token)
    async with aiohttp.ClientSession() as session, session.ws_connect(link["url"]) as socket:
        await socket.receive_json(timeout=5)
        submitting = asyncio.create_task(people.submit("alice"))
        envelope = await socket.receive_json(timeout=5)
        await people.close_view("alice")
        payload = {"response_action": action, "view": modal("Late")}
        await socket.send_json({"envelope_id": envelope["envelope_id"], "payload": payload})
        assert (await submitting)["ok"]
    assert await people.views("alice") == []


async def test_the_client_refuses_before_the_app_hears(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient
) -> None:
    """Blank, too short, too long, no such option; no app is connected, so nothing was sent."""
    short = {"type": "plain_text_input", "action_id": "typed", "min_length": 3, "max_length": 5}
    menu = {"type": "static_select", "action_id": "pick", "options": [{"text": text("One"), "value": "1"}]}
    await opened(simulator, slack, modal("Form", field("a", short), field("b", menu), field("c", optional=True)))
    assert (await people.submit("alice"))["errors"].keys() == {"a", "b"}
    assert (await people.submit("alice", {"a": "xx", "b": "1"}))["errors"] == {
        "a": "Please enter at least 3 characters."
    }
    assert (await people.submit("alice", {"a": "xxxxxx"}))["errors"] == {"a": "Please enter at most 5 characters."}
    unknown = await people.submit("alice", {"b": "2"})
    assert unknown["errors"] == {"b": "no option has the value '2'; the options are '1'"}
    with pytest.raises(ControlError, match="no input 'z'"):
        await people.submit("alice", {"z": "1"})
    assert (await people.submit("alice", {"a": "fine", "b": "One"}))["error"] == "dispatch_failed"


async def test_nobody_submits_what_has_no_button(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient
) -> None:
    """A modal without `submit`, and one that lies under another."""
    quiet = {name: one for name, one in modal("Quiet", buttons("more")).items() if name != "submit"}
    await opened(simulator, slack, quiet)
    with pytest.raises(ControlError, match="the modal 'Quiet' has no submit button"):
        await people.submit("alice")
    under = await opened(simulator, slack, modal("Under"))
    simulator.workspace.views.push("U0ALICE", modal("Top"))
    with pytest.raises(ControlError, match="the modal 'Under' lies under another one"):
        await people.submit("alice", view=under["id"])


async def test_closing_tells_the_app_if_asked(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient, bolt: AsyncApp, connect: Any
) -> None:
    """view_closed comes with notify_on_close only."""
    heard: list[tuple[str, bool]] = []

    @bolt.view_closed("told")
    async def closed(ack: Any, body: Any) -> None:
        await ack()
        heard.append((body["view"]["callback_id"], body["is_cleared"]))

    async with connect(bolt, simulator):
        await opened(simulator, slack, modal("Quiet", callback_id="quiet"))
        assert await people.close_view("alice") == {"ok": True}
        await opened(simulator, slack, modal("Told", callback_id="told", notify_on_close=True))
        assert await people.close_view("alice") == {"ok": True}
        await opened(simulator, slack, modal("Told", callback_id="told", notify_on_close=True))
        assert await people.close_view("alice", everything=True) == {"ok": True}
    assert heard == [("told", False), ("told", True)]
    with pytest.raises(ControlError, match="no modal open"):
        await people.close_view("alice")


async def test_app_home(simulator: Simulator, people: SimulatorClient, bolt: AsyncApp, connect: Any) -> None:
    """Opened, published, tapped: each person has their own."""

    @bolt.event("app_home_opened")
    async def show(event: Any, client: Any) -> None:
        blocks = [{"type": "header", "text": text(f"Hello {event['user']}")}, buttons("refresh")]
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

    @bolt.action("refresh")
    async def refresh(ack: Any, body: Any, client: Any) -> None:
        await ack()
        assert body["container"] == {"type": "view", "view_id": body["view"]["id"]}
        view = {"type": "home", "blocks": [{"type": "header", "text": text("Fresh")}]}
        await client.views_publish(user_id=body["user"]["id"], hash=body["view"]["hash"], view=view)

    async with connect(bolt, simulator):
        await people.open_home("alice")
        await people.wait_for_home("alice", "Hello U0ALICE")
        assert await people.home("bob") is None
        assert (await people.action("alice", "refresh"))["ok"]
        await people.wait_for_home("alice", "Fresh")
