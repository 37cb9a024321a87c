"""Whatever an app or a script sends is answered or refused: nothing crashes, and all that is stored can be read."""

import asyncio
import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slack_simulator.server import WorkspaceSpec, demo_spec
from slack_simulator.testing import Hosting, hosted
from slack_simulator.webapi.dispatch import BOT_METHODS
from slack_simulator.workspace.handles import ResponseUrl

WORDS = st.sampled_from(
    [
        "C0GENERAL",
        "U0ALICE",
        "#general",
        "C0ARCHIVE",
        "U0BOB,U0ALICE",
        "1.2",
        "0",
        "-1",
        "{",
        "[]",
        "[1]",
        "ä",
        "\ud800",
        "",
    ]
)


ARGUMENTS_WORDS = """
attachments blocks channel channel_id channels cursor email external_id filename files hash initial_comment latest
length limit markdown_text message_ts metadata name oldest post_at scheduled_message_id snippet_type text thread_ts
timestamp trigger_id ts types user user_id usergroup users view view_id
"""


ARGUMENTS = st.sampled_from(ARGUMENTS_WORDS.split())


KINDS_WORDS = """
actions button checkboxes context context_actions datepicker feedback_buttons file file_input header home image
input markdown modal mrkdwn number_input overflow plain_text plain_text_input raw_text rich_text rich_text_list
rich_text_section section static_select table text video workflow_button
"""


KINDS = st.sampled_from(KINDS_WORDS.split())


FIELDS_WORDS = """
accessory action_id block_id blocks confirm element elements fields filter image_url initial_option initial_options
initial_value is_decimal_allowed label max_value min_length min_value option_groups options private_metadata rows
slack_file style submit text title url value workflow
"""


FIELDS = st.sampled_from(FIELDS_WORDS.split())


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), WORDS, KINDS)


def with_type(kind: str, fields: dict[str, Any]) -> dict[str, Any]:
    """An object that says what it wants to be."""
    return {**fields, "type": kind}


def objects(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Lists and objects of Block Kit's vocabulary, most of them with a type."""
    typed = st.builds(with_type, KINDS, st.dictionaries(FIELDS, values, max_size=5))
    return st.one_of(typed, st.lists(values, max_size=3), st.dictionaries(FIELDS, values, max_size=3))


VALUES = st.recursive(SCALARS, objects, max_leaves=12)


# --- over HTTP --------------------------------------------------------------------------------------------------------

#: An element of every type that holds something, for the control API to put nonsense into.
HOLDING: dict[str, dict[str, Any]] = {
    "plain_text_input": {},
    "number_input": {"is_decimal_allowed": True},
    "email_text_input": {},
    "url_text_input": {},
    "rich_text_input": {},
    "file_input": {},
    "datepicker": {},
    "timepicker": {},
    "datetimepicker": {},
    "users_select": {},
    "multi_users_select": {},
    "conversations_select": {},
    "multi_channels_select": {},
    "external_select": {},
    "multi_external_select": {},
    "static_select": {"options": [{"text": {"type": "plain_text", "text": "One"}, "value": "one"}]},
    "checkboxes": {"options": [{"text": {"type": "plain_text", "text": "One"}, "value": "one"}]},
}


FORM: dict[str, Any] = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "All of them"},
    "submit": {"type": "plain_text", "text": "Send"},
    "blocks": [
        {
            "type": "input",
            "block_id": kind,
            "optional": True,
            "label": {"type": "plain_text", "text": kind},
            "element": {"type": kind, "action_id": kind, **more},
        }
        for kind, more in HOLDING.items()
    ],
}


CARD: list[dict[str, Any]] = [
    {"type": "actions", "block_id": kind, "elements": [{"type": kind, "action_id": kind, **HOLDING[kind]}]}
    for kind in ("users_select", "static_select", "datepicker", "checkboxes", "external_select")
]


ACTS_WORDS = "action close clock command faults file home message options person reload shortcut sockets submit"


ACTS = ACTS_WORDS.split()


#: Bodies that are no JSON, or JSON that nobody could pass on.
BROKEN = st.sampled_from(
    [
        "NaN",
        '{"user": NaN}',
        '{"limit": 1e999, "advance_s": -1e999}',
        '{"limit": ' + "9" * 5000 + "}",
        '{"limit": "' + "9" * 5000 + '", "length": "' + "9" * 5000 + '", "filename": "x"}',
        '{"filename": "\\ud800", "length": 3}',
        '{"user": "\\udfff", "name": "\\ud800"}',
        "[" * 100_000,
        '{"blocks": ' * 30_000,
        '{"metadata": ' + "[" * 190 + "]" * 190 + "}",
        '{"blocks": "' + "[" * 50_000 + '"}',
        '{"blocks": '
        + json.dumps(json.dumps([{"type": "table", "rows": [[{"type": "raw_number", "value": 1}]]}]))
        + "}",
        '{"text": "\\u0000\\u0001"}',
        "{'single': 1}",
        "[]",
        "null",
        '"text"',
        "",
    ]
)


