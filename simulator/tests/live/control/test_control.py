"""The control API: tolerant about names, exact about the rest, and deaf to everybody but this machine."""

import asyncio
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from slack_simulator.client import ControlError, SimulatorClient
from slack_simulator.server import Simulator

TWINS: list[dict[str, Any]] = [
    {
        "type": "section",
        "block_id": value,
        "text": {"type": "mrkdwn", "text": value},
        "accessory": {
            "type": "button",
            "action_id": "pick",
            "value": value,
            "text": {"type": "plain_text", "text": value},
        },
    }
    for value in ("left", "right")
]


MENU: list[dict[str, Any]] = [
    {
        "type": "actions",
        "block_id": "menus",
        "elements": [
            {
                "type": "static_select",
                "action_id": "size",
                "options": [{"text": {"type": "plain_text", "text": "Large"}, "value": "l"}],
            }
        ],
    }
]


@pytest.mark.parametrize("user", ["alice", "@alice", "U0ALICE"])
@pytest.mark.parametrize("channel", ["general", "#general", "C0GENERAL"])
async def test_names_may_be_written_as_people_write_them(people: SimulatorClient, user: str, channel: str) -> None:
    """Ids, names, names with their sign."""
    assert (await people.say(user, channel, "hello"))["ok"]
    assert [one["user_name"] for one in await people.messages(channel, user)] == ["alice"]


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("command", {"channel": "general", "text": "/x"}, 400, "user is missing"),
        ("command", {"user": "zoe", "channel": "general", "text": "/x"}, 404, "nobody is called 'zoe'"),
        ("command", {"user": "bob", "channel": "attic", "text": "/x"}, 404, "there is no channel 'attic'"),
        ("command", {"user": "bob", "channel": "secret", "text": "/x"}, 404, "bob is not in 'secret'"),
        ("command", {"user": "bob", "text": "/x"}, 400, "channel is missing"),
        ("action", {"user": "bob", "channel": "general", "ts": "1.2", "action_id": "a"}, 404, "sees no message 1.2"),
        ("action", {"user": "bob", "action_id": "a"}, 404, "no such view open"),
        ("submit", {"user": "bob", "values": {}}, 404, "no such view open"),
        ("clock", {"advance_s": -1}, 400, "advance_s"),
        ("person", {"user": "bob", "colour": "red"}, 400, "a person has no 'colour'"),
        ("person", {"user": "bob", "deleted": "yes"}, 400, "deleted: "),
        ("person", {"user": "bob", "email": 7}, 400, "email: "),
        ("person", {"user": "bob", "name": "alice"}, 400, "somebody else is called 'alice'"),
        ("action", {"user": "bob", "action_id": "a", "block_id": ["b"]}, 400, "block_id is missing, or not a text"),
        ("submit", {"user": "bob", "view": {"id": "V1"}}, 400, "view is missing, or not a text"),
        ("submit", {"user": "bob", "values": ["x"]}, 404, "no such view open"),
    ],
)
async def test_mistakes_explain_themselves(
    simulator: Simulator, path: str, body: dict[str, Any], status: int, words: str
) -> None:
    """404 for what is not there, 400 for what makes no sense, and a sentence in both."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{simulator.url}/control/{path}", json=body) as response,
    ):
        answer = await response.json()
    assert response.status == status
    assert answer["ok"] is False
    assert words in answer["error"]


@pytest.mark.parametrize("body", ["", "{}", "[]", "{", '"x"', '{"user": 7, "channel": [], "text": {}}'])
@pytest.mark.parametrize("path", ["command", "message", "action", "submit", "close", "home", "options", "person"])
async def test_garbage_is_a_bad_request(simulator: Simulator, path: str, body: str) -> None:
    """Never a crash."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{simulator.url}/control/{path}", data=body) as response,
    ):
        assert response.status == 400
        assert (await response.json())["ok"] is False


async def test_values_pick_among_buttons_and_options(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient, bolt: AsyncApp, connect: Any
) -> None:
    """One action_id in several blocks: the value or the block_id says which."""
    heard: list[tuple[str, str]] = []

    @bolt.action("pick")
    async def pick(ack: Any, action: Any) -> None:
        await ack()
        heard.append((action["block_id"], action["value"]))

    @bolt.action("size")
    async def size(ack: Any, action: Any, body: Any) -> None:
        await ack()
        chosen = body["state"]["values"]["menus"]["size"]["selected_option"]["value"]
        heard.append((action["selected_option"]["text"]["text"], chosen))

    posted = await slack.chat_postMessage(channel="C0GENERAL", text="x", blocks=[*TWINS, *MENU])
    where: dict[str, Any] = {"channel": "general", "ts": posted["ts"]}
    async with connect(bolt, simulator):
        await people.action("bob", "pick", **where)
        await people.action("bob", "pick", value="right", **where)
        await people.action("bob", "pick", block_id="right", **where)
        await people.action("bob", "size", value="l", **where)
        with pytest.raises(ControlError, match="no button 'pick' has the value 'up'"):
            await people.action("bob", "pick", value="up", **where)
        with pytest.raises(ControlError, match="there are: pick, size"):
            await people.action("bob", "push", **where)
        with pytest.raises(ControlError, match="no option has the value 'xl'"):
            await people.action("bob", "size", value="xl", **where)
    assert heard == [("left", "left"), ("right", "right"), ("right", "right"), ("Large", "l")]


