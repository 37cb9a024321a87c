"""From /access to the end of a grant, by people who type and tap."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from sqlalchemy import select
from sqlmodel import col

from access.grants import grants
from access.identity.adoption import adopt
from bot.blocks.action_ids import Action
from slack_simulator.webapi.dispatch import BOT_METHODS
from storage.model import AccessRequest, Grant, RequestState
from support.bot.stage import Stage

ASK = "/access payments-db read 15m INC-42 fix stuck migration"


async def test_ask_approve_connect(stage: Stage) -> None:
    answer = await stage.slack.command("alice", "incidents", ASK)
    assert answer["ok"]
    await stage.told("alice", "Asked for payments-db · read for 15m")
    waiting = await stage.told("alice", "You asked for payments-db · read for 15m", ephemeral=False)
    assert "#incidents" in waiting["plain"]
    assert "@bob or @carol" in waiting["plain"]

    card = await stage.card()
    assert "@alice asks for payments-db · read for 15m" in card["plain"]
    assert "INC-42" in card["plain"]
    assert "fix stuck migration" in card["plain"]
    await stage.tap("bob", card, Action.APPROVE)
    decided = await stage.card("Approved")
    assert decided["ts"] == card["ts"]
    assert "@bob" in decided["plain"]
    assert "[Approve]" not in decided["plain"]
    granted = await stage.told("alice", "You have access", ephemeral=False)
    assert 'psql "host=gw.example port=5433 user=read@payments-db dbname=payments sslmode=require"' in granted["plain"]
    assert granted["ts"] != waiting["ts"], "an update would notify nobody"
    await stage.told("alice", "see the newer message below", ephemeral=False)

    await stage.tap("alice", granted, Action.GET_TOKEN)
    modal = await stage.slack.wait_for_view("alice", "Copy this token")
    token = next(line for line in modal["plain"].splitlines() if line.startswith("ey"))
    (grant,) = await stage.rows(Grant)
    assert stage.access.keys.verify(token).grant_id == grant.id
    seen = [message["plain"] + str(message["blocks"]) + message["text"] for message in await stage.slack.messages()]
    assert not any(token in text for text in seen), "a token is never in a message"
    issued = [event for event in await stage.audit() if event["action"] == "slack:token:issue"]
    assert [(event["actor"], event["outcome"], event["grant"]) for event in issued] == [
        ("human:alice", "success", str(grant.id))
    ]
    assert token not in str(await stage.audit())


async def test_deny_needs_a_reason_that_alice_reads(stage: Stage) -> None:
    await stage.slack.command("alice", "incidents", ASK)
    card = await stage.card()
    await stage.tap("bob", card, Action.DENY)
    modal = await stage.slack.wait_for_view("bob", "Why?")
    assert "@alice asks for payments-db · read" in modal["plain"]
    refused = await stage.slack.submit("bob", {"deny_reason": "   "})
    assert "errors" in refused
    accepted = await stage.slack.submit("bob", {"deny_reason": "use the replica <!channel>"})
    assert accepted["view_closed"]
    told = await stage.told("alice", "Denied by @bob", ephemeral=False)
    assert "use the replica <!channel>" in told["plain"]
    assert "use the replica" in (await stage.card("Denied"))["plain"]

    await stage.tap("alice", told, Action.ASK_AGAIN)
    form = await stage.slack.wait_for_view("alice", "What do you need?")
    values = form["state"]["values"]
    assert values["door"]["door"]["selected_option"]["value"] == "payments-db/read"
    assert values["duration"]["duration"]["value"] == "15m"
    assert values["reason"]["reason"]["value"] == "fix stuck migration"
    assert values["ticket"]["ticket"]["value"] == "INC-42"


async def test_the_form_asks_and_names_faults_at_their_fields(stage: Stage) -> None:
    await stage.slack.command("alice", "incidents", "/access")
    form = await stage.slack.wait_for_view("alice", "What do you need?")
    offered = [one["text"]["text"] for one in form["blocks"][0]["element"]["options"]]
    assert "payments-db · read — reviewed by oncall, at most 1h" in offered
    assert "web-1 · deploy — granted at once, at most 1h" in offered

    faulty = await stage.slack.submit("alice", {"door": "payments-db/read", "duration": "-1h"})
    assert "negative" in faulty["errors"]["duration"]
    faulty = await stage.slack.submit("alice", {"door": "payments-db/read", "duration": "9999d"})
    assert faulty["errors"]["duration"] == "At most 1h for this."
    done = await stage.slack.submit("alice", {"duration": "1h", "reason": "look `around`", "ticket": " OPS-7 "})
    assert done["view_closed"]
    card = await stage.card("payments-db · read for 1h")
    assert "look `around`" in card["plain"]
    (request,) = await stage.rows(AccessRequest)
    assert (request.duration_s, request.ticket, request.reason) == (3600, "OPS-7", "look `around`")


async def test_a_wrong_line_opens_the_form_filled_in(stage: Stage) -> None:
    await stage.slack.command("alice", "incidents", "/access paymets-db read 0 OPS-1 because")
    form = await stage.slack.wait_for_view("alice", "What do you need?")
    assert "There is no resource called 'paymets-db' that you may ask for. Did you mean payments-db?" in form["plain"]
    assert "no time at all" in form["plain"]
    assert form["state"]["values"]["reason"]["reason"]["value"] == "because"
    await stage.slack.command("alice", "incidents", "/access payments-db read 9999d OPS-1 because")
    form = await stage.slack.wait_for_view("alice", "too long")
    assert form["state"]["values"]["door"]["door"]["selected_option"]["value"] == "payments-db/read"
    assert form["state"]["values"]["duration"]["duration"]["value"] == "1h"


@pytest.mark.finding("L1")
async def test_a_door_without_a_rule_is_answered_as_one_that_is_not_there(stage: Stage) -> None:
    """carol has no rule for anything; both attempts are on record."""
    for line in ("payments-db read 15m", "nowhere read 15m"):
        await stage.slack.command("carol", "incidents", f"/access {line}")
        await stage.slack.wait_for_view("carol", "lets you ask for nothing")
        await stage.slack.close_view("carol")
    events = [event for event in await stage.audit() if event["action"] == "slack:request:refuse"]
    assert [("payments-db" in str(event), "nowhere" in str(event)) for event in events] == [
        (True, False),
        (False, True),
    ]
    assert await stage.rows(AccessRequest) == []


async def test_what_was_typed_is_shown_inert_and_redacted(stage: Stage) -> None:
    typed = "card 4111111111111111 &lt;!channel&gt; ```x``` @bob *now*"
    await stage.slack.command("alice", "incidents", f"/access payments-db read 15m {typed}")
    card = await stage.card()
    assert "card [card] <!channel> ```x``` @bob *now*" in card["plain"]
    assert "<!channel>" not in card["text"]
    assert "4111" not in str(await stage.slack.messages())
    assert "4111" not in str(await stage.rows(AccessRequest))


PAN = "4111111111111111"


@pytest.mark.parametrize(
    "line",
    [
        PAN,
        f"payments-db {PAN}",
        f"payments-db read {PAN}",
        f"{PAN} read 15m {PAN}",
        f"payments-db read 0 {PAN}",
        f"payments-db read 9999d {PAN}",
        f"payments-db read 15m card {PAN}",
        f"revoke {PAN} {PAN}",
        f"cancel {PAN} {PAN}",
        f"list {PAN}",
    ],
)
async def test_a_card_number_at_a_wrong_place_is_not_sent_back(stage: Stage, sent: list[str], line: str) -> None:
    await stage.slack.command("alice", "incidents", f"/access {line}")
    await stage.slack.command("carol", "incidents", "/access help")
    await stage.told("carol", "Durations read like")
    assert await said_to(stage, "alice")
    assert not [one for one in sent if PAN in one]
    assert PAN not in str(await stage.slack.messages())


async def test_a_card_number_in_the_form_is_not_sent_back(
    stage: Stage, sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.slack.command("alice", "incidents", "/access")
    await stage.slack.wait_for_view("alice", "What do you need?")
    typed = {"door": "payments-db/read", "duration": PAN, "reason": f"card {PAN}", "ticket": PAN}
    faulty = await stage.slack.submit("alice", typed)
    assert "[card]" in faulty["errors"]["duration"]
    assert PAN not in str(faulty["errors"])
    with monkeypatch.context() as patch:
        patch.setattr("access.decisions.requests.MAX_PENDING", 0)
        refused = await stage.slack.submit("alice", typed | {"duration": "15m"})
    assert not refused["view_closed"]
    form = await stage.slack.wait_for_view("alice", "requests waiting for review")
    assert "card [card]" in str(form["blocks"])
    assert PAN not in str(form["blocks"]), "Slack itself may keep what stands in the fields; we send nothing of it"
    assert (await stage.slack.submit("alice", {"reason": f"card {PAN}", "ticket": PAN}))["view_closed"]
    await stage.card("card [card]")
    waiting = await stage.told("alice", "You asked for", ephemeral=False)
    await stage.tap("alice", waiting, Action.CANCEL)
    cancelled = await stage.told("alice", "[Ask again…]", ephemeral=False)
    await stage.tap("alice", cancelled, Action.ASK_AGAIN)
    form = await stage.slack.wait_for_view("alice", "What do you need?")
    assert form["state"]["values"]["ticket"]["ticket"]["value"] == "[card]"
    assert not [one for one in sent if PAN in one]
    assert PAN not in str(await stage.audit())


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every view that the bot sends to Slack."""
    calls: list[str] = []

    def remembered(method: Any) -> Any:
        def call_it(call: Any) -> Any:
            calls.append(str(call.arguments))
            return method(call)

        return call_it

    for name in ("views.open", "views.update", "chat.postMessage", "chat.update"):
        monkeypatch.setitem(BOT_METHODS, name, remembered(BOT_METHODS[name]))
    return calls