CONTENT_TYPES = st.sampled_from(
    [
        "application/json",
        "application/json; charset=utf-8",
        "application/json; charset=utf-7",
        "application/json; charset=klingon",
        "application/json; charset=iso-8859-1",
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded; charset=utf-16",
        "multipart/form-data",
        "multipart/form-data; boundary=x",
        "text/plain",
        "/",
        "",
    ]
)


#: What makes the control API get far enough to meet nonsense elsewhere.
KNOWN = st.fixed_dictionaries(
    {},
    optional={
        "user": st.sampled_from(["alice", "bob"]),
        "channel": st.sampled_from(["general", "dm", "@bob", "C0GENERAL"]),
        "action_id": st.sampled_from(sorted(HOLDING)),
        "callback_id": WORDS,
        "text": WORDS,
        "value": VALUES,
        "block_id": VALUES,
        "view_id": VALUES,
        "state": st.dictionaries(st.sampled_from(sorted(HOLDING)), VALUES, max_size=3),
        "values": st.dictionaries(st.sampled_from(sorted(HOLDING)), VALUES, max_size=3),
        "deleted": VALUES,
        "email": VALUES,
        "team_id": VALUES,
        "name": VALUES,
        "content": WORDS,
        "add": VALUES,
        "remove": VALUES,
        "cut": VALUES,
        "disconnect": VALUES,
        "connection": VALUES,
        "advance_s": SCALARS,
    },
)


def no_json(word: str) -> None:
    """NaN and its kin, which Python writes and no browser reads."""
    raise AssertionError(f"{word} is no JSON")


@dataclass
class Door:
    """A served workspace in which there is something of everything, and its HTTP side."""

    hosting: Hosting
    ts: str = ""

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.hosting.simulator.port, timeout=30)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): one for name, one in headers.items()})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def call(self, method: str, **arguments: Any) -> Any:
        """A call as the app, which must be taken."""
        head = {"Authorization": f"Bearer {self.hosting.spec.bot_token}", "Content_Type": "application/json"}
        status, answer = self.ask("POST", f"/api/{method}", json.dumps(arguments).encode(), **head)
        read = json.loads(answer)
        assert (status, read["ok"]) == (200, True), answer
        return read

    def is_whole(self) -> None:
        """Everything there is can be read, as JSON that a browser takes, and the app's calls still work."""
        looks = ["workspace", "messages", "messages?user=alice", "views?user=alice", "views?user=bob", "inspector"]
        for look in [*looks, "faults", "sockets"]:
            status, answer = self.ask("GET", f"/control/{look}")
            assert status == 200, answer
            json.loads(answer, parse_constant=no_json)
        assert self.ask("GET", "/?as=alice")[0] == 200
        self.call("users.list")
        self.call("conversations.list")


def furnished(hosting: Hosting) -> Door:
    """A message with menus, a modal with every input, an App Home."""
    door = Door(hosting)
    door.ts = door.call("chat.postMessage", channel="C0GENERAL", text="menus", blocks=CARD)["ts"]
    trigger = hosting.simulator.workspace.handles.new_trigger("U0ALICE")
    door.call("views.open", trigger_id=trigger, view=FORM)
    door.call("views.publish", user_id="U0ALICE", view={"type": "home", "blocks": CARD})
    return door


@pytest.fixture(scope="module")
def spec() -> WorkspaceSpec:
    """The demo workspace, for an app in a hurry."""
    return replace(demo_spec(), rate_limits=False)


@pytest.fixture
def door(spec: WorkspaceSpec) -> Iterator[Door]:
    """One for each test: what one leaves behind must not hide what the next one finds."""
    with hosted(spec) as hosting:
        yield furnished(hosting)


@pytest.mark.parametrize("method", sorted(BOT_METHODS))
def test_no_call_breaks_it(door: Door, method: str) -> None:
    """Over HTTP, where bodies may be no JSON at all."""
    authorised = {"Authorization": f"Bearer {door.hosting.spec.bot_token}"}

    @settings(max_examples=20, deadline=None)
    @given(body=st.one_of(st.dictionaries(ARGUMENTS, VALUES, max_size=8).map(json.dumps), BROKEN), kind=CONTENT_TYPES)
    def fuzz(body: str, kind: str) -> None:
        status, answer = door.ask("POST", f"/api/{method}", body.encode(), Content_Type=kind, **authorised)
        assert status == 200, answer
        assert isinstance(json.loads(answer)["ok"], bool)

    fuzz()
    door.is_whole()


@pytest.mark.parametrize("deed", ACTS)
def test_no_deed_breaks_it(door: Door, deed: str) -> None:
    """The control API's part."""

    @settings(max_examples=60, deadline=None)
    @given(body=st.one_of(KNOWN, KNOWN.map(lambda known: known | {"channel": "general", "ts": door.ts})))
    def fuzz(body: dict[str, Any]) -> None:
        status, answer = door.ask("POST", f"/control/{deed}", json.dumps(body).encode())
        assert status in {200, 400, 404}, (body, answer)
        assert isinstance(json.loads(answer)["ok"], bool)
        door.call("views.publish", user_id="U0ALICE", view={"type": "home", "blocks": CARD})

    @settings(max_examples=15, deadline=None)
    @given(body=BROKEN)
    def fuzz_bodies(body: str) -> None:
        assert door.ask("POST", f"/control/{deed}", body.encode())[0] in {200, 400, 404}, body

    fuzz()
    fuzz_bodies()
    door.is_whole()


