"""Everything that a whole story sends to Slack, looked through: text for those who hear it, labels, opaque values."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from access.decisions import holds
from access.grants import sessions
from access.grants.sessions import Counters, Ending
from bot.blocks.action_ids import Action, Field
from storage.model import EndReason, Grant
from support.bot.stage import Stage

#: Which methods say something in a message, and which in a view.
MESSAGES = ("chat.postMessage", "chat.update")
VIEWS = ("views.open", "views.update", "views.publish")
#: A subject to decide with the revision that was seen, or one id.
OPAQUE = re.compile(r"(request|statement):[0-9a-f]{32}:[0-9]+|[0-9a-f]{32}")


@pytest.fixture
async def sent(stage: Stage) -> list[dict[str, Any]]:
    """What the bot sent from the first command to the digest: the arguments of each call and answer, with its name."""
    await tell_the_story(stage)
    calls: list[dict[str, Any]] = []
    for entry in await stage.slack.inspector():
        if entry["kind"] == "response_url":
            calls.append({"name": "response_url", **entry["detail"]["body"]})
        elif entry["name"] in MESSAGES:
            calls.append({"name": entry["name"], **entry["detail"]["arguments"]})
    for user in ("alice", "bob"):
        home = await stage.slack.home(user)
        assert home is not None
        calls += [{"name": view["type"], **view} for view in (*await stage.slack.views(user), home)]
    return calls


async def tell_the_story(stage: Stage) -> None:
    """Help, a wrong line, a request denied, one granted, a held statement, the lists, a revocation, the digest."""
    for line in ("help", "list", "revoke zzz"):
        await stage.slack.command("alice", "incidents", f"/access {line}")
    await stage.slack.command("alice", "incidents", "/access payments-db write 15m INC-1 <!channel>")
    await stage.tap("bob", await stage.card(), Action.DENY)
    await stage.slack.wait_for_view("bob", "Why?")
    await stage.slack.submit("bob", {Field.DENY_REASON: "use the replica"})
    await stage.card("Denied")
    await stage.slack.command("alice", "incidents", "/access payments-db read 15m INC-2 fix")
    card = await stage.card("asks for payments-db · read")
    await stage.slack.open_home("bob")
    await stage.slack.wait_for_home("bob", "@alice asks for")
    await stage.tap("bob", card, Action.APPROVE)
    granted = await stage.told("alice", "You have access", ephemeral=False)
    await stage.slack.command("alice", "incidents", "/access list")
    await stage.told("alice", "You have 1 grant")
    await stage.tap("alice", granted, Action.GET_TOKEN)
    await stage.slack.wait_for_view("alice", "Copy this token")
    await stage.slack.open_home("alice")
    await stage.slack.wait_for_home("alice", "[I'm done]")
    (grant,) = await stage.rows(Grant)
    session = await stage.session(grant)
    (rule,) = stage.access.policies.current.resources["payments-db"].roles["read"].statements
    await holds.hold(stage.access, session, grant, "DROP TABLE ?", "ddl", rule)
    await stage.tap("bob", await stage.card("waits to run this"), Action.APPROVE)
    await stage.card("runs this as")
    await sessions.end_session(stage.access, Ending(session.id, EndReason.CLOSED, "", Counters(), []))
    await stage.card("sessions replay")
    await stage.slack.command("alice", "incidents", f"/access revoke {grant.id.hex} done")
    await stage.told("alice", "You ended your access", ephemeral=False)


def rows_of(sent: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Each row of buttons."""
    for one in sent:
        for block in one.get("blocks") or []:
            if block["type"] == "actions":
                yield block["elements"]


def test_every_message_has_a_text_beside_its_blocks(sent: list[dict[str, Any]]) -> None:
    """Notifications and screen readers say it; it is words, not only a token or an emoji."""
    messages = [one for one in sent if one["name"] in (*MESSAGES, "response_url")]
    assert {one["name"] for one in messages} == {*MESSAGES, "response_url"}
    assert len(messages) > 20
    for message in messages:
        words = re.sub(r":[a-z_]+:|<[^>]*>", "", message.get("text") or "")
        assert re.search(r"[A-Za-z]{3}", words), message


def test_no_button_is_told_by_its_colour_alone(sent: list[dict[str, Any]]) -> None:
    """Each says in words what it does, and no two of a row say the same; a confirmation does too."""
    rows = list(rows_of(sent))
    assert {button.get("style") for row in rows for button in row} == {"primary", "danger", None}
    for row in rows:
        labels = [button["text"]["text"] for button in row]
        assert all(re.search(r"[A-Za-z]{3}", label) for label in labels), labels
        assert len(set(labels)) == len(labels), labels
        for button in row:
            if confirm := button.get("confirm"):
                assert confirm["confirm"]["text"] != confirm["deny"]["text"]


def test_buttons_carry_ids_and_nothing_else(sent: list[dict[str, Any]]) -> None:
    """Whoever forges one names a subject at most; those that decide name the revision that was seen, too."""
    buttons = {button["action_id"]: button["value"] for row in rows_of(sent) for button in row}
    form = buttons.pop(Action.OPEN_FORM)
    assert form == "home"
    assert {action_id for action_id, value in buttons.items() if not OPAQUE.fullmatch(value)} == set()
    assert {action_id for action_id, value in buttons.items() if ":" in value} == {Action.APPROVE, Action.DENY}
    assert "fix" not in json.dumps(list(buttons.values()))