async def said_to(stage: Stage, user: str) -> list[Any]:
    """Modals and messages, once there is one for this person alone."""
    async with asyncio.timeout(20):
        while True:
            mine = [one for one in await stage.slack.messages(user=user) if one["only_for"] is not None]
            if found := [*mine, *(one for one in await stage.slack.views(user) if "One moment" not in str(one))]:
                return found
            await asyncio.sleep(0.02)


async def test_a_huge_reason_is_refused_with_the_form(stage: Stage) -> None:
    await stage.slack.command("alice", "incidents", "/access payments-db read 15m " + "x" * 10_000)
    form = await stage.slack.wait_for_view("alice", "10000 characters")
    assert len(form["state"]["values"]["reason"]["reason"]["value"]) == 3000
    assert await stage.rows(AccessRequest) == []


async def test_an_automatic_grant_is_had_at_once(stage: Stage) -> None:
    await stage.slack.command("alice", "incidents", "/access web-1 deploy 30m")
    await stage.told("alice", "Granted: web-1 · deploy for 30m")
    granted = await stage.told("alice", "You have access", ephemeral=False)
    assert "ssh -p 2222 deploy@web-1@gw.example" in granted["plain"]


async def test_list_and_revoke(stage: Stage) -> None:
    await stage.slack.command("alice", "incidents", "/access list")
    await stage.told("alice", "You have no grant and no pending request.")
    await stage.slack.command("alice", "incidents", "/access web-1 deploy 30m")
    await stage.told("alice", "You have access", ephemeral=False)
    await stage.slack.command("alice", "incidents", "/access payments-db read 15m")
    await stage.told("alice", "Asked for payments-db")
    await stage.slack.command("alice", "incidents", "/access list")
    listed = await stage.told("alice", "You have 1 grant and 1 pending request.")
    (grant,) = await stage.rows(Grant)
    assert f"{grant.id.hex[:8]} web-1 · deploy" in listed["plain"]
    assert "ssh -p 2222 deploy@web-1@gw.example" in listed["plain"]

    await stage.slack.command("nora", "incidents", f"/access revoke {grant.id.hex[:8]}")
    await stage.told("nora", "Gatepass does not know you")
    await stage.slack.command("alice", "incidents", "/access revoke zzz")
    await stage.told("alice", "first four characters")
    await stage.slack.command("alice", "incidents", f"/access revoke {grant.id.hex[:8]} all done")
    await stage.told("alice", f"Grant {grant.id.hex[:8]} ended")
    told = await stage.told("alice", "You ended your access", ephemeral=False)
    assert "all done" in told["plain"]
    await stage.slack.command("alice", "incidents", f"/access revoke {grant.id.hex[:8]}")
    await stage.told("alice", "No live access that you may revoke")


