"""Menus that ask the app or the workspace: typeahead, groups of options, conversations to start with."""

import asyncio
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from slack_simulator.client import SimulatorClient
from slack_simulator.server import Simulator


def text(words: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": words}


def modal(title: str, *blocks: Any, **fields: Any) -> dict[str, Any]:
    return {"type": "modal", "title": text(title), "submit": text("Go"), "blocks": list(blocks), **fields}


def field(block_id: str, element: Any = None, **fields: Any) -> dict[str, Any]:
    chosen = element or {"type": "plain_text_input", "action_id": "typed"}
    return {"type": "input", "block_id": block_id, "label": text(block_id), "element": chosen, **fields}


async def opened(simulator: Simulator, slack: AsyncWebClient, view: dict[str, Any]) -> Any:
    """A modal in front of alice."""
    trigger_id = simulator.workspace.handles.new_trigger("U0ALICE")
    return (await slack.views_open(trigger_id=trigger_id, view=view))["view"]


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