@settings(max_examples=60, deadline=None)
@given(body=st.one_of(st.dictionaries(ARGUMENTS, VALUES, max_size=8).map(json.dumps), BROKEN), kind=CONTENT_TYPES)
def check_answers(door: Door, body: str, kind: str) -> None:
    """One post to a response_url that was never used."""
    handles = door.hosting.simulator.workspace.handles
    secret = handles.new_response_url(
        ResponseUrl("U0ALICE", "C0GENERAL", door.hosting.simulator.workspace.clock.now(), door.ts)
    )
    status, answer = door.ask("POST", f"/response/T0SIMULATE/{secret}", body.encode(), Content_Type=kind)
    assert status in {200, 400, 404}, answer


def test_no_answer_breaks_it(door: Door) -> None:
    """Posts to response urls."""
    check_answers(door)
    door.is_whole()


async def acked(door: Door, deed: str, payload: Any) -> dict[str, Any]:
    """What becomes of a deed that the app acks like this."""
    hosting = door.hosting
    people, handles = hosting.control, hosting.simulator.workspace.handles
    head = {"Authorization": f"Bearer {hosting.spec.app_token}"}
    async with aiohttp.ClientSession(headers=head) as session:
        async with session.post(f"{hosting.simulator.api_url}apps.connections.open") as opened:
            url = (await opened.json())["url"]
        async with session.ws_connect(url) as socket:
            await socket.receive_json(timeout=5)
            bearer = {"Authorization": f"Bearer {hosting.spec.bot_token}"}
            view = {"trigger_id": handles.new_trigger("U0ALICE"), "view": FORM}
            async with session.post(f"{hosting.simulator.api_url}views.open", json=view, headers=bearer) as shown:
                assert (await shown.json())["ok"]
            deeds = {
                "command": lambda: people.command("alice", "general", "/anything"),
                "submit": lambda: people.submit("alice"),
                "options": lambda: people.options("alice", "external_select", "x"),
            }
            done = asyncio.create_task(deeds[deed]())
            envelope = await socket.receive_json(timeout=5)
            await socket.send_json({"envelope_id": envelope["envelope_id"], "payload": payload})
            async with asyncio.timeout(10):
                return {"answer": await done}


ACK_FIELDS_WORDS = """
attachments blocks delete_original errors option_groups options replace_original response_action response_type text
thread_ts view
"""


ACKS = st.one_of(
    VALUES,
    st.dictionaries(st.sampled_from(ACK_FIELDS_WORDS.split()), VALUES, max_size=5),
    st.dictionaries(st.just("errors"), st.dictionaries(st.sampled_from(sorted(HOLDING)), VALUES)).map(
        lambda errors: errors | {"response_action": "errors"}
    ),
    VALUES.map(lambda view: {"response_action": "push", "view": view}),
)


@pytest.mark.parametrize("deed", ["command", "options", "submit"])
def test_no_ack_breaks_it(door: Door, deed: str) -> None:
    """What the app answers to commands, submissions and typeaheads over Socket Mode."""

    @settings(max_examples=40, deadline=None)
    @given(payload=ACKS)
    def fuzz(payload: Any) -> None:
        answer = door.hosting.loop.run(acked(door, deed, payload))["answer"]
        assert isinstance(answer if deed == "options" else answer["ok"], list | bool)

    fuzz()
    door.is_whole()


@pytest.mark.parametrize(
    "path",
    [
        "/?as=%ED%A0%80&channel=%FF",
        "/archives/C0GENERAL/p" + "9" * 5000,
        "/archives/%ED%A0%80/p1800000000000000?as=%FF",
        "/static/..%2f..%2fserver.py",
        "/static/%ED%A0%80.js",
        "/changes",
        "/link/?ticket=%FF",
        "/files-pri/T0-F0/%FF",
        "/control/messages?limit=1e300&after=1e308",
        "/control/messages?limit=-5&wait_s=-1",
        "/control/messages?channel=%FF&user=alice",
        "/control/messages?thread_ts=%FF&top=1",
        "/control/messages?limit=nan",
        "/control/views",
        "/control/inspector?after=inf",
        "/api/users.info?user=%FF%ED%A0%80&token=x",
        "/api/%FF",
        "/nowhere",
    ],
)
def test_no_address_breaks_it(door: Door, path: str) -> None:
    """Paths and queries."""
    assert door.ask("GET", path)[0] < 500
    assert door.ask("POST", path, b"\xff\xfe", Content_Type="application/json", Authorization="Bearer \xff")[0] < 500
    door.is_whole()