async def test_help(stage: Stage) -> None:
    await stage.slack.command("alice", "incidents", "/access help")
    await stage.told("alice", "/access <resource> <role> <duration>")
    await stage.slack.command("alice", "incidents", "/access revoke")
    await stage.told("alice", "revoke needs the id of a grant")


async def test_a_grant_that_ends_is_shown_ended(stage: Stage) -> None:
    await stage.slack.command("alice", "incidents", ASK)
    await stage.tap("bob", await stage.card(), Action.APPROVE)
    granted = await stage.told("alice", "You have access", ephemeral=False)
    (grant,) = await stage.rows(Grant)
    await stage.age("access_grant", grant.id, 900)
    await stage.card("Access ended")
    await stage.told("alice", "Your access ended", ephemeral=False)
    await stage.slack.action("alice", Action.ASK_AGAIN, channel=granted["channel"], ts=granted["ts"])
    await stage.slack.wait_for_view("alice", "What do you need?")


async def test_a_request_that_nobody_answers_expires(stage: Stage) -> None:
    await stage.slack.command("alice", "incidents", ASK)
    card = await stage.card()
    (request,) = await stage.rows(AccessRequest)
    await stage.age("access_request", request.id, 1800)
    expired = await stage.card("Expired")
    assert expired["ts"] == card["ts"]
    assert "[Approve]" not in expired["plain"]
    await stage.told("alice", "Nobody decided in time", ephemeral=False)


