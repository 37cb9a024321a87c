"""The Web API reads requests as Slack does: tokens, forms and JSON, character sets, nonsense."""

from typing import Any

import aiohttp
import pytest

from slack_simulator.client import SimulatorClient
from slack_simulator.server import Simulator
from slack_simulator.webapi.dispatch import APP_METHODS, BOT_METHODS, FORM_ONLY


async def call(simulator: Simulator, method: str, *, token: str | None = None, **request: Any) -> Any:
    """One raw call, so that the body's form is the test's own."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(simulator.api_url + method, headers=headers, **request) as response,
    ):
        assert response.status == 200
        return await response.json()


@pytest.mark.parametrize(
    ("method", "token", "error"),
    [
        ("auth.test", None, "not_authed"),
        ("auth.test", "xoxb-simulator-wrong", "invalid_auth"),
        ("auth.test", "xapp-simulator-app", "not_allowed_token_type"),
        ("apps.connections.open", "xoxb-simulator-bot", "not_allowed_token_type"),
        ("chat.shout", "xoxb-simulator-bot", "unknown_method"),
    ],
)
async def test_tokens_and_methods(simulator: Simulator, method: str, token: str | None, error: str) -> None:
    """Each method takes its own kind of token; what does not exist says so."""
    answer = await call(simulator, method, token=token)
    assert answer["ok"] is False
    assert answer["error"] == error


async def test_forms_and_json_are_read_alike(simulator: Simulator, people: SimulatorClient) -> None:
    """Structures come as JSON, or as strings of JSON inside a form; the token as bearer or as argument."""
    token = simulator.workspace.spec.bot_token
    blocks = [{"type": "divider"}]
    await call(simulator, "chat.postMessage", token=token, json={"channel": "C0GENERAL", "text": "a", "blocks": blocks})
    form = {"token": token, "channel": "C0GENERAL", "text": "b", "blocks": '[{"type": "divider"}]'}
    await call(simulator, "chat.postMessage", data=form)
    seen = await people.messages("general", "alice")
    assert [(one["text"], one["blocks"][0]["type"]) for one in seen] == [("a", "divider"), ("b", "divider")]
    recorded = [entry["detail"] for entry in await people.inspector() if entry["kind"] == "api"]
    assert token not in str(recorded)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("[1]", "json_not_object"),
        ("{", "invalid_json"),
        ('{"channel": "C0GENERAL"}', "no_text"),
        ('{"text": "x"}', "invalid_arguments"),
        ('{"channel": "C0GENERAL", "text": "x", "blocks": "["}', "invalid_blocks_format"),
        ('{"channel": "C0GENERAL", "text": "x", "blocks": {}}', "invalid_blocks_format"),
        ('{"channel": {"a": 1}, "text": "x"}', "invalid_arguments"),
        ('{"channel": "C0GENERAL", "text": "x", "metadata": {"event_type": "a"}}', "invalid_metadata_schema"),
        ('{"channel": "C0GENERAL", "text": "x", "thread_ts": "1.2"}', "thread_not_found"),
    ],
)
async def test_malformed_calls(simulator: Simulator, body: str, error: str) -> None:
    """A malformed call is refused by a code, never by a crash."""
    answer = await raw(simulator, body)
    assert answer["error"] == error


async def raw(simulator: Simulator, body: str) -> Any:
    """chat.postMessage with exactly this JSON body."""
    headers = {
        "Authorization": f"Bearer {simulator.workspace.spec.bot_token}",
        "Content-Type": "application/json; charset=utf-8",
    }
    async with (
        aiohttp.ClientSession() as session,
        session.post(simulator.api_url + "chat.postMessage", data=body, headers=headers) as response,
    ):
        return await response.json()


@pytest.mark.parametrize(
    ("content_type", "warning"),
    [
        ("application/json", "missing_charset"),
        ("application/json; charset=utf-8", None),
        ("application/x-www-form-urlencoded", None),
        ("application/x-www-form-urlencoded; charset=utf-8", "superfluous_charset"),
    ],
)
async def test_charsets_are_warned_of(simulator: Simulator, content_type: str, warning: str | None) -> None:
    """Beside any answer, good or bad."""
    body = "{}" if "json" in content_type else "a=b"
    for token in (simulator.workspace.spec.bot_token, "xoxb-simulator-wrong"):
        headers = {"Authorization": f"Bearer {token}", "Content-Type": content_type}
        async with (
            aiohttp.ClientSession() as session,
            session.post(simulator.api_url + "auth.test", data=body, headers=headers) as response,
        ):
            answer = await response.json()
        assert answer.get("warning") == warning
        assert answer.get("response_metadata") == ({"warnings": [warning]} if warning else None)


@pytest.mark.parametrize(
    "arguments",
    [
        {"token": 5},
        {"token": ["xoxb-simulator-bot"]},
        {"token": "\ud800"},
        {"channel": "\ud800"},
        {"cursor": "ä"},
        {"view": {"type": []}},
        {"blocks": [[[{}]]]},
    ],
    ids=str,
)
async def test_nonsense_is_answered_with_an_error(simulator: Simulator, arguments: dict[str, Any]) -> None:
    """Whatever an app sends, no method breaks over it."""
    for method in (*BOT_METHODS, *APP_METHODS):
        for token in (simulator.workspace.spec.bot_token, None):
            answer = await call(simulator, method, token=token, json=arguments)
            assert answer["ok"] or answer["error"] not in {"internal_error", "fatal_error"}


@pytest.mark.parametrize("depth", [500, 3000, 200_000])
async def test_json_that_is_too_deep(simulator: Simulator, depth: int) -> None:
    """Taken or refused, never a crash."""
    answer = await raw(simulator, '{"channel": "C0GENERAL", "attachments": ' + "[" * depth + "]" * depth + "}")
    assert answer["error"] in {"invalid_json", "invalid_attachments"}


@pytest.mark.parametrize("method", sorted(FORM_ONLY))
async def test_methods_that_take_no_json(simulator: Simulator, method: str) -> None:
    """What is sent as JSON counts for nothing; the call itself does."""
    arguments = {"user": "U0ALICE", "channel": "C0GENERAL", "email": "alice@example.com", "limit": 1, "types": "im"}
    token = simulator.workspace.spec.bot_token
    assert await call(simulator, method, token=token, json=arguments) == await call(
        simulator, method, token=token, json={}
    )


@pytest.mark.parametrize(
    ("body", "headers", "error"),
    [
        (b"{}", {"Content-Type": "application/xml"}, "invalid_post_type"),
        (b"text=x", {"Content-Type": ""}, "missing_post_type"),
        (b"{}", {"Content-Type": "application/json; charset=utf-7"}, "invalid_charset"),
        (b"\xff", {"Content-Type": "application/json"}, "invalid_json"),
        (b"x", {"Content-Type": "multipart/form-data"}, "invalid_form_data"),
        (b'{"token": "xoxb-simulator-bot"}', {"Content-Type": "application/json"}, "not_authed"),
        (b"{}", {"Content-Type": "application/json", "Authorization": "Bearer xoxb-simulator-bot"}, None),
        (b"caf\xe9", {"Content-Type": "text/plain", "Authorization": "Bearer xoxb-simulator-bot"}, None),
        (
            b'{"a": "\xe9"}',
            {"Content-Type": "application/json; charset=iso-8859-1", "Authorization": "Bearer xoxb-simulator-bot"},
            None,
        ),
    ],
    ids=["xml", "no type", "charset", "no text", "no boundary", "token inside", "json", "plain", "latin"],
)
async def test_what_a_post_may_carry(
    simulator: Simulator, body: bytes, headers: dict[str, str], error: str | None
) -> None:
    """Each mistake has its own code."""
    skipped = ["Content-Type"] if headers["Content-Type"] == "" else []
    sent = {name: one for name, one in headers.items() if one}
    async with (
        aiohttp.ClientSession(skip_auto_headers=skipped) as session,
        session.post(simulator.api_url + "auth.test", data=body, headers=sent) as response,
    ):
        answer = await response.json()
    assert answer.get("error") == error


async def test_a_file_in_a_form_is_no_argument(simulator: Simulator) -> None:
    """As curl -F text=@file would send."""
    form = aiohttp.FormData()
    form.add_field("channel", "C0GENERAL")
    form.add_field("text", b"x", filename="x.txt")
    answer = await call(simulator, "chat.postMessage", token=simulator.workspace.spec.bot_token, data=form)
    assert answer["error"] == "no_text"