async def test_an_action_s_payload(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient, bolt: AsyncApp, connect: Any
) -> None:
    """What an app reads from a tap: who, where, on what; an ephemeral message is not quoted."""
    bodies: list[Any] = []

    @bolt.action("pick")
    async def pick(ack: Any, body: Any) -> None:
        await ack()
        bodies.append(body)

    posted = await slack.chat_postMessage(channel="C0PARTNER", text="x", blocks=TWINS)
    whispered = await slack.chat_postEphemeral(channel="C0GENERAL", user="U0ALICE", text="x", blocks=TWINS)
    async with connect(bolt, simulator):
        await people.action("sam", "pick", channel="partners", ts=str(posted["ts"]))
        await people.action("alice", "pick", channel="general", ts=str(whispered["message_ts"]))
        with pytest.raises(ControlError, match="bob sees no message"):
            await people.action("bob", "pick", channel="general", ts=str(whispered["message_ts"]))
    shared, private = bodies
    assert shared["team"] == {"id": "T0SIMULATE", "domain": "simulated-workspace"}
    assert shared["user"] == {"id": "U0SAM", "username": "sam", "name": "sam", "team_id": "T0ELSEWHERE"}
    assert shared["channel"] == {"id": "C0PARTNER", "name": "partners"}
    assert shared["message"]["blocks"] == posted["message"]["blocks"]
    assert shared["container"]["message_ts"] == posted["ts"]
    assert shared["actions"][0].keys() >= {"type", "action_id", "block_id", "action_ts", "text", "value"}
    assert private["container"]["is_ephemeral"] is True
    assert "message" not in private


async def test_an_account_changes(simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient) -> None:
    """The next users.info tells the new facts."""
    await people.change_person("bob", deleted=True)
    assert (await slack.users_info(user="U0BOB"))["user"]["deleted"] is True
    assert simulator.workspace.person("U0BOB") is not None


@pytest.mark.parametrize(
    ("deed", "body"),
    [
        ("message", '{"user": "alice", "channel": "general", "text": "x", "thread_ts": {"a": 1}}'),
        ("message", '{"user": "alice", "channel": "general", "text": "x", "thread_ts": 5}'),
        ("command", '{"user": "alice", "channel": "general", "text": "/x", "thread_ts": []}'),
        ("clock", '{"advance_s": NaN}'),
        ("clock", '{"advance_s": Infinity}'),
        ("clock", '{"advance_s": true}'),
    ],
)
async def test_nonsense_leaves_the_workspace_as_it_was(
    simulator: Simulator, people: SimulatorClient, deed: str, body: str
) -> None:
    """It is a bad request, and the channel is read and written as before."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{simulator.url}/control/{deed}", data=body) as response,
    ):
        assert response.status == 400
    await people.say("alice", "general", "still here")
    assert [one["text"] for one in await people.messages("general", "alice")] == ["still here"]


async def test_files_and_several_offered_options_in_a_form(
    simulator: Simulator, bolt: AsyncApp, people: SimulatorClient, connect: Any
) -> None:
    """A file goes by its id, options by their texts; the app gets whole files and whole options."""
    form = {
        "type": "modal",
        "title": {"type": "plain_text", "text": "Evidence"},
        "submit": {"type": "plain_text", "text": "Send"},
        "blocks": [
            {
                "type": "input",
                "block_id": name,
                "label": {"type": "plain_text", "text": name},
                "element": {"type": kind, "action_id": name},
            }
            for name, kind in (("proof", "file_input"), ("cooks", "multi_external_select"))
        ],
    }
    heard: asyncio.Queue[Any] = asyncio.Queue()

    @bolt.command("/send")
    async def open_form(ack: Any, body: Any, client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=form)

    @bolt.options("cooks")
    async def cooks(ack: Any) -> None:
        await ack(options=[{"text": {"type": "plain_text", "text": name}, "value": name} for name in ("Ann", "Bo")])

    @bolt.view("")
    async def submitted(ack: Any, view: Any) -> None:
        await ack()
        heard.put_nowait(view["state"]["values"])

    async with connect(bolt, simulator):
        await people.command("alice", "general", "/send")
        view = await people.wait_for_view("alice", "Evidence", timeout_s=5)
        assert view["state"]["values"]["proof"]["proof"] == {"type": "file_input", "files": []}
        assert (await people.submit("alice", {}))["errors"]["proof"] == "Please complete this required field."
        file = await people.upload("alice", "proof.txt", b"here")
        assert (await people.submit("alice", {"proof": [file["id"]], "cooks": ["Ann", "Bo"]}))["ok"]
        async with asyncio.timeout(5):
            values = await heard.get()
    assert [one["name"] for one in values["proof"]["proof"]["files"]] == ["proof.txt"]
    assert [one["value"] for one in values["cooks"]["cooks"]["selected_options"]] == ["Ann", "Bo"]


async def test_faults_and_sockets_by_the_client(
    simulator: Simulator, bolt: AsyncApp, people: SimulatorClient, connect: Any
) -> None:
    """Added, listed, removed, cleared; sockets cut."""
    first = await people.add_fault("dropped", envelope="interactive")
    second = await people.add_fault("api_latency", seconds=1)
    assert [one["id"] for one in (await people.faults())["faults"]] == [first, second]
    await people.remove_fault(first)
    assert [one["kind"] for one in (await people.faults())["faults"]] == ["api_latency"]
    await people.clear_faults()
    assert (await people.faults())["faults"] == []
    with pytest.raises(ControlError, match="there is no fault 'gremlins'"):
        await people.add_fault("gremlins")
    async with connect(bolt, simulator):
        await people.wait_for_app()
        assert len((await people.sockets(cut="all"))["connections"]) == 1