async def test_a_duplicate_line_asks_once(stage: Stage) -> None:
    await stage.slack.command("alice", "incidents", ASK)
    await stage.slack.command("alice", "incidents", ASK)
    await stage.card()
    async with stage.database.transaction() as transaction:
        states = list(await transaction.scalars(select(col(AccessRequest.state))))
    assert states == [RequestState.PENDING]


async def test_a_request_is_withdrawn_by_its_own_person(stage: Stage) -> None:
    await stage.slack.command("alice", "incidents", ASK)
    card = await stage.card()
    waiting = await stage.told("alice", "You asked for", ephemeral=False)
    await stage.tap("alice", waiting, Action.CANCEL)
    cancelled = await stage.card("Cancelled")
    assert cancelled["ts"] == card["ts"]
    await stage.told("alice", "Cancelled: payments-db", ephemeral=False)


async def test_a_request_is_withdrawn_by_its_id(stage: Stage) -> None:
    await stage.slack.command("alice", "incidents", ASK)
    await stage.card()
    (request,) = await stage.rows(AccessRequest)
    await stage.slack.command("bob", "incidents", f"/access cancel {request.id.hex[:8]}")
    await stage.told("bob", "No one pending request of yours has that id")
    await stage.slack.command("alice", "incidents", f"/access cancel {request.id.hex[:3]}")
    await stage.told("alice", "No one pending request of yours has that id")
    await stage.slack.command("alice", "incidents", f"/access cancel {request.id.hex[:8]} found another way")
    await stage.told("alice", "Cancelled: payments-db")
    assert "found another way" in (await stage.card("Cancelled"))["plain"]


