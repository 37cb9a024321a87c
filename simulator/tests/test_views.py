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


async def test_chosen_conversations_bring_response_urls(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient, bolt: AsyncApp, connect: Any
) -> None:
    """One for each input that asks for it and holds something; each answers in that conversation."""
    heard: list[Any] = []

    @bolt.view("tell")
    async def tell(ack: Any, body: Any) -> None:
        await ack()
        heard.extend(body["response_urls"])

    where = {"type": "conversations_select", "action_id": "c", "response_url_enabled": True}
    channel = {"type": "channels_select", "action_id": "ch", "response_url_enabled": True}
    silent = {"type": "channels_select", "action_id": "s", "initial_channel": "C0PARTNER"}
    blocks = [field("where", where), field("channel", channel, optional=True), field("silent", silent)]
    await opened(simulator, slack, modal("Tell", *blocks, callback_id="tell"))
    async with connect(bolt, simulator):
        assert (await people.submit("alice", {"where": "C0SECRETS"}))["ok"]
    (only,) = heard
    assert {name: only[name] for name in ("block_id", "action_id", "channel_id")} == {
        "block_id": "where",
        "action_id": "c",
        "channel_id": "C0SECRETS",
    }
    async with aiohttp.ClientSession() as session:
        body = {"text": "told", "response_type": "in_channel"}
        async with session.post(only["response_url"], json=body) as response:
            assert (response.status, await response.text()) == (200, "ok")
    assert [one["text"] for one in await people.messages("secret", "alice")] == ["told"]


@pytest.mark.parametrize(
    ("channel", "element", "chosen"),
    [
        ("general", {"type": "conversations_select"}, "C0GENERAL"),
        ("general", {"type": "multi_conversations_select"}, ["C0GENERAL"]),
        ("general", {"type": "conversations_select", "initial_conversation": "C0PARTNER"}, "C0GENERAL"),
        ("general", {"type": "conversations_select", "filter": {"include": ["private"]}}, None),
        ("secret", {"type": "conversations_select", "filter": {"include": ["private"]}}, "C0SECRETS"),
        ("partners", {"type": "conversations_select", "filter": {"exclude_external_shared_channels": True}}, None),
    ],
)
async def test_a_menu_starts_at_the_conversation_that_the_person_is_in(
    simulator: Simulator,
    people: SimulatorClient,
    bolt: AsyncApp,
    connect: Any,
    channel: str,
    element: dict[str, Any],
    chosen: Any,
) -> None:
    """default_to_current_conversation, if the menu's filter lets it."""
    select = element | {"action_id": "c", "default_to_current_conversation": True}

    @bolt.command("/tell")
    async def tell(ack: Any, body: Any, client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=modal("Tell", field("where", select)))

    async with connect(bolt, simulator):
        await people.command("alice", channel, "/tell")
        view = await people.wait_for_view("alice", "Tell")
    (held,) = (one for name, one in view["state"]["values"]["where"]["c"].items() if name != "type")
    assert held == (chosen if chosen is not None else None)


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


async def test_typeahead(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient, bolt: AsyncApp, connect: Any
) -> None:
    """The app answers block_suggestion; a submitted text becomes the option it offers."""
    heard: list[Any] = []

    @bolt.options("find")
    async def offer(ack: Any, payload: Any) -> None:
        names = [name for name in ("payments-db", "ledger-db") if payload["value"] in name]
        await ack(options=[{"text": text(name.title()), "value": name} for name in names])

    @bolt.view("pick")
    async def picked(ack: Any, view: Any) -> None:
        await ack()
        heard.append(view["state"]["values"]["what"]["find"])

    select = {"type": "external_select", "action_id": "find", "min_query_length": 0}
    await opened(simulator, slack, modal("Pick", field("what", select), callback_id="pick"))
    async with connect(bolt, simulator):
        assert [one["value"] for one in await people.options("alice", "find", "db")] == ["payments-db", "ledger-db"]
        assert "what" in (await people.submit("alice", {"what": "nothing"}))["errors"]
        assert (await people.submit("alice", {"find": "payments-db"}))["ok"]
    option = {"text": text("Payments-Db"), "value": "payments-db"}
    assert heard == [{"type": "external_select", "selected_option": option}]


OPTION = {"text": text("One"), "value": "1"}


@pytest.mark.parametrize(
    ("offer", "problem"),
    [
        ({"options": [OPTION] * 101}, "no more than 100 items allowed [json-pointer:/options]"),
        ({"options": [{"text": "One", "value": "1"}]}, "must provide an object [json-pointer:/options/0/text]"),
        ({"options": [{"text": text("One")}]}, "missing required field: value [json-pointer:/options/0]"),
        (
            {"options": [OPTION | {"value": "x" * 151}]},
            "must be less than 151 characters [json-pointer:/options/0/value]",
        ),
        ({"option_groups": [{"options": [OPTION]}]}, "missing required field: label [json-pointer:/option_groups/0]"),
        ({"options": [], "option_groups": []}, "only one of options and option_groups is allowed [json-pointer:]"),
        ({"choices": []}, "invalid additional property: choices [json-pointer:]"),
        ({"options": {"a": []}}, "must provide an array [json-pointer:/options]"),
    ],
    ids=["101", "text", "no value", "long value", "no label", "both", "other", "no array"],
)
async def test_an_offer_that_makes_no_sense(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient, offer: dict[str, Any], problem: str
) -> None:
    """Nothing is offered, and the inspector says why."""
    select = {"type": "external_select", "action_id": "find", "min_query_length": 0}
    await opened(simulator, slack, modal("Pick", field("what", select)))
    link: Any = await slack.apps_connections_open(app_token=simulator.workspace.spec.app_token)
    async with aiohttp.ClientSession() as session, session.ws_connect(link["url"]) as socket:
        await socket.receive_json(timeout=5)
        looking = asyncio.create_task(people.options("alice", "find", "o"))
        envelope = await socket.receive_json(timeout=5)
        await socket.send_json({"envelope_id": envelope["envelope_id"], "payload": offer})
        assert await looking == []
    refused = [one for one in await people.inspector() if (one["kind"], one["name"]) == ("ack", "refused")]
    (told,) = (one["detail"]["response_metadata"]["messages"] for one in refused)
    assert f"[ERROR] {problem}" in told


async def test_groups_of_options_keep_their_labels(
    simulator: Simulator, slack: AsyncWebClient, bolt: AsyncApp, connect: Any
) -> None:
    """For whoever shows them."""

    @bolt.options("find")
    async def offer(ack: Any) -> None:
        await ack(option_groups=[{"label": text("Numbers"), "options": [OPTION]}])

    select = {"type": "external_select", "action_id": "find", "min_query_length": 0}
    await opened(simulator, slack, modal("Pick", field("what", select)))
    async with connect(bolt, simulator), aiohttp.ClientSession() as session:
        asked = {"user": "alice", "action_id": "find", "value": "o"}
        async with session.post(f"{simulator.url}/control/options", json=asked) as response:
            answer = await response.json()
    assert answer["options"] == [OPTION]
    assert answer["groups"] == [{"label": text("Numbers"), "options": [OPTION]}]


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