async def test_more_than_a_hundred_doors_are_searched_while_typing(stage: Stage) -> None:
    path = stage.access.policies.path
    document = yaml.safe_load(path.read_text())
    database = document["resources"]["payments-db"] | {"roles": {"read": {"username": "r", "password": "env:S"}}}
    document["resources"] |= {f"db-{number}": database for number in range(120)}
    document["policy"].append(document["policy"][-1] | {"name": "many", "resources": ["db-*"], "roles": ["read"]})
    path.write_text(yaml.safe_dump(document))
    stage.access.policies.reload()
    await adopt(stage.access)
    await stage.slack.command("alice", "incidents", "/access")
    form = await stage.slack.wait_for_view("alice", "What do you need?")
    found = await stage.slack.options("alice", "door", "db-11 re", view_id=form["id"])
    assert [one["value"] for one in found][:2] == ["db-11/read", "db-110/read"]
    done = await stage.slack.submit("alice", {"door": found[0], "duration": "5m"})
    assert done["view_closed"]
    await stage.told("alice", "db-11 · read", ephemeral=False)


async def test_access_is_claimed_only_while_the_proxy_would_let_them_in(stage: Stage) -> None:
    """By the proxy's own question: is the grant usable now?"""
    await stage.slack.command("alice", "incidents", ASK)
    await stage.tap("bob", await stage.card(), Action.APPROVE)
    await stage.told("alice", "You have access", ephemeral=False)
    await stage.card("Approved")
    (grant,) = await stage.rows(Grant)
    async with stage.database.transaction() as transaction:
        assert (await grants.usable(transaction, grant.id)).id == grant.id
    await stage.slack.command("alice", "incidents", f"/access revoke {grant.id.hex}")
    await stage.told("alice", "You ended your access", ephemeral=False)
    await stage.card("Access revoked")
    with pytest.raises(grants.GrantUnusable):
        async with stage.database.transaction() as transaction:
            await grants.usable(transaction, grant.id)
    await stage.told("alice", "see the newer message below", ephemeral=False)
    seen = await stage.slack.messages()
    assert not [one for one in seen if "You have access" in one["plain"] or "Approved: @alice has" in one["plain"]]


@pytest.mark.parametrize("how", ["lost", "gone at a reload"])
async def test_nothing_that_is_answered_later_is_ephemeral(stage: Stage, how: str) -> None:
    """Whatever was said in ephemeral messages can be missed: each next step stands in a message or in the Home."""

    async def forgotten() -> None:
        if how != "lost":
            for user in ("alice", "bob"):
                await stage.slack.reload(user)

    if how == "lost":
        await stage.slack.add_fault("ephemeral_lost")
    await stage.slack.command("alice", "incidents", "/access payments-db write 15m")
    waiting = await stage.told("alice", "You asked for payments-db · write", ephemeral=False)
    await forgotten()
    await stage.tap("alice", waiting, Action.CANCEL)
    await stage.told("alice", "Cancelled: payments-db · write", ephemeral=False)
    await stage.slack.command("alice", "incidents", ASK)
    card = await stage.card("asks for payments-db · read")
    await forgotten()
    await stage.tap("bob", card, Action.APPROVE)
    granted = await stage.told("alice", "You have access", ephemeral=False)
    await forgotten()
    await stage.tap("alice", granted, Action.GET_TOKEN)
    await stage.slack.wait_for_view("alice", "Copy this token")
    await stage.slack.close_view("alice")
    await stage.slack.command("alice", "incidents", "/access list")
    await stage.slack.open_home("alice")
    home = await stage.slack.wait_for_home("alice", "[I'm done]")
    await forgotten()
    await stage.slack.action("alice", Action.REVOKE, view_id=home["id"])
    await stage.told("alice", "You ended your access", ephemeral=False)


async def test_help_and_lists_carry_no_credential(stage: Stage) -> None:
    """Ephemeral messages are never for credentials: a token is in a modal alone, for whoever asked for it."""
    await stage.slack.command("alice", "incidents", "/access web-1 deploy 30m")
    await stage.told("alice", "Granted: web-1 · deploy for 30m")
    await stage.told("alice", "You have access", ephemeral=False)
    await stage.slack.command("alice", "incidents", "/access list")
    listed = await stage.told("alice", "You have 1 grant")
    await stage.tap("alice", listed, Action.GET_TOKEN)
    modal = await stage.slack.wait_for_view("alice", "Copy this token")
    token = next(line for line in modal["plain"].splitlines() if line.startswith("ey"))
    await stage.slack.command("alice", "incidents", "/access help")
    await stage.told("alice", "Durations read like")
    ephemeral = [one for one in await stage.slack.messages() if one["ephemeral"]]
    assert len(ephemeral) >= 3
    assert token not in str(ephemeral)


def without_rule(document: dict[str, Any]) -> None:
    document["policy"] = [rule for rule in document["policy"] if rule["name"] != "read-by-one"]


def without_role(document: dict[str, Any]) -> None:
    without_rule(document)
    del document["resources"]["payments-db"]["roles"]["read"]


def without_person(document: dict[str, Any]) -> None:
    document["groups"]["engineers"].remove("alice")


@pytest.mark.parametrize("change", [without_rule, without_role, without_person])
async def test_access_is_claimed_no_more_once_the_policy_lets_nobody_in(
    stage: Stage, change: Callable[[dict[str, Any]], None]
) -> None:
    """The card, the message, the list and the token say what the proxy would say; and all return with the rule."""
    await stage.slack.command("alice", "incidents", ASK)
    await stage.tap("bob", await stage.card(), Action.APPROVE)
    granted = await stage.told("alice", "You have access", ephemeral=False)
    before = stage.access.policies.path.read_text()
    document = yaml.safe_load(before)
    change(document)
    await put_in_force(stage, yaml.safe_dump(document))
    not_allowed = await stage.told("alice", "You are not let in any more", ephemeral=False)
    assert not_allowed["ts"] == granted["ts"]
    await stage.card("Access not allowed any more")
    await stage.slack.command("alice", "incidents", "/access list")
    await stage.told("alice", "You have no grant and no pending request.")
    await stage.slack.open_home("alice")
    home = await stage.slack.wait_for_home("alice", "What you have")
    assert "Get my token" not in home["plain"]
    await put_in_force(stage, before)
    await stage.told("alice", "You have access", ephemeral=False)
    await stage.card("Approved")


async def test_a_token_is_not_issued_for_what_the_policy_does_not_allow(stage: Stage) -> None:
    """A tap that was under way when the policy changed."""
    await stage.slack.command("alice", "incidents", ASK)
    await stage.tap("bob", await stage.card(), Action.APPROVE)
    granted = await stage.told("alice", "You have access", ephemeral=False)
    message = stage.simulator.workspace.messages.get(granted["channel"], granted["ts"])
    assert message is not None
    tapped = message.blocks
    document = yaml.safe_load(stage.access.policies.path.read_text())
    without_rule(document)
    await put_in_force(stage, yaml.safe_dump(document))
    await stage.told("alice", "You are not let in any more", ephemeral=False)
    message.blocks = tapped
    await stage.tap("alice", granted, Action.GET_TOKEN)
    await stage.slack.wait_for_view("alice", "no longer lets you in")
    denied = [event for event in await stage.audit() if event["action"] == "slack:token:issue"]
    assert [event["outcome"] for event in denied] == ["denied"]


async def put_in_force(stage: Stage, content: str) -> None:
    stage.access.policies.path.write_text(content)
    stage.access.policies.reload()
    await adopt(stage.access)


async def test_access_is_asked_for_from_a_message_in_a_thread(stage: Stage) -> None:
    """Commands do not run there; the shortcut in the message's menu opens the same form."""
    first = (await stage.slack.say("bob", "incidents", "payments are stuck"))["ack"]["ts"]
    reply = (await stage.slack.say("alice", "incidents", "I look into it", thread_ts=first))["ack"]["ts"]
    assert (await stage.slack.shortcut("alice", "Ask for access", channel="incidents", ts=reply))["ok"]
    form = await stage.slack.wait_for_view("alice", "What do you need?")
    values = {"door": "payments-db/read", "duration": "15m", "reason": "stuck payments"}
    assert (await stage.slack.submit("alice", values, view=form["id"]))["ok"]
    await stage.card("asks for")
